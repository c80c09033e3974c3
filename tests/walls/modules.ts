/**
 * What a source file imports and exports, types included, as a real parser sees it. The walls are built on it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'vite'

/** The checkout's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Export {
  readonly name: string
  readonly kind: 'type' | 'value'
}

export interface Module {
  /** Specifiers as written: static and dynamic imports, re-exports, and `import('…')` in types. */
  readonly imports: readonly string[]
  /** Names the file exports itself, or passes on by name. */
  readonly exports: readonly Export[]
  /** Specifiers of `export * from '…'`. */
  readonly stars: readonly string[]
}

/** Parses a TypeScript file. Throws where it does not parse. */
export function readModule(path: string): Module {
  const code = readFileSync(path, 'utf8')
  const { program, module, errors } = parseSync(path, code)
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`)

  const imports = new Set(module.staticImports.map((statement) => statement.moduleRequest.value))
  for (const { moduleRequest } of module.dynamicImports) {
    // Only what is written as a plain string: a computed specifier has no direction to check.
    const specifier = /^(['"])(.*)\1$/.exec(code.slice(moduleRequest.start, moduleRequest.end))?.[2]
    if (specifier !== undefined) imports.add(specifier)
  }
  for (const specifier of typeImports(program)) imports.add(specifier)

  const exports: Export[] = []
  const stars: string[] = []
  for (const entry of module.staticExports.flatMap((statement) => statement.entries)) {
    if (entry.moduleRequest) imports.add(entry.moduleRequest.value)
    if (entry.importName.kind === 'AllButDefault' && entry.moduleRequest) stars.push(entry.moduleRequest.value)
    else exports.push({ name: entry.exportName.name ?? 'default', kind: entry.isType ? 'type' : 'value' })
  }
  return { imports: [...imports], exports, stars }
}

function* typeImports(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return
  if ('type' in node && node.type === 'TSImportType') {
    const { source } = node as unknown as { source: { value: string } }
    yield source.value
  }
  for (const child of Object.values(node)) yield* typeImports(child)
}

/** Whether a file is a test: tests may import from anywhere. */
export const isTest = (file: string): boolean => /\.test(-d)?\.tsx?$/.test(file)

/** The TypeScript files under a folder, relative to it, with forward slashes. */
export function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}
