/** The supported compilers, and what they say of a folder. The older two are installed by `npm test`. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const here = import.meta.dirname
const root = resolve(here, '../..')

export const compilers = [
  { version: '5.9', path: join(here, 'node_modules/ts59/bin/tsc') },
  { version: '6.0', path: join(here, 'node_modules/ts6/bin/tsc') },
  { version: '7.0', path: join(root, 'node_modules/typescript/bin/tsc') },
] as const

export type Compiler = (typeof compilers)[number]

/** An error as a compiler prints it: its first line, and those that explain it below. */
export interface Complaint {
  /** Relative to the folder. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly text: string
}

/** Runs a compiler on the project in `folder`. Throws where the compiler is missing or breaks. */
function run({ version, path }: Compiler, folder: string, flags: readonly string[]): string {
  if (!existsSync(path)) throw new Error(`TypeScript ${version} is not installed: run npm install in tests/types.`)
  const args = [path, '-p', folder, '--pretty', 'false', ...flags]
  const { stdout, stderr, error } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  if (error) throw error
  if (stderr) throw new Error(stderr)
  return stdout
}

/** Compiles the project in `folder` and gives every error. */
export function compile(compiler: Compiler, folder: string): Complaint[] {
  const complaints: { file: string; line: number; text: string }[] = []
  for (const printed of run(compiler, folder, []).split('\n')) {
    const [, file = '', line, text = ''] = /^(.+?)\((\d+),\d+\): error (.*)$/.exec(printed) ?? []
    if (line !== undefined) complaints.push({ file, line: Number(line), text })
    else if (printed.startsWith('error ')) complaints.push({ file: '', line: 0, text: printed })
    else if (printed !== '') complaints.at(-1)!.text += `\n${printed}`
  }
  return complaints
}

/** How many types the checker made of others for the project in `folder`: the same on every machine. */
export function countInstantiations(compiler: Compiler, folder: string): number {
  const out = run(compiler, folder, ['--extendedDiagnostics'])
  if (out.includes('error')) throw new Error(out)
  return Number(/^Instantiations:\s+(\d+)/m.exec(out)?.[1])
}
