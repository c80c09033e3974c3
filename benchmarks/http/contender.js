/** A contender in a process of its own, on a free port, checked for right answers before anyone loads it. */
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { pinning, startNode } from '../machine.js'
import { checkAnswers } from './scenarios.js'

const server = fileURLToPath(new URL('server.js', import.meta.url))

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

/**
 * Starts a contender and checks it. `refusal` is the status that it gives to an invalid body.
 * Throws, with the process stopped, when it doesn't start or answers wrongly.
 */
export async function startContender({ name, path }, node) {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const child = startNode(node, [server, path, String(port)], pinning().server)
  try {
    const { wire } = await child.ready
    const refusal = await checkAnswers(origin, wire)
    return { name, origin, wire, refusal, ask: child.ask, stop: child.stop }
  } catch (error) {
    await child.stop()
    throw error
  }
}
