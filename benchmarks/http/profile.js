/**
 * `npm run bench -- prof ours get`: where a contender's CPU time goes under load, self time by module and by function.
 * The profile itself is left in results/ for Chrome's or VS Code's viewer.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listContenders } from '../contenders.js'
import { resultsFolder, table } from '../report.js'
import { startContender } from './contender.js'
import { load, requireWrk } from './load.js'
import { scenario, scenarioNames } from './scenarios.js'

const checkout = new URL('../../', import.meta.url).href

/** The module that a frame belongs to: a part of Node, a package, one of our packages, or the benchmark itself. */
function moduleOf({ functionName, url }) {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)'
  if (url.startsWith('node:')) return url.startsWith('node:internal/deps/undici') ? 'undici' : url.split('/')[0]
  const [, ours] = /\/(packages\/[^/]+)\//.exec(url) ?? []
  return /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? ours ?? 'benchmarks'
}

function placeOf({ functionName, url, lineNumber }) {
  const name = functionName || '(anonymous)'
  if (url === '') return name
  const file = url.replace(checkout, '').replace(/^.*\/node_modules\//, '')
  return `${name}  ${file}:${lineNumber + 1}`
}

/** Self time (µs) by what `keyOf` makes of a frame, the greatest first; idle time is left out. */
function selfTimes({ nodes, samples, timeDeltas }, keyOf) {
  const frames = new Map(nodes.map((node) => [node.id, node.callFrame]))
  const times = new Map()
  samples.forEach((id, at) => {
    const frame = frames.get(id)
    if (frame.functionName === '(idle)') return
    const key = keyOf(frame)
    times.set(key, (times.get(key) ?? 0) + timeDeltas[at])
  })
  return [...times].sort((a, b) => b[1] - a[1])
}

function render(times, head, requests, most) {
  const total = times.reduce((sum, [, micros]) => sum + micros, 0)
  const rows = times
    .slice(0, most)
    .map(([key, micros]) => [key, `${((micros / total) * 100).toFixed(1)} %`, (micros / requests).toFixed(2)])
  return table([head, 'self', 'µs/request'], rows)
}

/** Profiles one contender under one scenario for `secs` seconds. */
export async function profile(name, scenarioName = 'ping', { node, secs, warm, connections }) {
  requireWrk()
  if (!scenarioNames.includes(scenarioName)) {
    throw new Error(`There is no scenario ${JSON.stringify(scenarioName)}. There are: ${scenarioNames.join(', ')}.`)
  }
  const [contender] = listContenders(new URL('contenders/', import.meta.url), name)
  const running = await startContender(contender, node)
  try {
    const asked = scenario(scenarioName, running.wire)
    await load(running.origin, asked, { connections, secs: Math.max(2, warm) })
    await running.ask('profile')
    const { requests } = await load(running.origin, asked, { connections, secs })
    const recorded = await running.ask('profiled')

    console.log(`\n## ${name}, ${scenarioName}: ${requests} requests\n`)
    console.log(`${render(selfTimes(recorded, moduleOf), 'module', requests, 12)}\n`)
    console.log(`${render(selfTimes(recorded, placeOf), 'function', requests, 40)}\n`)
    mkdirSync(resultsFolder, { recursive: true })
    const file = join(resultsFolder, `${name}-${scenarioName}.cpuprofile`)
    writeFileSync(file, JSON.stringify(recorded))
    console.log(`The profile is in benchmarks/results/${name}-${scenarioName}.cpuprofile`)
  } finally {
    await running.stop()
  }
}
