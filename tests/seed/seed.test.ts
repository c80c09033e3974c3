/** What the snippets' comments promise, checked through the router: over HTTP, by the server's caller, and as events. */
import { parseEventStream } from '@igniter-js/client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { posts } from './01-revalidate.js'
import { user } from './02-scoped.js'
import { n as notifications } from './03-stream.js'
import { q as keyValue } from './05-kv.js'
import { q as pubSub } from './06-pubsub.js'
import { q as cacheAside } from './07-cache-aside.js'
import * as documented from './10-docs.js'
import { users } from './11-documented-action.js'
import { AppRouter, main } from './13-client.js'
import { type AppContext, ana, igniter, limit, page, store, type User } from './base.js'

const found: unknown[] = []
const context: AppContext = {
  user: ana,
  database: {
    post: { create: async ({ data }) => ({ id: '1', title: data?.title ?? 'Untitled' }) },
    user: {
      findMany: async (args): Promise<User[]> => {
        found.push(args)
        return [ana]
      },
    },
  },
}

const snippets = igniter.controller({ path: '/', actions: { keyValue, pubSub, cacheAside } })
const router = igniter.router({
  controllers: { posts, user, notifications, users, snippets },
  realtime: {
    identity: ({ request }) => request.headers.get('x-user'),
    scopes: ({ request }) => [`user:${request.headers.get('x-user')}`],
  },
})
const caller = router.caller({ context })

const opened: AbortController[] = []
const request = (path: string, init: RequestInit = {}) =>
  router.handler(new Request(`http://localhost/api/v1${path}`, init), { context })

/** Opens an event stream; `next` waits for its next event. */
async function open(path: string, headers: HeadersInit = {}) {
  const controller = new AbortController()
  opened.push(controller)
  const response = await request(path, { headers, signal: controller.signal })
  expect(response.status).toBe(200)
  const events = parseEventStream(response.body!)[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await events.next()
    return done ? null : { event: value.event, data: JSON.parse(value.data) }
  }
  return { next, abort: () => controller.abort() }
}

const listen = async (name: string) => {
  const connection = await open('/~/realtime', { 'x-user': name })
  expect(await connection.next()).toMatchObject({ event: 'ready' })
  return connection
}

beforeEach(() => {
  found.length = 0
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  for (const controller of opened.splice(0)) controller.abort()
})

describe('01: revalidation', () => {
  test('the answer is 201, and every client hears which query to fetch again', async () => {
    const clients = [await listen('u1'), await listen('u2')]
    const response = await request('/posts/create', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'Hello' }),
    })
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({ data: { id: '1', title: 'Hello' }, error: null })
    for (const client of clients) {
      expect(await client.next()).toEqual({ event: 'revalidate', data: { keys: ['posts.list'] } })
    }
  })
})

describe('02: scopes', () => {
  test('only who holds the scope hears of it', async () => {
    const holder = await listen('u1')
    const other = await listen('u2')
    const { data, error } = await caller.user.updateProfile.mutate()
    expect([data?.name, error]).toEqual(['Ana Maria', null])
    expect(await holder.next()).toEqual({ event: 'revalidate', data: { keys: ['user.profile'] } })
    // Events come in order: were the first meant for the other one too, it would hear that one first.
    await router.realtime.revalidate(['posts'])
    expect(await other.next()).toEqual({ event: 'revalidate', data: { keys: ['posts'] } })
  })
})

describe('03: streams', () => {
  const path = '/notifications/stream'

  test('the initial data comes first, then each notification', async () => {
    const stream = await open(path)
    expect(await stream.next()).toEqual({ event: 'initial', data: { notifications: [] } })
    await igniter.store.publish('notifications:u1', { text: 'one' })
    await igniter.store.publish('notifications:u2', { text: 'for somebody else' })
    await igniter.store.publish('notifications:u1', { text: 'two' })
    expect(await stream.next()).toEqual({ event: 'notification', data: { text: 'one' } })
    expect(await stream.next()).toEqual({ event: 'notification', data: { text: 'two' } })
  })

  test('a client that leaves ends the subscription', async () => {
    const stream = await open(path)
    await stream.next()
    expect(store.channels).toEqual(['notifications:u1'])
    stream.abort()
    await expect.poll(() => store.channels).toEqual([])
  })

  test('the caller reads it too, and leaving its loop ends the subscription', async () => {
    for await (const { event, data } of caller.notifications.notifications.stream()) {
      expect([event, data]).toEqual(['initial', { notifications: [] }])
      break
    }
    await expect.poll(() => store.channels).toEqual([])
  })
})

describe('05: keys and values', () => {
  test('what was set comes back, is gone once deleted, and counters count', async () => {
    await igniter.store.delete('counter')
    const first = await caller.snippets.keyValue.query()
    expect(first).toEqual({ data: { typed: ana, e: false, c: 1 }, error: null })
    expect((await caller.snippets.keyValue.query()).data?.c).toBe(2)
    expect(await igniter.store.get('key')).toBeNull()
  })
})

describe('06: publish and subscribe', () => {
  test('subscribers hear what is published from then on, until they leave', async () => {
    const heard: unknown[] = []
    const off = await igniter.store.subscribe('channel:updates', (message) => heard.push(message))
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    expect(await caller.snippets.pubSub.mutate()).toEqual({ data: null, error: null })
    await expect.poll(() => heard).toEqual([{ type: 'USER_UPDATED', userId: 'u1', changes: {} }])
    off()
    expect(store.channels).toEqual([])
    // The snippet subscribes after it published, and leaves at once.
    expect(log).not.toHaveBeenCalled()
  })
})

describe('07: cache aside', () => {
  test('the database is asked once; then the cache answers, for five minutes', async () => {
    const key = `users:list:${page}:${limit}`
    expect(await caller.snippets.cacheAside.query()).toEqual({ data: [ana], error: null })
    expect(found).toEqual([{ skip: 5, take: 5 }])
    expect(await caller.snippets.cacheAside.query()).toEqual({ data: [ana], error: null })
    expect(found).toHaveLength(1)
    const ttl = await igniter.store.ttl(key)
    expect(ttl).toBeGreaterThan(295)
    expect(ttl).toBeLessThanOrEqual(300)
    await igniter.store.delete(key)
    await caller.snippets.cacheAside.query()
    expect(found).toHaveLength(2)
  })
})

describe('10: options of the documentation', () => {
  test('are accepted', () => {
    for (const app of Object.values(documented)) expect(app.query).toBeTypeOf('function')
  })
})

describe('11: a documented action', () => {
  test('defaults count, and numbers come as numbers', async () => {
    expect(await (await request('/users/list')).json()).toEqual({ data: { p: 1, u: 'u1' }, error: null })
    const asked = await request('/users/list?page=3&limit=20&search=an&role=admin')
    expect(await asked.json()).toEqual({ data: { p: 3, r: 'admin', u: 'u1' }, error: null })
    expect(await caller.users.list.query({ query: { role: 'user' } })).toMatchObject({ data: { p: 1, r: 'user' } })
  })

  test('what does not fit is refused, naming the field', async () => {
    for (const [query, path] of [
      ['page=abc', 'page'],
      ['role=root', 'role'],
      ['limit=', 'limit'],
    ]) {
      const response = await request(`/users/list?${query}`)
      const { data, error } = await response.json()
      expect([response.status, data, error.code]).toEqual([400, null, 'VALIDATION_ERROR'])
      expect(error.details).toEqual([expect.objectContaining({ path, message: expect.any(String) })])
    }
  })

  test('a handler that gives nothing answers null', async () => {
    expect(await (await request('/users/authenticated')).json()).toEqual({ data: null, error: null })
  })
})

describe('13: the client', () => {
  test('reads and writes through the router', async () => {
    const addresses: string[] = []
    vi.stubGlobal('fetch', (address: string, init: RequestInit) => {
      addresses.push(`${init.method} ${address}`)
      return AppRouter.handler(new Request(address, init), { context })
    })
    // Its wrong uses, which the compiler refuses, are refused by the server, too: `main` goes on to the end.
    expect(await main()).toBe('Untitled')
    expect(addresses.map((address) => address.replace(/\?.*/, ''))).toEqual([
      'GET http://localhost:3000/api/v1/~/users.list',
      'GET http://localhost:3000/api/v1/~/users.list',
      'GET http://localhost:3000/api/v1/~/users.nothing',
      'POST http://localhost:3000/api/v1/~/posts.create',
    ])
  })
})
