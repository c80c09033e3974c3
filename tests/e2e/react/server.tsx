/** Serves the page of the React tests: `/list` as a shell, `/list?render` rendered with its data, `/page.js` built. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serve } from '@igniter-js/core/node'
import { encode } from '@igniter-js/core/protocol'
import { dehydrate, QueryClient } from '@tanstack/react-query'
import { build } from 'esbuild'
import { renderToString } from 'react-dom/server'
import { App, createApi } from './page.tsx'
import type { AppRouter } from './router.ts'

/** What a browser needs of a page that was rendered here, by a user's own cache and without the network. */
async function render(router: AppRouter, part: string): Promise<string> {
  const api = createApi({
    baseURL: 'http://localhost',
    fetch: (url, init) => router.handler(new Request(url, init)),
  })
  const cache = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  await cache.query(api.posts.list.queryOptions())
  const html = renderToString(<App api={api} part={part} cache={cache} />)
  const state = encode(dehydrate(cache)).replaceAll('<', '\\u003c')
  return `<div id="root">${html}</div><script id="state" type="application/json">${state}</script>`
}

export async function servePage(router: AppRouter) {
  const { outputFiles } = await build({
    entryPoints: [new URL('browser.tsx', import.meta.url).pathname],
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    write: false,
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  const script = outputFiles[0]!.text
  const answer = async (url: URL, res: ServerResponse) => {
    if (url.pathname === '/page.js') return res.setHeader('content-type', 'text/javascript').end(script)
    const isRendered = url.searchParams.has('render')
    const body = isRendered ? await render(router, url.pathname.slice(1)) : '<div id="root"></div>'
    const head = '<meta charset="utf-8"><link rel="icon" href="data:,">'
    const text = `<!doctype html><html lang="en"><head>${head}</head><body>${body}<script type="module" src="/page.js"></script></body></html>`
    res.setHeader('content-type', 'text/html; charset=utf-8').end(text)
  }
  const fallback = (req: IncomingMessage, res: ServerResponse) => {
    answer(new URL(req.url ?? '/', 'http://localhost'), res).catch((error) => res.writeHead(500).end(String(error)))
  }
  return serve(router, { port: 0, hostname: '127.0.0.1', signals: false, fallback })
}
