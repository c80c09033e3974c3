/** The load: wrk, on the other core, at a fixed number of connections, as fast as the server answers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram, pinning, run } from '../machine.js'

/** Throws with the command to run where there is no wrk. Load generators on Node are slower than the servers. */
export function requireWrk() {
  if (findProgram('wrk') !== undefined) return
  throw new Error(
    'wrk is needed for the load and was not found. Install it: apt-get install -y wrk (or brew install wrk)',
  )
}

const report = `done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('@@{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"errors":%d}', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`

const script = ({ method, body }) =>
  body === undefined
    ? report
    : `wrk.method = ${JSON.stringify(method)}
wrk.body = ${JSON.stringify(body)}
wrk.headers["content-type"] = "application/json"
${report}`

/**
 * Loads `origin` with one scenario for some seconds.
 *
 * @returns requests, their wall time in µs, latency percentiles in µs, and how many failed (a status of 400 and up, too).
 */
export async function load(origin, scenario, { connections, secs }) {
  const folder = mkdtempSync(join(tmpdir(), 'igniter-bench-'))
  try {
    const file = join(folder, 'report.lua')
    writeFileSync(file, script(scenario))
    const flags = ['-t1', `-c${connections}`, `-d${secs}s`, '-s', file, origin + scenario.path]
    const { out, err } = await run([...pinning().load, 'wrk', ...flags], { ahead: true })
    const [, json] = out.split('@@')
    if (json === undefined) throw new Error(`wrk gave no figures: ${(err || out).trim().slice(0, 300)}`)
    return JSON.parse(json)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
