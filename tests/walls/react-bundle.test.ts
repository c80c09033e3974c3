/** What the React binding adds to a bundle of the client, React and TanStack Query is small, and holds no server code. */
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { wire } from './layers.ts'
import { root } from './modules.ts'

/** Bytes after gzip, at most. */
const limit = 2_048

/** What is there without the binding: everything that the binding uses of TanStack Query, and React. */
const peers = `
  export * from 'react'
  export {
    QueryClient, QueryClientContext, QueryClientProvider,
    useInfiniteQuery, useMutation, useQuery, useSuspenseInfiniteQuery, useSuspenseQuery,
  } from '@tanstack/react-query'
`

async function bundle(contents: string) {
  const { metafile, outputFiles } = await build({
    stdin: { contents: contents + peers, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  return { modules: Object.keys(metafile.inputs), size: gzipSync(code, { level: 9 }).length }
}

test(`is at most ${limit} bytes after gzip`, async () => {
  const without = await bundle(`export { createIgniterClient } from '@igniter-js/client'`)
  const { modules, size } = await bundle(`export * from '@igniter-js/react'`)
  console.log(`@igniter-js/react: ${size - without.size} bytes after gzip beyond the client`)
  expect(size - without.size).toBeLessThanOrEqual(limit)

  const shared = wire.map((name) => `packages/core/dist/${name}.js`)
  const ours = modules.filter((path) => path.startsWith('packages/'))
  expect(ours.filter((path) => !/^packages\/(client|react)\/dist\//.test(path) && !shared.includes(path))).toEqual([])
})
