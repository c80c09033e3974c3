import { describe, expect, test } from 'vitest'
import { Igniter } from './igniter.js'
import type { ReadyFrame } from './protocol.js'
import { toBlocks } from './testing/blocks.js'
import { createTestApp } from './testing/app.js'

const guards: string[] = []

const serving = () =>
  createTestApp(Igniter.config({ timeout: 1_000 }), (igniter) => {
    const session = igniter.procedure({
      name: 'session',
      handler: (_: void, { request }) => {
        guards.push('session')
        const user = request.headers.get('x-user')
        return user === null ? {} : { user }
      },
    })
    const auth = igniter.procedure({
      name: 'auth',
      use: [session()],
      handler: (_: void, { request, response, context }) => {
        guards.push('auth')
        if (request.headers.has('x-banned')) return response.forbidden()
        return { who: context.user ?? null }
      },
    })
    return igniter.router({
      controllers: {
        posts: igniter.controller({
          path: '/posts',
          actions: {
            list: igniter.query({ path: '/', handler: () => [] }),
            touch: igniter.mutation({ path: '/', handler: ({ response }) => response.revalidate(['posts']).success() }),
          },
        }),
      },
      realtime: {
        use: [auth()],
        identity: ({ context }) => context.who,
        scopes: ({ context }) => (context.who === null ? [] : [`user:${context.who}`]),
        channels: { news: () => true, 'chat:*': ({ context }) => context.who !== null },
      },
    })
  })

const path = '/api/v1/~/realtime'

async function connect(app: ReturnType<typeof serving>, init: RequestInit = {}, address = path) {
  const response = await app.fetch(address, init)
  const reader = response.body!.getReader()
  let text = ''
  const pump = async () => {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
      text += new TextDecoder().decode(chunk.value)
  }
  void pump().catch(() => {})
  await app.clock.advance(0)
  const blocks = () => toBlocks(text)
  const ready = JSON.parse(blocks()[0]?.data as string) as ReadyFrame
  return { response, blocks, ready, leave: () => reader.cancel() }
}

describe('the connection', () => {
  test('opens by GET and by POST, with what its procedures say', async () => {
    const app = serving()
    const headers = { 'x-user': 'ann' }
    const get = await connect(app, { headers }, `${path}?channel=news&channel=secret&scope=user:ann&scope=admin`)
    expect(get.response.headers.get('content-type')).toContain('text/event-stream')
    expect(get.response.headers.get('cache-control')).toContain('no-store')
    expect(get.ready).toMatchObject({
      scopes: { granted: ['user:ann'], denied: ['admin'] },
      channels: { granted: ['news'], denied: ['secret'] },
    })
    const post = await connect(app, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ channels: ['chat:1'], scopes: ['user:ann'] }),
    })
    expect(post.ready.channels.granted).toEqual(['chat:1'])
    expect(app.router.realtime.connections()).toHaveLength(2)
    await get.leave()
    await post.leave()
    expect(app.router.realtime.connections()).toHaveLength(0)
  })

  test('runs its own procedures, those that they use first, by whatever address', async () => {
    const app = serving()
    for (const [address, init] of [
      [path, {}],
      [`${path}/`, {}],
      ['/api/v1/%7E/re%61ltime', {}],
      [path, { method: 'HEAD' }],
      [path, { method: 'POST' }],
      [`${path}/some-connection`, { method: 'POST' }],
    ] as const) {
      guards.length = 0
      const { status } = await app.send(address, { ...init, headers: { 'x-banned': '1' } })
      expect([status, guards], `${address} ${JSON.stringify(init)}`).toEqual([403, ['session', 'auth']])
    }
  })

  test('HEAD opens none', async () => {
    const app = serving()
    const { status, headers } = await app.send(path, { method: 'HEAD' })
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
    expect(app.router.realtime.connections()).toHaveLength(0)
  })

  test('hears of what changes while it is open', async () => {
    const app = serving()
    const { blocks } = await connect(app)
    await app.send('/api/v1/posts', { method: 'POST' })
    await app.clock.advance(60)
    expect(blocks().filter(({ event }) => event === 'revalidate')).toMatchObject([{ data: '{"keys":["posts"]}' }])
    expect(blocks().every(({ id }) => id === undefined || /^[0-9a-z]+\.\d+$/.test(id))).toBe(true)
  })

  test('resumes where it was left', async () => {
    const app = serving()
    const first = await connect(app)
    const id = first.blocks().at(-1)?.id as string
    await first.leave()
    await app.send('/api/v1/posts', { method: 'POST' })
    const second = await connect(app, { headers: { 'last-event-id': id } })
    await app.clock.advance(60)
    expect(second.blocks().some(({ event }) => event === 'revalidate')).toBe(true)
    const lost = await connect(app, { headers: { 'last-event-id': 'nonsense' } })
    expect(lost.blocks().some(({ event }) => event === 'reset')).toBe(true)
  })

  test('starts from the cursor of an answer', async () => {
    const app = serving()
    const { headers } = await app.send('/api/v1/~/posts.list')
    const cursor = headers.get('igniter-cursor') as string
    await app.send('/api/v1/posts', { method: 'POST' })
    const { blocks } = await connect(app, {}, `${path}?cursor=${cursor}`)
    await app.clock.advance(60)
    expect(blocks().some(({ event }) => event === 'revalidate')).toBe(true)
  })

  test.each([
    ['a list for a body', '[]'],
    ['channels that are no list', '{"channels":"news"}'],
    ['101 channels', JSON.stringify({ channels: Array.from({ length: 101 }, (_, i) => `c${i}`) })],
    ['a name of 257 bytes', JSON.stringify({ channels: ['x'.repeat(257)] })],
    ['malformed JSON', '{'],
    ['a cursor that is no text', '{"cursor":1}'],
  ])('%s is 400', async (_, body) => {
    const app = serving()
    const { status, body: answer } = await app.send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect([status, answer.data]).toEqual([400, null])
    expect(app.router.realtime.connections()).toHaveLength(0)
  })
})

describe('changing what it hears', () => {
  const change = (app: ReturnType<typeof serving>, id: string, json: unknown, user?: string) =>
    app.send(`${path}/${id}`, { json, ...(user === undefined ? {} : { headers: { 'x-user': user } }) })

  test('needs the connection and the identity that opened it', async () => {
    const app = serving()
    const { ready, blocks } = await connect(app, { headers: { 'x-user': 'ann' } })
    const answer = await change(app, ready.connection, { subscribe: ['chat:1', 'secret'] }, 'ann')
    expect([answer.status, answer.body]).toEqual([
      200,
      { data: { granted: ['chat:1'], denied: ['secret'] }, error: null },
    ])
    await app.router.realtime.publish('chat:1', 'hi')
    await app.clock.advance(0)
    expect(blocks().some(({ event, data }) => event === 'message' && data?.includes('hi'))).toBe(true)
    for (const other of [
      await change(app, ready.connection, { subscribe: ['chat:1'] }, 'bob'),
      await change(app, ready.connection, { subscribe: ['chat:1'] }),
      await change(app, 'unknown', { subscribe: ['chat:1'] }, 'ann'),
    ]) {
      expect([other.status, other.body.error.code]).toEqual([404, 'NOT_FOUND'])
    }
  })

  test('the connection’s id is in no log', async () => {
    const app = serving()
    const { ready } = await connect(app, { headers: { 'x-user': 'ann' } })
    await change(app, ready.connection, 'nonsense', 'ann')
    await change(app, ready.connection, { subscribe: 5 }, 'ann')
    await change(app, ready.connection, {}, 'bob')
    expect(JSON.stringify([app.logs, app.router.realtime.connections()])).not.toContain(ready.connection)
  })
})

test('closing the router ends connections and tells their clients when to come back', async () => {
  const app = serving()
  const { blocks } = await connect(app)
  await app.close()
  await app.clock.advance(0)
  expect(blocks().at(-1)?.retry).toMatch(/^\d+$/)
  expect(app.router.realtime.connections()).toHaveLength(0)
})
