/**
 * `npm test`: everything that must hold, from a fresh clone on. `npm run test:all` (`--all`) adds the long forms:
 * property tests with many more runs, and the smoke test on every supported runtime.
 * The last line is "N passed, N failed"; the exit code is 1 when anything failed.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildExamples, buildPackages, examples, run } from './build.mjs'
import { ensureProgram, installPackages, requireNode, root, tool } from './machine.mjs'
import { runtimes, smoke } from './runtimes.mjs'
import { createSteps, vitest } from './steps.mjs'

const all = process.argv.includes('--all')
const { step, close } = createSteps()

requireNode()
const packages = step('packages', () => {
  installPackages()
  return true
})

const browser = {}
const chromium = step('Chromium', () => {
  browser.CHROMIUM = ensureProgram('chromium')
  console.log(browser.CHROMIUM)
  return true
})

step('format', () => run(tool('biome'), ['format']), [packages])
step('lint', () => run(tool('oxlint'), ['--type-aware', '--deny-warnings']), [packages])

const build = step('build', () => buildPackages(), [packages])
const pages = step('build of the examples', () => buildExamples(), [build])

const check = (project) => run(tool('tsc'), ['--noEmit', '--pretty', 'false', '-p', project])
step('types of the tests', () => check('tests'), [packages])
step(
  'types of the examples',
  () =>
    examples()
      .filter(({ folder }) => existsSync(join(folder, 'tsconfig.json')))
      .map(({ folder }) => check(folder))
      .every(Boolean),
  [build],
)
step('type tests', () => vitest('types'), [packages])

// Our declarations, and the specification's snippets against them, as users of each supported compiler see them.
const compilers = join(root, 'tests', 'types')
for (const [version, path] of [
  ['5.9', join(compilers, 'node_modules', 'ts59', 'bin', 'tsc')],
  ['6.0', join(compilers, 'node_modules', 'ts6', 'bin', 'tsc')],
  ['7.0', join(root, 'node_modules', 'typescript', 'bin', 'tsc')],
]) {
  step(`declarations on TypeScript ${version}`, () => {
    installPackages(compilers)
    return run(tool('node'), [path, '--pretty', 'false', '-p', compilers])
  }, [build])
}

step('unit tests', () => vitest('unit', all ? { LONG: '1' } : {}), [packages])
step('walls', () => vitest('walls', all ? { LONG: '1' } : {}), [build, pages])
for (const runtime of runtimes(all)) step(`smoke test on ${runtime.name}`, () => smoke(runtime), [build])
step('end to end', () => vitest('e2e', browser), [pages, chromium])

// `exitCode` and not exit(): the last line must reach a pipe whole.
process.exitCode = close()
