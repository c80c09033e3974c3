/** TypeScript compilers and what they say of themselves. Called by the benchmarks of types. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../machine.js'

/** The versions that are installed beside the benchmarks, each under an alias of its own. */
export const versions = ['5.9', '6.0', '7.0']

const limit = 180_000

/** What a project's compiler options begin with. */
export const strict = {
  strict: true,
  skipLibCheck: true,
  target: 'es2022',
  module: 'nodenext',
  moduleResolution: 'nodenext',
  types: ['node'],
  lib: ['es2023', 'dom', 'dom.iterable'],
  jsx: 'react-jsx',
}

/** Throws for a version that is not installed. */
export function requireVersions(wanted) {
  const unknown = wanted.find((version) => !versions.includes(version))
  if (unknown)
    throw new Error(`There is no TypeScript ${JSON.stringify(unknown)} here. There are: ${versions.join(', ')}.`)
}

/** Writes a project's files and its tsconfig into a folder of `gen`, emptied before; gives the folder's path. */
export function writeProject(name, files, tsconfig) {
  const folder = fileURLToPath(new URL(`gen/${name}/`, import.meta.url))
  rmSync(folder, { recursive: true, force: true })
  for (const [file, text] of Object.entries({ ...files, 'tsconfig.json': JSON.stringify(tsconfig, null, 2) })) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return folder
}

/**
 * Compiles a project; throws with the first errors if there are any, or after three minutes.
 *
 * @returns check time and total time in seconds, instantiations, types, memory in MiB
 */
export async function compile(version, folder) {
  const tsc = fileURLToPath(new URL(`../node_modules/typescript-${version}/bin/tsc`, import.meta.url))
  const flags = ['-p', folder, '--extendedDiagnostics', '--pretty', 'false']
  const { code, out, err } = await run([process.execPath, tsc, ...flags], { timeout: limit })
  if (code === null) throw new Error(`no end within ${limit / 1000} s`)
  if (code !== 0) {
    const errors = `${out}\n${err}`.split('\n').filter((line) => line.includes('error'))
    throw new Error(`${errors.length} errors: ${errors.slice(0, 3).join(' | ').slice(0, 600)}`)
  }
  const figure = (name) => Number(new RegExp(`^${name}:\\s+([\\d.,]+)`, 'm').exec(out)?.[1].replaceAll(',', ''))
  return {
    check: figure('Check time'),
    total: figure('Total time'),
    instantiations: figure('Instantiations'),
    types: figure('Types'),
    memory: figure('Memory used') / 1024,
  }
}
