/**
 * `npm run bench`: what Igniter.js costs, beside its peers and in one run with them. README.md says how to read it.
 * Installs the peers and builds our packages on demand, then runs the benchmarks that were named, or all of them.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildPackages } from '../scripts/build.mjs'
import { installPackages, requireNode } from '../scripts/machine.mjs'
import { findProgram } from './machine.js'

requireNode()

const usage = `npm run bench -- [http] [types] [declarations] [size] [options]
npm run bench -- prof <contender> [ping|get|post] [options]

  --only a,b           these contenders only
  --check              http, types, size: verify that contenders work, and measure nothing
  --no-build           measure our packages' dist as it is

  --rounds 3           http: starts of each server; types: runs of each compiler
  --secs 3             http: seconds for each scenario in a round; prof: seconds
  --warm 1             http, prof: seconds of load before measuring
  --connections 64     http, prof: connections of wrk
  --scenarios ping,get http: these scenarios only
  --node <path>        http, prof: the Node that serves; the machine's own unless given

  --actions 100,500    types: sizes of the routers; 100,500,1000 unless given
  --typescript 5.9,7.0 types, declarations: compilers; 5.9,6.0,7.0 unless given`

const options = {
  only: { type: 'string' },
  check: { type: 'boolean', default: false },
  build: { type: 'boolean', default: true },
  rounds: { type: 'string', default: '3' },
  secs: { type: 'string', default: '3' },
  warm: { type: 'string', default: '1' },
  connections: { type: 'string', default: '64' },
  scenarios: { type: 'string' },
  node: { type: 'string', default: findProgram('node') ?? process.execPath },
  actions: { type: 'string', default: '100,500,1000' },
  typescript: { type: 'string', default: '5.9,6.0,7.0' },
  help: { type: 'boolean', default: false },
}

const count = (text, name) => {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new Error(`--${name} is ${JSON.stringify(text)}. Give a whole number above zero.`)
}

function readCommand() {
  const { values, positionals } = parseArgs({ options, allowPositionals: true, allowNegative: true })
  const settings = {
    ...values,
    ...Object.fromEntries(['rounds', 'secs', 'warm', 'connections'].map((name) => [name, count(values[name], name)])),
    actions: values.actions.split(',').map((text) => count(text, 'actions')),
    typescript: values.typescript.split(','),
  }
  return { settings, names: positionals }
}

// Each is loaded when it runs: it may import what was installed a moment ago.
const benchmarks = {
  http: async (settings) => (await import('./http/bench.js')).benchHttp(settings),
  types: async (settings) => (await import('./types/bench.js')).benchTypes(settings),
  declarations: async (settings) => (await import('./types/declarations.js')).benchDeclarations(settings),
  size: async (settings) => (await import('./size/bench.js')).benchSize(settings),
}

async function main() {
  const { settings, names } = readCommand()
  if (settings.help) return console.log(usage)
  const isProfile = names[0] === 'prof'
  const unknown = isProfile ? undefined : names.find((name) => !(name in benchmarks))
  if (unknown) throw new Error(`There is no benchmark ${JSON.stringify(unknown)}.\n\n${usage}`)

  installPackages(fileURLToPath(new URL('.', import.meta.url)))
  if (settings.build) {
    installPackages()
    if (!buildPackages()) throw new Error('Our packages do not compile, so there is nothing to measure. See above.')
  }

  if (isProfile) return (await import('./http/profile.js')).profile(names[1] ?? 'ours', names[2], settings)
  for (const name of names.length > 0 ? names : Object.keys(benchmarks)) {
    if (!(await benchmarks[name](settings))) process.exitCode = 1
  }
}

try {
  await main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
