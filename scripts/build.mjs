/**
 * `npm run build`: every package to its dist, then whatever the examples build (a page, say).
 * The demo and the tests begin with the same. Exits 1 when a compiler reports an error.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages, requireNode, root, tool, toolEnvironment } from './machine.mjs'

/** Runs one of the workspace's tools with its output on ours, for ten minutes at most; whether it succeeded. */
export function run(command, args, options = {}) {
  const stdio = ['ignore', 'inherit', 'inherit']
  const done = spawnSync(command, args, { cwd: root, env: toolEnvironment, stdio, timeout: 600_000, ...options })
  if (done.error) console.error(done.error.message)
  return done.status === 0
}

/** The folders of the examples, with their manifests. */
export function examples() {
  return readdirSync(join(root, 'examples'))
    .map((name) => join(root, 'examples', name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
}

/** Removes from a dist what was compiled from a source that is gone: it would be published, and still be importable. */
function removeStale(folder) {
  const dist = join(folder, 'dist')
  if (!existsSync(dist)) return
  for (const file of readdirSync(dist, { recursive: true })) {
    const stem = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(file)?.[1]
    const sources = [`${stem}.ts`, `${stem}.tsx`].map((name) => join(folder, 'src', name))
    if (stem !== undefined && !sources.some(existsSync)) rmSync(join(dist, file))
  }
}

/** Compiles the packages. */
export function buildPackages() {
  for (const name of readdirSync(join(root, 'packages'))) removeStale(join(root, 'packages', name))
  return run(tool('tsc'), ['-b', '--pretty', 'false'])
}

/** Runs each example's `build` script; all of them, also after one has failed. */
export const buildExamples = () =>
  examples()
    .filter(({ manifest }) => manifest.scripts?.build !== undefined)
    .map(({ folder, manifest }) => run(manifest.scripts.build, [], { cwd: folder, shell: true }))
    .every(Boolean)

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  requireNode()
  installPackages()
  process.exit(buildPackages() && buildExamples() ? 0 : 1)
}
