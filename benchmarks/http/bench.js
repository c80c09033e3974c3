/**
 * `npm run bench -- http`: CPU time of the server's process for one request, ours beside the peers.
 * Each round starts every contender anew; within it the contenders take turns second by second, and the order turns
 * round with each turn. A ratio compares two neighbours of one turn; the table shows the median of the ratios.
 */
import { listContenders } from '../contenders.js'
import { describeMachine, pinning, run } from '../machine.js'
import { fixed, median, publish, spread, table } from '../report.js'
import { startContender } from './contender.js'
import { load, requireWrk } from './load.js'
import { scenario, scenarioNames } from './scenarios.js'

const folder = new URL('contenders/', import.meta.url)
const baseline = 'node'

/** Starts each contender; those that don't start or answer wrongly are put into `failures`. */
async function startAll(contenders, node, failures) {
  const started = []
  for (const contender of contenders) {
    if (failures.has(contender.name)) continue
    try {
      started.push(await startContender(contender, node))
    } catch (error) {
      failures.set(contender.name, error.message)
      console.error(`✗ ${contender.name}: ${error.message}`)
    }
  }
  return started
}

async function sample(contender, name, settings) {
  const before = await contender.ask('cpu')
  const loaded = await load(contender.origin, scenario(name, contender.wire), settings)
  const after = await contender.ask('cpu')
  return { ...loaded, cpu: (after.cpu - before.cpu) / loaded.requests, rss: after.rss }
}

/** One round: fresh processes, warmed up, then `secs` turns of a second for each scenario. */
async function runRound(started, names, { secs, warm, connections }, record) {
  for (const name of names) {
    for (const contender of started) {
      await load(contender.origin, scenario(name, contender.wire), { connections, secs: warm })
    }
    for (let turn = 0; turn < secs; turn++) {
      const order = turn % 2 === 0 ? started : [...started].reverse()
      for (const contender of order)
        record(name, contender.name, await sample(contender, name, { connections, secs: 1 }))
    }
  }
}

function summarize(samples, names, contenderNames) {
  const base = contenderNames.includes(baseline) ? baseline : contenderNames[0]
  const cheapest = (name, contender) => Math.min(...samples[name][contender].map((one) => one.cpu))
  const figures = (name, contender) => {
    const own = samples[name][contender]
    const ratios = own.map((one, turn) => samples[name][base][turn].cpu / one.cpu)
    return {
      ratio: median(ratios),
      spread: spread(ratios),
      best: cheapest(name, base) / cheapest(name, contender),
      cpu: median(own.map((one) => one.cpu)),
      rate: median(own.map((one) => (one.requests / one.micros) * 1e6)),
      p99: median(own.map((one) => one.p99 / 1000)),
      errors: own.reduce((sum, one) => sum + one.errors, 0),
    }
  }
  const rows = contenderNames.map((contender) => ({
    contender,
    scenarios: names.map((name) => figures(name, contender)),
  }))
  rows.sort((a, b) => b.scenarios[0].ratio - a.scenarios[0].ratio)
  return { base, rows }
}

function render({ base, rows }, names, failures, head) {
  const columns = ['ratio', '±', 'best', 'CPU µs', 'req/s', 'p99 ms']
  const header = ['contender', ...names.flatMap((name) => columns.map((column) => `${name} ${column}`))]
  const body = rows.map(({ contender, scenarios }) => [
    contender,
    ...scenarios.flatMap((f) => [
      fixed(f.ratio, 2),
      fixed(f.spread / 2, 2),
      fixed(f.best, 2),
      fixed(f.cpu, 1),
      fixed(f.rate),
      fixed(f.p99, 1),
    ]),
  ])
  const errors = rows.flatMap(({ contender, scenarios }) =>
    scenarios.flatMap((f, at) =>
      f.errors === 0 ? [] : [`- ${contender}, ${names[at]}: ${f.errors} requests failed.`],
    ),
  )
  const dead = [...failures].map(([name, message]) => `- ${name} did not run: ${message}`)
  const notes = [...errors, ...dead].join('\n')
  return `## Requests

${head}
ratio: CPU time that ${base} spends on a request, over the contender's; higher is better. ±: half the distance between the quartiles. best: the same ratio between the cheapest turn of each.

${table(header, body)}${notes && `\n\n${notes}`}`
}

/** Runs the benchmark; gives whether every contender ran and answered rightly. With `check`, answers are all it asks. */
export async function benchHttp({ rounds, secs, warm, connections, only, scenarios, node, check }) {
  const contenders = listContenders(folder, only)
  const names = scenarios?.split(',') ?? scenarioNames
  const unknown = names.find((name) => !scenarioNames.includes(name))
  if (unknown)
    throw new Error(`There is no scenario ${JSON.stringify(unknown)}. There are: ${scenarioNames.join(', ')}.`)
  if (!check) requireWrk()

  const failures = new Map()
  const samples = Object.fromEntries(names.map((name) => [name, {}]))
  const record = (name, contender, one) => (samples[name][contender] ??= []).push(one)
  for (let round = 0; round < (check ? 1 : rounds); round++) {
    const started = await startAll(round % 2 === 0 ? contenders : [...contenders].reverse(), node, failures)
    try {
      if (check)
        for (const { name, refusal } of started) console.log(`✓ ${name} (an invalid body is answered with ${refusal})`)
      else await runRound(started, names, { secs, warm, connections }, record)
    } finally {
      await Promise.all(started.map((contender) => contender.stop()))
    }
    if (!check) console.log(`round ${round + 1} of ${rounds} done`)
  }
  if (check) return failures.size === 0

  const ran = contenders.map(({ name }) => name).filter((name) => !failures.has(name))
  if (ran.length === 0) return false
  const { out } = await run([node, '--version'])
  const { pinned } = pinning()
  const head = `Node ${out.trim()}, ${rounds} rounds of ${secs} turns of 1 s, wrk -t1 -c${connections}, ${
    pinned ? 'server and load on a core each' : 'cores not pinned'
  }; ${describeMachine()}`
  const summary = summarize(samples, names, ran)
  publish('http', render(summary, names, failures, head), { head, summary, samples, failures: [...failures] })
  return failures.size === 0
}
