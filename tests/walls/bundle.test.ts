/** A bundle of the client for browsers is small and holds no server code. */
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { wire } from './layers.ts'
import { root } from './modules.ts'

/** Bytes of the minified bundle after gzip, at most. */
const limit = 5_000

let modules: string[]
let code: Uint8Array

beforeAll(async () => {
  const { metafile, outputFiles } = await build({
    stdin: { contents: `export { createIgniterClient } from '@igniter-js/client'`, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  modules = Object.keys(metafile.inputs).filter((path) => path !== '<stdin>')
  code = outputFiles[0]?.contents ?? new Uint8Array()
})

test("holds the client and core's side of the wire, nothing else", () => {
  const shared = wire.map((name) => `packages/core/dist/${name}.js`)
  expect(modules.filter((path) => !path.startsWith('packages/client/dist/') && !shared.includes(path))).toEqual([])
  expect(modules).toContain('packages/core/dist/protocol.js')
})

test(`is at most ${limit} bytes after gzip`, () => {
  const compressed = gzipSync(code, { level: 9 }).length
  console.log(`createIgniterClient: ${code.length} bytes minified, ${compressed} after gzip`)
  expect(compressed).toBeLessThanOrEqual(limit)
})
