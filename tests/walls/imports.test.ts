/** Imports in packages/*\/src point downward only, by tests/walls/layers.ts. */
import { existsSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { layers, packages } from './layers.ts'
import { isTest, readModule, root, sources } from './modules.ts'

const core = join(root, 'packages', 'core', 'src')
const names = Object.keys(layers)

const matches = (pattern: string, file: string) =>
  new RegExp(`^${pattern.replaceAll('*', '[^/]+')}$`).test(file.replace(/\.tsx?$/, ''))

/** The layer of a file, by its position. A name written out counts before a pattern. */
function layerOf(file: string): number {
  const exact = names.findIndex((name) => layers[name]?.includes(file.replace(/\.tsx?$/, '')))
  return exact >= 0 ? exact : names.findIndex((name) => layers[name]?.some((pattern) => matches(pattern, file)))
}

/** The file of the same package that a relative specifier means. */
function resolve(folder: string, file: string, specifier: string): string {
  const path = posix.join(posix.dirname(file), specifier)
  return [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')].find((p) => existsSync(join(folder, p))) ?? path
}

/** Each source file (no tests) with the files of its package that it imports. */
function graph(folder: string): Map<string, string[]> {
  const files = sources(folder).filter((file) => !isTest(file))
  return new Map(
    files.map((file) => {
      const relative = readModule(join(folder, file)).imports.filter((specifier) => specifier.startsWith('.'))
      return [file, relative.map((specifier) => resolve(folder, file, specifier))]
    }),
  )
}

/** The first circle found, as the files along it, or null. */
function circle(edges: Map<string, string[]>): string[] | null {
  const finished = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (finished.has(file)) return null
    for (const next of edges.get(file) ?? []) {
      const found = visit(next, [...path, file])
      if (found) return found
    }
    finished.add(file)
    return null
  }
  for (const file of edges.keys()) {
    const found = visit(file, [])
    if (found) return found
  }
  return null
}

describe('layers of core', () => {
  const edges = graph(core)

  test('every file has a layer', () => {
    expect([...edges.keys()].filter((file) => layerOf(file) < 0)).toEqual([])
  })

  test('no file imports from a layer above its own', () => {
    const upward = [...edges].flatMap(([file, imported]) =>
      imported
        .filter((target) => layerOf(target) > layerOf(file))
        .map((target) => `${file} (${names[layerOf(file)]}) imports ${target} (${names[layerOf(target)]})`),
    )
    expect(upward).toEqual([])
  })
})

test('every package has its rule', () => {
  expect(Object.keys(packages).sort()).toEqual(readdirSync(join(root, 'packages')).sort())
})

describe.each(Object.entries(packages))('package %s', (name, allowed) => {
  const folder = join(root, 'packages', name, 'src')

  test('imports no file in a circle', () => {
    expect(circle(graph(folder))).toBeNull()
  })

  test('imports only what it may', () => {
    const wrong = sources(folder)
      .filter((file) => !isTest(file))
      .flatMap((file) =>
        readModule(join(folder, file))
          .imports.filter((specifier) => !specifier.startsWith('.'))
          .filter(
            (specifier) =>
              !allowed.some((rule) => (typeof rule === 'string' ? rule === specifier : rule.test(specifier))),
          )
          .map((specifier) => `${file} imports ${specifier}`),
      )
    expect(wrong).toEqual([])
  })

  test('imports relative files with their .js suffix, and only such as exist', () => {
    const wrong = sources(folder).flatMap((file) =>
      readModule(join(folder, file))
        .imports.filter((specifier) => specifier.startsWith('.'))
        .filter(
          (specifier) => !specifier.endsWith('.js') || !existsSync(join(folder, resolve(folder, file, specifier))),
        )
        .map((specifier) => `${file} imports ${specifier}`),
    )
    expect(wrong).toEqual([])
  })
})
