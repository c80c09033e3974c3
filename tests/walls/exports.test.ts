/** What the packages export is what was decided: no name comes or goes by accident. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { publicNames, record } from './exports.ts'
import { root } from './modules.ts'

const decided = JSON.parse(readFileSync(record, 'utf8'))

test('every package exports the names in tests/walls/exports.json (npm run exports:update)', () => {
  expect(publicNames()).toEqual(decided)
})

describe.each(readdirSync(join(root, 'packages')))('package %s', (name) => {
  const folder = join(root, 'packages', name)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

  test('has entries that exist after a build, types first', () => {
    for (const target of Object.values<string | Record<string, string>>(manifest.exports)) {
      const files = typeof target === 'string' ? [target] : Object.values(target)
      if (typeof target !== 'string') expect(Object.keys(target)).toEqual(['types', 'default'])
      expect(files.filter((file) => !existsSync(join(folder, file)))).toEqual([])
    }
  })

  test('is ESM without side effects, for Node 20.19 and newer, under the MIT licence', () => {
    expect(manifest).toMatchObject({
      type: 'module',
      sideEffects: false,
      engines: { node: '>=20.19' },
      license: 'MIT',
      exports: { './package.json': './package.json' },
    })
  })

  test('does nothing when imported', async () => {
    // Timers, handles and globals would show; so would anything printed.
    for (const target of Object.values<string | Record<string, string>>(manifest.exports)) {
      if (typeof target === 'string') continue
      const before = Object.getOwnPropertyNames(globalThis).sort()
      await import(join(folder, target.default ?? ''))
      expect(Object.getOwnPropertyNames(globalThis).sort()).toEqual(before)
    }
  })
})
