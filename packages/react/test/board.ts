/**
 * A real server for the tests of this package, behind `fetch`: a list of posts that anyone may change, with a hand on
 * every answer. Ends with the test.
 */
import { consoleLogger, Igniter } from '@igniter-js/core'
import { QueryClient, QueryObserver, type QueryObserverOptions } from '@tanstack/react-query'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { joinCache } from '../src/join.js'
import { createIgniterReact } from '../src/react.js'

export function createBoard() {
  const igniter = Igniter.logger(consoleLogger({ level: 'silent' })).create()
  const titles = new Map([
    [1n, 'one'],
    [2n, 'two'],
    [3n, 'three'],
  ])
  const posts = igniter.controller({
    path: '/posts',
    actions: {
      list: igniter.query({
        path: '/',
        query: z.object({ after: z.bigint().optional(), tags: z.set(z.string()).optional() }),
        handler: ({ request: { query } }) =>
          [...titles].filter(([id]) => query.after === undefined || id > query.after).map(([, title]) => title),
      }),
      listAll: igniter.query({ handler: () => [...titles.values()] }),
      page: igniter.query({
        query: z.object({ number: z.int() }),
        handler: ({ request }) => ({ number: request.query.number, title: titles.get(BigInt(request.query.number)) }),
      }),
      get: igniter.query({
        path: '/:id',
        handler: ({ request, response }) => {
          const title = titles.get(BigInt(request.params.id))
          return title === undefined ? response.notFound('There is no such post.') : { title, at: new Date(0) }
        },
      }),
      rename: igniter.mutation({
        path: '/:id',
        body: z.object({ title: z.string() }),
        handler: ({ request, response }) => {
          titles.set(BigInt(request.params.id), request.body.title)
          return response.success(request.body.title).revalidate(['posts.list'])
        },
      }),
    },
  })
  const router = igniter.router({
    controllers: { posts },
    realtime: { scopes: () => ['staff', 'admin'], channels: { news: () => true } },
  })
  onTestFinished(() => router.close())

  return {
    router,
    titles,
    /** Changes a post, as somebody else would, and tells. */
    async change(id: bigint, title: string, keys: Parameters<typeof igniter.realtime.revalidate>[0]) {
      titles.set(id, title)
      await igniter.realtime.revalidate(keys)
    },
  }
}

export type Board = ReturnType<typeof createBoard>

/** A window on the board: its client, its cache, and the calls it has made. */
export function openWindow(board: Board, cache = new QueryClient({ defaultOptions: { queries: { retry: false } } })) {
  const calls: string[] = []
  const held: (() => void)[] = []
  const window = {
    cache,
    /** The queries asked for, like `posts.list`, and `-posts.list` when one was cancelled. */
    calls,
    /** While true, answers of queries wait for `release`; what they say is as of before. */
    isHolding: false,
    isOffline: false,
    release() {
      window.isHolding = false
      window.isDeaf = false
      for (const go of held.splice(0)) go()
    },
    /** While true, what the server pushes waits for `release`. */
    isDeaf: false,
    api: createIgniterReact<Board['router']>({
      baseURL: 'http://localhost',
      async fetch(url, init) {
        const action = /~\/(posts\.\w+)/.exec(url)?.[1]
        if (window.isOffline) throw new TypeError('no network')
        if (action && init.method === 'GET') {
          calls.push(action)
          init.signal?.addEventListener('abort', () => calls.push(`-${action}`))
        }
        const response = await board.router.handler(new Request(url, init), {})
        if (action && init.method === 'GET' && window.isHolding) await new Promise<void>((go) => held.push(go))
        init.signal?.throwIfAborted()
        if (action || !response.body) return response
        const body = response.body.pipeThrough(
          new TransformStream({
            async transform(chunk, stream) {
              if (window.isDeaf) await new Promise<void>((go) => held.push(go))
              stream.enqueue(chunk)
            },
          }),
        )
        return new Response(body, response)
      },
    }),
    /** Joins realtime and cache; resolves once live. */
    async join() {
      const { $realtime } = window.api
      onTestFinished(joinCache($realtime, cache))
      await until(() => $realtime.state === 'live')
    },
    /** Shows a query, as a mounted component does. Gives the undo. */
    show(options: object) {
      const observer = new QueryObserver(cache, options as QueryObserverOptions)
      const hide = observer.subscribe(() => {})
      onTestFinished(hide)
      return hide
    },
  }
  onTestFinished(() => {
    window.api.$realtime.close()
    cache.clear()
  })
  return window
}

/** Waits until `condition` holds; the test's time limit ends it. */
export async function until(condition: () => unknown): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}
