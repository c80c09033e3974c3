/**
 * The runtimes that the packages support, and the smoke test on one of them: tests/runtimes/smoke.mjs against the
 * built packages. They are npm packages in a folder of their own, so that only those who ask for them install them.
 */
import { join } from 'node:path'
import { run } from './build.mjs'
import { installPackages, root, tool } from './machine.mjs'

const folder = join(root, 'tests', 'runtimes')
const installed = (...path) => join(folder, 'node_modules', ...path)

/** The machine's own Node and the workspace's; with `all`, every runtime. */
export function runtimes(all) {
  const here = [
    { name: "the machine's Node", command: process.env.npm_node_execpath ?? process.execPath, args: [] },
    { name: 'Node 24', command: tool('node'), args: [] },
  ]
  if (!all) return here
  return [
    ...here,
    { name: 'Node 20', command: installed('node20', 'bin', 'node'), args: [], install: true },
    { name: 'Node 22', command: installed('node22', 'bin', 'node'), args: [], install: true },
    { name: 'Bun', command: installed('.bin', 'bun'), args: ['run'], install: true },
    { name: 'Deno', command: installed('.bin', 'deno'), args: ['run', '--allow-all', '--no-lock'], install: true },
  ]
}

/** Runs the smoke test on a runtime of the list; whether it succeeded. */
export function smoke({ command, args, install = false }) {
  if (install) installPackages(folder)
  return run(command, [...args, join(folder, 'smoke.mjs')], { timeout: 60_000 })
}
