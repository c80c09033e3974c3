/** Every example starts on a free port, says its address, answers there, and ends cleanly on SIGTERM. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { root } from './modules.ts'

const examples = readdirSync(join(root, 'examples')).filter((name) =>
  existsSync(join(root, 'examples', name, 'package.json')),
)
const data = mkdtempSync(join(tmpdir(), 'igniter-example-'))
let app: ChildProcess | undefined

afterEach(() => {
  app?.kill('SIGKILL')
  rmSync(data, { recursive: true, force: true })
})

/** The first address that the app prints. Rejects with all it printed when it ends before. */
async function address(process: ChildProcess): Promise<string> {
  const printed: string[] = []
  for await (const line of createInterface({ input: process.stdout! })) {
    const found = /https?:\/\/[^\s'"]+/.exec(line)?.[0]
    if (found) {
      process.stdout?.resume()
      return found
    }
    printed.push(line)
  }
  throw new Error(`It ended without printing an address:\n${printed.join('\n')}`)
}

test('there are examples', () => expect(examples).toContain('taskboard'))

describe.each(examples)('%s', (name) => {
  const folder = join(root, 'examples', name)

  test('starts, answers and ends', async () => {
    const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const [command, ...args] = scripts.start.split(' ')
    expect(command, 'start is "node <file>": it runs without a shell, so that signals reach it').toBe('node')
    app = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, PORT: '0', DATABASE: join(data, 'data.sqlite') },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exit = once(app, 'exit')
    const answer = await fetch(await address(app))
    expect(answer.status).toBeLessThan(500)
    await answer.body?.cancel()
    app.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })
})
