/**
 * The binding as a bundler gives it to React server components: without React's hooks, and with modules that begin with
 * `'use client'` replaced by references that only a browser can follow.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { createIgniterReact as Create } from '@igniter-js/react'
import { build, type Plugin } from 'esbuild'
import type { AppRouter } from './router.ts'

const clientReferences: Plugin = {
  name: 'client-references',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      const code = await readFile(path, 'utf8')
      if (!/^(['"])use client\1/.test(code)) return { contents: code }
      const { metafile } = await build({
        entryPoints: [path],
        write: false,
        metafile: true,
        format: 'esm',
        outdir: '.',
      })
      const names = Object.values(metafile.outputs).flatMap((output) => output.exports)
      const contents = names.map(
        (name) => `export function ${name}() { throw new Error('${name} is called in a client component only') }`,
      )
      return { contents: contents.join('\n') }
    })
  },
}

/** The client of a server component that is in one process with its router. */
export async function importOnServer(router: AppRouter) {
  const { outputFiles } = await build({
    entryPoints: [createRequire(import.meta.url).resolve('@igniter-js/react')],
    conditions: ['react-server'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    plugins: [clientReferences],
  })
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`
  const { createIgniterReact } = (await import(/* @vite-ignore */ url)) as { createIgniterReact: typeof Create }
  return createIgniterReact<AppRouter>({
    baseURL: 'http://localhost',
    fetch: (address, init) => router.handler(new Request(address, init)),
  })
}
