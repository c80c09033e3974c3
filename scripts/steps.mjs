/**
 * The steps of `npm test`: runs one after the other, counts what passed and failed, and has the last word.
 * A step is never skipped: one that cannot run, because another failed or something is missing, counts as failed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './build.mjs'
import { tool, toolEnvironment } from './machine.mjs'

/** @typedef {{ passed: number, failed: number }} Counts */

/** Collects the counts of steps. `step` runs one, `close` prints the summary and gives the exit code. */
export function createSteps() {
  const done = []

  /**
   * Runs a step and prints how it went. `fn` gives true or false, or the counts of the tests in it; what it throws
   * is printed and fails the step. `needs` are earlier steps (what `step` gave for them) that must have passed.
   */
  function step(name, fn, needs = []) {
    console.log(`\n▸ ${name}`)
    const begun = performance.now()
    const missing = needs.filter((need) => need.failed > 0).map((need) => need.name)
    let counts = { passed: 0, failed: 1 }
    try {
      if (missing.length > 0) throw new Error(`Not run, since this failed before: ${missing.join(', ')}.`)
      const outcome = fn()
      counts = typeof outcome === 'boolean' ? { passed: Number(outcome), failed: Number(!outcome) } : outcome
    } catch (error) {
      console.error(error.message)
    }
    const result = { name, seconds: (performance.now() - begun) / 1000, ...counts }
    done.push(result)
    return result
  }

  function close() {
    const width = Math.max(...done.map(({ name }) => name.length))
    console.log('')
    for (const { name, seconds, passed, failed } of done) {
      const mark = failed === 0 ? '✓' : '✗'
      const failures = failed === 0 ? '' : `, ${failed} failed`
      console.log(`${mark} ${name.padEnd(width)}  ${seconds.toFixed(1).padStart(6)} s  ${passed} passed${failures}`)
    }
    const sum = (key) => done.reduce((total, result) => total + result[key], 0)
    console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`)
    return sum('failed') === 0 ? 0 : 1
  }

  return { step, close }
}

/**
 * Runs one of the projects of vitest.config.ts and counts its tests. A skipped test counts as failed, and so does
 * whatever fails the run beside its tests: a file that does not load, an unhandled rejection, no test at all.
 *
 * @returns {Counts}
 */
export function vitest(project, environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'igniter-tests-'))
  try {
    const report = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const args = ['run', '--project', project, '--allowOnly=false', ...reporters]
    const succeeded = run(tool('vitest'), args, { env: { ...toolEnvironment, ...environment } })
    const { testResults, numPassedTests } = JSON.parse(readFileSync(report, 'utf8'))
    const notRun = testResults.flatMap((file) => file.assertionResults).filter((test) => test.status !== 'passed')
    for (const test of notRun) if (test.status !== 'failed') console.error(`Skipped: ${test.fullName}`)
    const failedFiles = testResults.filter((file) => file.status === 'failed')
    const brokenFiles = failedFiles.filter((file) => !file.assertionResults.some((test) => test.status === 'failed'))
    const failed = notRun.length + brokenFiles.length
    return { passed: numPassedTests, failed: failed === 0 && !succeeded ? 1 : failed }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
