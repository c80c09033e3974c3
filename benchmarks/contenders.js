/** Contenders: one file each, in a `contenders` folder beside the benchmark that runs them. */
import { readdirSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Names and paths of the contenders in `folder` (a file URL), sorted, or of those in `only` ('ours,fastify') in that
 * order. Throws for a name that is not there.
 */
export function listContenders(folder, only) {
  const files = readdirSync(folder).sort()
  const all = files.map((file) => ({
    name: basename(file, extname(file)),
    path: fileURLToPath(new URL(file, folder)),
  }))
  if (only === undefined) return all
  return only.split(',').map((name) => {
    const found = all.find((contender) => contender.name === name)
    if (found) return found
    throw new Error(`There is no contender ${JSON.stringify(name)}. There are: ${all.map((c) => c.name).join(', ')}.`)
  })
}
