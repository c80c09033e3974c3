/**
 * `npm run bench -- types`: what checking a router and its client costs, ours beside the peers, and how it grows.
 * Instantiations are the same in each run, whatever the machine does; times and memory are not.
 */
import { listContenders } from '../contenders.js'
import { describeMachine } from '../machine.js'
import { fixed, median, publish, table } from '../report.js'
import { compile, requireVersions, strict, writeProject } from './compiler.js'
import { createApp } from './fixture.js'

const folder = new URL('contenders/', import.meta.url)

/** Ours may cost this much at 1,000 actions on TypeScript 5.9. */
const bound = { contenders: ['ours'], version: '5.9', actions: 1000, instantiations: 800_000 }

async function loadContenders(only) {
  const listed = listContenders(folder, only)
  return Promise.all(listed.map(async ({ name, path }) => ({ name, files: (await import(path)).files })))
}

/** Samples by version, contender and size, and what failed to compile. */
async function measure(contenders, { rounds, actions, typescript }) {
  const samples = {}
  const failures = new Map()
  const key = (version, name, size) => `${version} ${name} ${size}`
  for (let round = 0; round < rounds; round++) {
    for (const size of actions) {
      for (const { name, files } of round % 2 === 0 ? contenders : [...contenders].reverse()) {
        const project = writeProject(`${name}-${size}`, files(createApp(size)), {
          compilerOptions: { ...strict, noEmit: true },
          include: ['*.ts'],
        })
        for (const version of typescript) {
          const at = key(version, name, size)
          if (failures.has(at)) continue
          try {
            ;(samples[at] ??= []).push(await compile(version, project))
            console.log(`TypeScript ${version}, ${name}, ${size} actions: ${fixed(samples[at].at(-1).check, 2)} s`)
          } catch (error) {
            failures.set(at, error.message)
            console.error(`✗ TypeScript ${version}, ${name}, ${size} actions: ${error.message}`)
          }
        }
      }
    }
  }
  const figure = (version, name, size, of) => median((samples[key(version, name, size)] ?? []).map((one) => one[of]))
  return { samples, failures, figure }
}

/** Cost of one more action, in ms, between the smallest and the largest router. */
const marginal = (figure, version, name, actions) =>
  ((figure(version, name, actions.at(-1), 'check') - figure(version, name, actions[0], 'check')) * 1000) /
  (actions.at(-1) - actions[0])

function render({ figure, failures }, names, { actions, typescript }, head) {
  const last = actions.at(-1)
  const header = [
    'library',
    ...actions.map((size) => `instantiations ${size}`),
    ...actions.map((size) => `check s ${size}`),
    `MiB ${last}`,
    'ms per action',
    `growth ${actions[0]}→${last}`,
  ]
  const tables = typescript.map((version) => {
    const rows = names.map((name) => [
      name,
      ...actions.map((size) => fixed(figure(version, name, size, 'instantiations'))),
      ...actions.map((size) => fixed(figure(version, name, size, 'check'), 2)),
      fixed(figure(version, name, last, 'memory')),
      fixed(marginal(figure, version, name, actions), 2),
      fixed(figure(version, name, last, 'check') / figure(version, name, actions[0], 'check'), 1),
    ])
    return `TypeScript ${version}\n\n${table(header, rows)}`
  })
  const notes = [...failures].map(([at, message]) => `- ${at} did not compile: ${message}`).join('\n')
  return [`## Types\n\n${head}`, ...tables, ...(notes ? [notes] : [])].join('\n\n')
}

/** A sentence for each of ours on whether it is within the bound; nothing where it was not measured. */
function judge({ figure }) {
  return bound.contenders.flatMap((name) => {
    const cost = figure(bound.version, name, bound.actions, 'instantiations')
    if (!Number.isFinite(cost)) return []
    const within = cost <= bound.instantiations
    const text = `${within ? '✓' : '✗'} ${name}: ${cost} instantiations for ${bound.actions} actions on TypeScript ${bound.version}, at most ${bound.instantiations}`
    return [{ within, text }]
  })
}

/** Runs the benchmark; gives whether everything compiled and ours is within its bound. `check` only compiles 50 actions. */
export async function benchTypes(settings) {
  requireVersions(settings.typescript)
  const contenders = await loadContenders(settings.only)
  const plan = settings.check ? { ...settings, rounds: 1, actions: [50] } : settings
  const measured = await measure(contenders, plan)
  if (settings.check) return measured.failures.size === 0

  const names = contenders.map(({ name }) => name)
  const head = `Modules of 25 actions, 50 calls, ${plan.rounds} runs, medians; ${describeMachine()}`
  const verdicts = judge(measured)
  const text = [render(measured, names, plan, head), ...verdicts.map((verdict) => verdict.text)].join('\n\n')
  publish('types', text, { head, samples: measured.samples, failures: [...measured.failures] })
  return measured.failures.size === 0 && verdicts.every((verdict) => verdict.within)
}
