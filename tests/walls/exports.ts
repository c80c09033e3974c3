/**
 * The public names of every package, entry by entry. tests/walls/exports.json holds what they are meant to be; run as a
 * program (`npm run exports:update`), this file writes it anew, for a change that was made on purpose.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Export, readModule, root } from './modules.ts'

/** Where the names are written down. */
export const record: string = join(root, 'tests', 'walls', 'exports.json')

/** Names by entry, as `@igniter-js/core/node`; types are marked: `type Clock`. */
export type Names = Record<string, string[]>

/** Reads the names of all entries from the sources that package.json's `exports` are built from. */
export function publicNames(): Names {
  const names: Names = {}
  for (const folder of readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))) {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    for (const [entry, target] of Object.entries<{ default?: string }>(manifest.exports)) {
      if (target.default === undefined) continue
      const stem = join(folder, target.default.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, ''))
      const source = existsSync(`${stem}.ts`) ? `${stem}.ts` : `${stem}.tsx`
      names[join(manifest.name, entry)] = [...new Set(exportsOf(source).map(label))].sort()
    }
  }
  return names
}

const label = ({ name, kind }: Export) => (kind === 'type' ? `type ${name}` : name)

function exportsOf(path: string): Export[] {
  const { exports, stars } = readModule(path)
  return [...exports, ...stars.flatMap((star) => exportsOf(join(dirname(path), star.replace(/\.js$/, '.ts'))))]
}

if (process.argv[1] === import.meta.filename) writeFileSync(record, `${JSON.stringify(publicNames(), null, 2)}\n`)
