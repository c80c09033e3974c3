/**
 * The process of one HTTP contender: `node server.js <file> <port>`. Says `ready` with the contender's wire, then
 * answers `cpu` with the CPU time it has used (µs, all threads), and `profile`/`profiled` around a CPU profile.
 */
import { Session } from 'node:inspector/promises'

const [, , file, port] = process.argv
const { start, wire } = await import(file)
await start(Number(port))

const profiler = new Session()
const replies = {
  cpu() {
    const { user, system } = process.cpuUsage()
    return { cpu: user + system, rss: process.memoryUsage.rss() }
  },
  async profile() {
    profiler.connect()
    await profiler.post('Profiler.enable')
    await profiler.post('Profiler.setSamplingInterval', { interval: 200 })
    await profiler.post('Profiler.start')
    return 'started'
  },
  async profiled() {
    const { profile } = await profiler.post('Profiler.stop')
    return profile
  },
}

// What a reply throws ends the process, and the parent hears of it.
const reply = async (name) => process.send(await replies[name]())
process.on('message', (name) => void reply(name))
// It runs in a session of its own: nothing else would end it with its parent.
process.on('disconnect', () => process.exit())
process.send({ wire })
