/** The client against the real server, by way of its fetch door. */
import { consoleLogger, Igniter } from '@igniter-js/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { drive } from '../test/driven.js'
import { createIgniterClient, type IgniterClientError, parseEventStream } from './index.js'

function setUp() {
  const igniter = Igniter.context<{ readonly user: string }>()
    .logger(consoleLogger({ level: 'silent' }))
    .create()
  const posts = igniter.controller({
    path: '/posts',
    actions: {
      list: igniter.query({
        query: z.object({ since: z.date().optional() }),
        handler: ({ request }) => ({ since: request.query.since ?? null, ids: new Set([1n]) }),
      }),
      get: igniter.query({
        path: '/:id',
        handler: ({ request, response }) =>
          request.params.id === '0' ? response.notFound('No such post.') : { id: request.params.id },
      }),
      create: igniter.mutation({
        body: z.object({ title: z.string().min(1) }),
        handler: ({ request, response, context }) =>
          response.revalidate(['posts.list']).created({ title: request.body.title, by: context.user }),
      }),
      upload: igniter.mutation({
        path: '/upload',
        body: z.object({ file: z.instanceof(File) }),
        handler: async ({ request }) => ({ text: await request.body.file.text(), name: request.body.file.name }),
      }),
      raw: igniter.query({
        path: '/raw',
        handler: () => new Response('a,b', { headers: { 'content-type': 'text/csv' } }),
      }),
      count: igniter.query({
        path: '/count',
        stream: true,
        handler: async function* () {
          yield { event: 'tick' as const, data: new Date(1), id: '1' }
          yield { event: 'tick' as const, data: new Date(2), id: '2' }
        },
      }),
      fail: igniter.query({
        path: '/fail',
        stream: true,
        handler: async function* () {
          yield { event: 'tick' as const, data: 1 }
          throw new Error('not for clients')
        },
      }),
    },
  })
  const AppRouter = igniter.router({
    controllers: { posts },
    realtime: { identity: () => 'ann', scopes: () => [], channels: { news: () => true } },
  })
  onTestFinished(() => AppRouter.close())
  const options = {
    baseURL: 'http://localhost',
    fetch: (url: string, init: RequestInit) => AppRouter.handler(new Request(url, init), { context: { user: 'ann' } }),
  }
  const client = () => {
    const api = createIgniterClient<typeof AppRouter>(options)
    onTestFinished(() => api.$realtime.close())
    return api
  }
  return { igniter, client, api: client(), driven: () => drive<typeof AppRouter>(options) }
}

const until = async (condition: () => unknown) => {
  while (!condition()) await new Promise(setImmediate)
}

describe('calls', () => {
  test('a query, rich both ways', async () => {
    const { api } = setUp()
    const { data, error } = await api.posts.list.query({ query: { since: new Date(5) } })
    expect(error).toBeNull()
    expect(data).toEqual({ since: new Date(5), ids: new Set([1n]) })
  })

  test('params, and an error of the handler', async () => {
    const { api } = setUp()
    expect((await api.posts.get.query({ params: { id: 'a/b' } })).data).toEqual({ id: 'a/b' })
    const { error } = await api.posts.get.query({ params: { id: '0' } })
    expect(error).toMatchObject({ code: 'NOT_FOUND', status: 404, message: 'No such post.' })
  })

  test('a mutation, and one that is not valid', async () => {
    const { api } = setUp()
    expect(await api.posts.create.mutate({ body: { title: 'x' } })).toEqual({
      data: { title: 'x', by: 'ann' },
      error: null,
    })
    const { error } = await api.posts.create.mutate({ body: { title: '' } })
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR', status: 400 })
  })

  test('a file', async () => {
    const { api } = setUp()
    const { data } = await api.posts.upload.mutate({ body: { file: new File(['hello'], 'a.txt') } })
    expect(data).toEqual({ text: 'hello', name: 'a.txt' })
  })

  test('a raw response', async () => {
    const { api } = setUp()
    const { data } = await api.posts.raw.query()
    expect(await data!.text()).toBe('a,b')
  })
})

describe('streams', () => {
  test('to their end', async () => {
    const { api } = setUp()
    const seen: unknown[] = []
    for await (const { event, data } of api.posts.count.stream()) seen.push([event, data])
    expect(seen).toEqual([
      ['tick', new Date(1)],
      ['tick', new Date(2)],
    ])
  })

  test('to a failure', async () => {
    const { api } = setUp()
    const seen: unknown[] = []
    const failure = await (async () => {
      for await (const { data } of api.posts.fail.stream()) seen.push(data)
    })().catch((error: unknown) => error as IgniterClientError)
    expect(seen).toEqual([1])
    expect(failure).toMatchObject({ name: 'IgniterClientError', code: 'INTERNAL_SERVER_ERROR' })
    expect(failure!.message).not.toContain('not for clients')
  })
})

describe('realtime', () => {
  test('a mutation reaches other clients, and its own only once', async () => {
    const { client } = setUp()
    const [ann, bob] = [client(), client()]
    const told: Record<'ann' | 'bob', unknown[]> = { ann: [], bob: [] }
    ann.$realtime.onRevalidate((keys) => told.ann.push(keys))
    bob.$realtime.onRevalidate((keys) => told.bob.push(keys))
    await until(() => ann.$realtime.state === 'live' && bob.$realtime.state === 'live')
    await ann.posts.create.mutate({ body: { title: 'x' } })
    expect(told.ann).toEqual([['posts.list']])
    await until(() => told.bob.length)
    await ann.posts.create.mutate({ body: { title: 'y' } })
    await until(() => told.bob.length === 2)
    expect(told).toEqual({
      ann: [['posts.list'], ['posts.list']],
      bob: [['posts.list'], ['posts.list']],
    })
  })

  test('what changed between a query and the connection is told', async () => {
    const { client } = setUp()
    const [ann, bob] = [client(), client()]
    await bob.posts.list.query({ query: {} })
    await ann.posts.create.mutate({ body: { title: 'x' } })
    const told: unknown[] = []
    bob.$realtime.onRevalidate((keys) => told.push(keys))
    await until(() => told.length)
    expect(told).toEqual([['posts.list']])
  })

  test('channels: granted, refused, changed while live', async () => {
    const { igniter, api } = setUp()
    const heard: unknown[] = []
    const refused: string[] = []
    const { $realtime } = api
    $realtime.onRevalidate(() => {})
    await until(() => $realtime.state === 'live')
    $realtime.channel('news').on((data) => heard.push(data))
    $realtime.channel('secret').on(() => {}, { onRefused: () => refused.push('secret') })
    await until(() => refused.length)
    await igniter.realtime.publish('news', { at: new Date(5) })
    await until(() => heard.length)
    expect(heard).toEqual([{ at: new Date(5) }])
  })

  test('ended by the server, it comes back and has missed nothing', async () => {
    const { igniter, driven } = setUp()
    const { api, clock, waits } = driven()
    const heard: unknown[] = []
    api.$realtime.channel('news').on((data) => heard.push(data))
    await until(() => api.$realtime.state === 'live')
    await igniter.realtime.publish('news', 1)
    await until(() => heard.length === 1)
    expect(await igniter.realtime.disconnect({ identity: 'ann' })).toBe(1)
    await until(() => api.$realtime.state === 'connecting' && waits.length === 1)
    await igniter.realtime.publish('news', 2)
    await clock.advance(2000)
    await until(() => heard.length === 2)
    expect(heard).toEqual([1, 2])
    expect(api.$realtime.state).toBe('live')
  })

  test('the server says how often its heart beats, where that is not the default', async () => {
    const ready = async (heartbeat: number) => {
      const igniter = Igniter.realtime({ heartbeat })
        .logger(consoleLogger({ level: 'silent' }))
        .create()
      const router = igniter.router({ controllers: {}, realtime: { identity: () => null, scopes: () => [] } })
      onTestFinished(() => router.close())
      const response = await router.handler(new Request('http://localhost/api/v1/~/realtime'))
      for await (const { data } of parseEventStream(response.body!)) return JSON.parse(data) as object
      return {}
    }
    expect(await ready(5_000)).toMatchObject({ heartbeat: 5_000 })
    expect(await ready(15_000)).not.toHaveProperty('heartbeat')
  })

  test('closed, it is gone from the server', async () => {
    const { igniter, api } = setUp()
    api.$realtime.onRevalidate(() => {})
    await until(() => api.$realtime.state === 'live')
    expect(await igniter.realtime.connections()).toHaveLength(1)
    api.$realtime.close()
    let count = 1
    while (count) {
      await new Promise(setImmediate)
      count = (await igniter.realtime.connections()).length
    }
  })
})
