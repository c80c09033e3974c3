import { describe, expect, onTestFinished, test } from 'vitest'
import { drive } from '../../test/driven.js'
import { type Received, startWireServer } from '../../test/wire-server.js'
import type { Realtime, RealtimeState, RevalidateHandler } from '../index.js'

interface Api {
  readonly posts: Record<string, { query(input?: object): Promise<unknown>; mutate(input?: object): Promise<unknown> }>
  readonly $realtime: Realtime
}

async function setUp(options: object = {}) {
  const server = await startWireServer()
  const { api, clock, waits } = drive({ baseURL: server.url, ...options })
  const states: RealtimeState[] = []
  api.$realtime.onState((state) => states.push(state))
  return { server, clock, waits, api: api as unknown as Api, realtime: api.$realtime, states }
}

const until = async (condition: () => unknown) => {
  while (!condition()) await new Promise(setImmediate)
}
/** Long enough for a request that must not come to have come. */
const settle = async () => {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}
/** Waits until it has gone to sleep after a lost attempt, for `ms`, and lets that time pass. */
const reconnect = async ({ clock, waits, realtime }: Awaited<ReturnType<typeof setUp>>, ms: number) => {
  await until(() => realtime.state !== 'live' && waits.length === 1 && waits[0]! < 15_000)
  expect(waits).toEqual([ms])
  await clock.advance(ms)
}

function ready(request: Received, id?: string, denied: { channels?: string[] } = {}, heartbeat?: number) {
  const { channels = [] } = JSON.parse(request.body) as { channels?: string[] }
  request.stream()
  request.event({
    event: 'ready',
    data: {
      connection: 'c0ffee',
      scopes: { granted: [], denied: [] },
      channels: { granted: channels.filter((name) => !denied.channels?.includes(name)), denied: denied.channels ?? [] },
      ...(heartbeat && { heartbeat }),
    },
    ...(id && { id }),
  })
}

function record(realtime: Realtime) {
  const told: Parameters<RevalidateHandler>[] = []
  const off = realtime.onRevalidate((keys, cursor) => told.push([keys, cursor]))
  return { told, off }
}

describe('the connection', () => {
  test('opens when something listens, is one for all, and closes when nothing does', async () => {
    const { server, realtime, states } = await setUp({ headers: { authorization: 'Bearer 1' } })
    realtime.onReset(() => {})
    await settle()
    expect(realtime.state).toBe('idle')
    const offs = [
      realtime.channel('a').on(() => {}),
      realtime.channel('b').on(() => {}),
      realtime.onRevalidate(() => {}),
    ]
    const request = await server.next()
    expect(request).toMatchObject({ method: 'POST', path: '/api/v1/~/realtime' })
    expect(request.headers).toMatchObject({ authorization: 'Bearer 1', 'content-type': 'application/json' })
    expect(JSON.parse(request.body)).toEqual({ channels: ['a', 'b'] })
    ready(request)
    await until(() => realtime.state === 'live')
    for (const off of offs) off()
    await request.closed
    expect(realtime.state).toBe('idle')
    expect(states).toEqual(['connecting', 'live', 'idle'])
    expect(server.waiting).toBe(0)
  })

  test('components that go and come in one task leave it alone', async () => {
    const { server, realtime } = await setUp()
    const off = realtime.channel('a').on(() => {})
    const request = await server.next()
    ready(request)
    await until(() => realtime.state === 'live')
    off()
    realtime.channel('a').on(() => {})
    await settle()
    expect(server.waiting).toBe(0)
    expect(realtime.state).toBe('live')
  })

  test('messages: to each channel and event, as rich data', async () => {
    const { server, realtime } = await setUp()
    const heard: unknown[] = []
    realtime.channel('chat:1').on((data, { event }) => heard.push(['all', event, data]))
    realtime.channel('chat:1').on((data) => heard.push(['typing', data]), { event: 'typing' })
    realtime.channel('other').on((data) => heard.push(['other', data]))
    const request = await server.next()
    ready(request)
    request.event({
      event: 'message',
      data: { channel: 'chat:1', data: { $date: '1970-01-01T00:00:00.005Z' } },
      id: 'e.1',
    })
    request.event({ event: 'message', data: { channel: 'chat:1', event: 'typing', data: 'ann' }, id: 'e.2' })
    request.event({ event: 'message', data: { channel: 'unknown', data: 1 }, id: 'e.3' })
    request.event({ event: 'invented', data: {}, id: 'e.4' })
    request.event({ event: 'message', data: { channel: 'other', data: null }, id: 'e.5' })
    await until(() => heard.length === 4)
    expect(heard).toEqual([
      ['all', undefined, new Date(5)],
      ['all', 'typing', 'ann'],
      ['typing', 'ann'],
      ['other', null],
    ])
  })

  test('a listener that throws keeps nobody from hearing', async () => {
    const { server, realtime } = await setUp()
    const lost: unknown[] = []
    const onLost = (reason: unknown) => lost.push(reason)
    // Vitest's own listeners would fail the run.
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', onLost)
    onTestFinished(() => {
      process.off('unhandledRejection', onLost)
      for (const other of others) process.on('unhandledRejection', other)
    })
    const heard: unknown[] = []
    realtime.channel('a').on(() => {
      throw new Error('mine')
    })
    realtime.channel('a').on((data) => heard.push(data))
    const request = await server.next()
    ready(request)
    request.event({ event: 'message', data: { channel: 'a', data: 1 }, id: 'e.1' })
    request.event({ event: 'message', data: { channel: 'a', data: 2 }, id: 'e.2' })
    await until(() => heard.length === 2 && lost.length === 2)
    expect(lost).toEqual([new Error('mine'), new Error('mine')])
    expect(realtime.state).toBe('live')
  })

  test('subscriptions change on the live connection, those of one task together', async () => {
    const { server, realtime } = await setUp()
    const off = realtime.channel('a').on(() => {})
    const request = await server.next()
    ready(request)
    await until(() => realtime.state === 'live')
    const refused: string[] = []
    off()
    realtime.channel('b').on(() => {})
    realtime.channel('c').on(() => {}, { onRefused: () => refused.push('c') })
    const change = await server.next()
    expect(change).toMatchObject({ method: 'POST', path: '/api/v1/~/realtime/c0ffee' })
    expect(JSON.parse(change.body)).toEqual({ subscribe: ['b', 'c'], unsubscribe: ['a'] })
    // Changed again meanwhile: told after the answer, and only the difference.
    realtime.channel('d').on(() => {})
    await settle()
    expect(server.waiting).toBe(0)
    change.json({ data: { granted: ['b'], denied: ['c'] }, error: null })
    const second = await server.next()
    expect(JSON.parse(second.body)).toEqual({ subscribe: ['d'], unsubscribe: [] })
    second.json({ data: { granted: ['d'], denied: [] }, error: null })
    await settle()
    expect(refused).toEqual(['c'])
    expect(server.waiting).toBe(0)
    expect(realtime.state).toBe('live')
  })

  test('channels that the server refuses at once are told so', async () => {
    const { server, realtime } = await setUp()
    const refused: string[] = []
    realtime.channel('a').on(() => {}, { onRefused: () => refused.push('a') })
    realtime.channel('b').on(() => {}, { onRefused: () => refused.push('b') })
    ready(await server.next(), 'e.1', { channels: ['b'] })
    await until(() => refused.length)
    expect(refused).toEqual(['b'])
  })

  test('too many channels are refused without losing the connection', async () => {
    const { server, realtime } = await setUp()
    const refused: string[] = []
    realtime.channel('a').on(() => {})
    const request = await server.next()
    ready(request)
    await until(() => realtime.state === 'live')
    realtime.channel('b').on(() => {}, { onRefused: () => refused.push('b') })
    ;(await server.next()).json({ data: null, error: { code: 'BAD_REQUEST', message: 'Too many.' } }, 400)
    await until(() => refused.length)
    expect(realtime.state).toBe('live')
  })

  test('a change that finds no connection reconnects with all channels', async () => {
    const set = await setUp()
    const { server, realtime, states } = set
    realtime.channel('a').on(() => {})
    const first = await server.next()
    ready(first, 'e.4')
    await until(() => realtime.state === 'live')
    realtime.channel('b').on(() => {})
    ;(await server.next()).json({ data: null, error: { code: 'NOT_FOUND', message: 'Gone.' } }, 404)
    await first.closed
    await reconnect(set, 1000)
    const again = await server.next()
    expect(again.path).toBe('/api/v1/~/realtime')
    expect(JSON.parse(again.body)).toEqual({ channels: ['a', 'b'], cursor: 'e.4' })
    ready(again, 'e.4')
    await until(() => realtime.state === 'live')
    expect(states).toEqual(['connecting', 'live', 'connecting', 'live'])
  })

  test('declared scopes travel with it; a change reconnects at once, the same ones do not', async () => {
    const { server, realtime } = await setUp()
    realtime.onRevalidate(() => {})
    realtime.declareScopes(['user:1', 'org:2'])
    const first = await server.next()
    expect(JSON.parse(first.body).scopes).toEqual(['org:2', 'user:1'])
    ready(first, 'e.3')
    await until(() => realtime.state === 'live')
    realtime.declareScopes(['org:2', 'user:1', 'org:2'])
    await settle()
    expect(server.waiting).toBe(0)
    realtime.declareScopes(['org:2'])
    const second = await server.next()
    expect(JSON.parse(second.body)).toEqual({ channels: [], scopes: ['org:2'], cursor: 'e.3' })
  })

  test('close() ends everything, and listening again begins anew', async () => {
    const { server, realtime, clock } = await setUp()
    const { told } = record(realtime)
    const request = await server.next()
    ready(request, 'e.1')
    await until(() => realtime.state === 'live')
    realtime.close()
    await request.closed
    await settle()
    expect(realtime.state).toBe('idle')
    expect(clock.pending).toBe(0)
    record(realtime)
    const again = await server.next()
    ready(again, 'e.1')
    again.event({ event: 'revalidate', data: { keys: ['posts'] }, id: 'e.2' })
    await until(() => realtime.state === 'live')
    await settle()
    expect(told).toEqual([])
  })

  test('close() while it waits to reconnect leaves no timer', async () => {
    const { server, realtime, clock } = await setUp()
    record(realtime)
    ;(await server.next()).response.destroy()
    await until(() => realtime.state === 'offline')
    realtime.close()
    await settle()
    expect(clock.pending).toBe(0)
    await clock.advance(60_000)
    expect(server.waiting).toBe(0)
  })
})

describe('reconnecting', () => {
  test('from where it stood, heartbeats included; offline after an attempt that fails', async () => {
    let count = 0
    const set = await setUp({ headers: () => ({ 'x-try': String(++count) }) })
    const { server, realtime, states } = set
    const { told } = record(realtime)
    const first = await server.next()
    ready(first, 'e.1')
    first.event({ event: 'revalidate', data: { keys: ['posts'] }, id: 'e.2' })
    first.response.write('id: e.5\n\n')
    await until(() => told.length)
    await settle()
    first.response.destroy()
    await reconnect(set, 1000)
    const second = await server.next()
    expect(JSON.parse(second.body)).toEqual({ channels: [], cursor: 'e.5' })
    expect(second.headers['x-try']).toBe('2')
    second.response.destroy()
    // The longer it is away, the longer it waits.
    await reconnect(set, 2000)
    const third = await server.next()
    ready(third, 'e.5')
    await until(() => realtime.state === 'live')
    expect(states).toEqual(['connecting', 'live', 'connecting', 'offline', 'live'])
    expect(told).toEqual([[['posts'], 'e.2']])
  })

  test('waits at most 10 s, for ever', async () => {
    const set = await setUp()
    const { server, realtime } = set
    record(realtime)
    for (let failures = 0; failures < 8; failures++) {
      ;(await server.next()).response.destroy()
      await reconnect(set, Math.min(5000, 1000 * 2 ** failures))
    }
    ready(await server.next(), 'e.1')
    await until(() => realtime.state === 'live')
  })

  test.each([
    ['a proxy that ends it', (request: Received) => request.response.end(), 1000],
    [
      'a server that says when to come back',
      (request: Received) => (request.event({ retry: 300 }), request.response.end()),
      800,
    ],
  ])('after %s', async (_, end, wait) => {
    const set = await setUp()
    const { server, realtime, states } = set
    record(realtime)
    const first = await server.next()
    ready(first, 'e.1')
    await until(() => realtime.state === 'live')
    end(first)
    await reconnect(set, wait)
    ready(await server.next(), 'e.1')
    await until(() => realtime.state === 'live')
    expect(states).toEqual(['connecting', 'live', 'connecting', 'live'])
  })

  const failure = { data: null, error: { code: 'SERVICE_UNAVAILABLE', message: 'Later.' } }
  test.each([
    ['503 with Retry-After', (request: Received) => request.json(failure, 503, { 'retry-after': '7' }), 7500],
    ['429 with Retry-After', (request: Received) => request.json(failure, 429, { 'retry-after': '2' }), 2500],
    ['503', (request: Received) => request.json(failure, 503), 1000],
    ['204', (request: Received) => request.response.writeHead(204).end(), 1000],
    ['404', (request: Received) => request.json(failure, 404), 1000],
    [
      'a page',
      (request: Received) => request.response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      1000,
    ],
    ['garbage', (request: Received) => (request.stream(), request.response.end('event: ready\ndata: {\n\n')), 1000],
  ])('after %s', async (_, answer, wait) => {
    const set = await setUp()
    const { server, realtime } = set
    record(realtime)
    answer(await server.next())
    await until(() => realtime.state === 'offline')
    await reconnect(set, wait)
    ready(await server.next(), 'e.1')
    await until(() => realtime.state === 'live')
  })

  test('after 2.5 heartbeats without a byte, as long as the server says they are', async () => {
    const { server, realtime, clock } = await setUp()
    record(realtime)
    const first = await server.next()
    ready(first, 'e.1', {}, 1000)
    await until(() => realtime.state === 'live')
    await clock.advance(2000)
    first.response.write(':\n\n')
    await settle()
    await clock.advance(2499)
    expect(realtime.state).toBe('live')
    await clock.advance(1)
    await first.closed
    await until(() => realtime.state === 'connecting')
    await clock.advance(1000)
    expect(JSON.parse((await server.next()).body)).toEqual({ channels: [], cursor: 'e.1' })
  })

  test('also when nothing comes at all', async () => {
    const { server, realtime, clock } = await setUp()
    record(realtime)
    const first = await server.next()
    await clock.advance(37_500)
    await first.closed
    expect(realtime.state).toBe('offline')
  })

  test('what came with the last bytes but was not heard comes again', async () => {
    const { server, realtime } = await setUp()
    const heard: unknown[] = []
    const off = realtime.channel('a').on((data) => {
      heard.push(data)
      off()
    })
    const first = await server.next()
    ready(first, 'e.1')
    await until(() => realtime.state === 'live')
    const message = (n: number) => `event: message\ndata: {"channel":"a","data":${n}}\nid: e.${n}\n\n`
    first.response.write(message(2) + message(3))
    await first.closed
    expect(heard).toEqual([2])
    realtime.channel('a').on((data) => heard.push(data))
    const second = await server.next()
    expect(JSON.parse(second.body).cursor).toBe('e.2')
  })
})

describe('a page', () => {
  const open = async () => {
    const page = Object.assign(new EventTarget(), { hidden: false })
    const addEventListener: typeof page.addEventListener = (...listener) => page.addEventListener(...listener)
    Object.assign(globalThis, { document: page, addEventListener })
    onTestFinished(() => {
      Reflect.deleteProperty(globalThis, 'document')
      Reflect.deleteProperty(globalThis, 'addEventListener')
    })
    const set = await setUp()
    return { ...set, page }
  }

  test('that comes back online tries at once', async () => {
    const { server, realtime, page, clock } = await open()
    record(realtime)
    ;(await server.next()).response.destroy()
    await until(() => realtime.state === 'offline' && clock.pending === 1)
    page.dispatchEvent(new Event('online'))
    ready(await server.next(), 'e.1')
    await until(() => realtime.state === 'live')
  })

  test('that goes offline says so at once, and keeps trying', async () => {
    const { server, realtime, page, clock } = await open()
    record(realtime)
    const first = await server.next()
    ready(first, 'e.1')
    await until(() => realtime.state === 'live')
    page.dispatchEvent(new Event('offline'))
    expect(realtime.state).toBe('offline')
    await first.closed
    await until(() => clock.pending === 1)
    await clock.advance(1000)
    ready(await server.next(), 'e.1')
    await until(() => realtime.state === 'live')
  })

  test('that wakes up after a sleep does not trust its connection; one that only was hidden does', async () => {
    const { server, realtime, page, clock } = await open()
    record(realtime)
    const first = await server.next()
    ready(first, 'e.1', {}, 1000)
    await until(() => realtime.state === 'live')
    page.dispatchEvent(new Event('visibilitychange'))
    page.dispatchEvent(new Event('pageshow'))
    await settle()
    expect(server.waiting).toBe(0)
    await clock.advance(1501)
    page.hidden = true
    page.dispatchEvent(new Event('visibilitychange'))
    await settle()
    expect(server.waiting).toBe(0)
    page.hidden = false
    page.dispatchEvent(new Event('visibilitychange'))
    expect(JSON.parse((await server.next()).body).cursor).toBe('e.1')
    await first.closed
  })

  test('is listened to only while there is a connection', async () => {
    const { server, realtime, page } = await open()
    const listening = new Set<string>()
    const { addEventListener } = page
    page.addEventListener = (type: string, listener: never, options: AddEventListenerOptions) => {
      listening.add(type)
      options.signal!.addEventListener('abort', () => listening.delete(type))
      addEventListener.call(page, type, listener, options)
    }
    const { off } = record(realtime)
    await server.next()
    expect([...listening].sort()).toEqual(['offline', 'online', 'pageshow', 'visibilitychange'])
    off()
    await settle()
    expect(listening.size).toBe(0)
  })
})

describe('denied', () => {
  const denial = { data: null, error: { code: 'UNAUTHORIZED', message: 'Sign in.' } }

  test('asks the application, and connects again when that has resolved', async () => {
    let resolve = () => {}
    let asked = 0
    let token = 'old'
    const { server, realtime, states } = await setUp({
      headers: () => ({ authorization: token }),
      onDenied: () => {
        asked++
        return new Promise<void>((done) => (resolve = done))
      },
    })
    record(realtime)
    ;(await server.next()).json(denial, 401)
    await until(() => asked)
    expect(realtime.state).toBe('denied')
    await settle()
    expect(server.waiting).toBe(0)
    token = 'new'
    resolve()
    const again = await server.next()
    expect(again.headers.authorization).toBe('new')
    ready(again, 'e.1')
    await until(() => realtime.state === 'live')
    expect(states).toEqual(['connecting', 'denied', 'live'])
    expect(asked).toBe(1)
  })

  test('backs off when it goes on being denied, and when the application fails', async () => {
    let asked = 0
    const set = await setUp({
      onDenied: () => {
        if (++asked === 2) throw new Error('no network')
      },
    })
    const { server, realtime } = set
    record(realtime)
    ;(await server.next()).json(denial, 403)
    ;(await server.next()).json(denial, 403)
    await reconnect(set, 2000)
    ;(await server.next()).json(denial, 403)
    await reconnect(set, 4000)
    ready(await server.next(), 'e.1')
    await until(() => realtime.state === 'live')
    expect(asked).toBe(3)
  })

  test('with nobody to ask it waits, and reset() tries again', async () => {
    const { server, realtime, clock } = await setUp()
    record(realtime)
    ;(await server.next()).json(denial, 401)
    await until(() => realtime.state === 'denied')
    await settle()
    expect(clock.pending).toBe(0)
    realtime.reset()
    ready(await server.next(), 'e.1')
    await until(() => realtime.state === 'live')
  })

  test('the application is asked once at a time', async () => {
    let asked = 0
    const { server, realtime } = await setUp({ onDenied: () => (asked++, new Promise(() => {})) })
    record(realtime)
    for (let turn = 0; turn < 3; turn++) {
      ;(await server.next()).json(denial, 401)
      await settle()
      realtime.reset()
    }
    await server.next()
    expect(asked).toBe(1)
  })
})

describe('fresh, and not twice', () => {
  const live = async () => {
    const set = await setUp()
    const recorded = record(set.realtime)
    const connection = await set.server.next()
    ready(connection, 'e.10')
    await until(() => set.realtime.state === 'live')
    const revalidate = (id: string, ...keys: unknown[]) => connection.event({ event: 'revalidate', data: { keys }, id })
    /** Resolves when all that was sent so far has been heard. */
    const heard = async () => {
      const mark = `mark.${Math.random()}`
      connection.event({ event: 'revalidate', data: { keys: [mark] } })
      await until(() => recorded.told.some(([keys]) => keys[0] === mark))
      recorded.told.splice(
        recorded.told.findIndex(([keys]) => keys[0] === mark),
        1,
      )
    }
    const mutate = async (id: string, ...keys: unknown[]) => {
      const result = set.api.posts.create!.mutate()
      const request = await set.server.next()
      request.json({ data: 1, error: null }, 200, { 'igniter-revalidate': JSON.stringify({ id, keys }) })
      return result
    }
    return { ...set, ...recorded, connection, revalidate, heard, mutate }
  }

  test('its own mutation is told at once, and its event is not told again', async () => {
    const { told, mutate, revalidate, heard } = await live()
    await mutate('e.11', 'posts.list', { key: 'posts.get', params: { id: '1' } })
    expect(told).toEqual([[['posts.list', { key: 'posts.get', params: { id: '1' } }], 'e.11']])
    revalidate('e.11', 'posts.list', { key: 'posts.get', params: { id: '1' } })
    await heard()
    expect(told).toHaveLength(1)
  })

  test('nor when the event is faster than the answer', async () => {
    const { told, mutate, revalidate, heard } = await live()
    revalidate('e.11', 'posts.list')
    await heard()
    await mutate('e.11', 'posts.list')
    expect(told).toEqual([[['posts.list'], 'e.11']])
  })

  test('what others changed is told: merged with its own event, before it or after it', async () => {
    const { told, mutate, revalidate, heard } = await live()
    await mutate('e.12', 'posts.list')
    revalidate('e.12', 'users.list', 'posts.list')
    revalidate('e.14', 'posts.list')
    await heard()
    expect(told.slice(1)).toEqual([
      [['users.list'], 'e.12'],
      [['posts.list'], 'e.14'],
    ])
  })

  test('a block without an id of its own is always told', async () => {
    const { told, mutate, connection, heard } = await live()
    await mutate('e.12', 'posts.list')
    connection.event({ event: 'revalidate', data: { keys: ['posts.list'] } })
    await heard()
    expect(told).toHaveLength(2)
  })

  test('an answer that names several events: each key is told once, and none of the events again', async () => {
    const { api, server, told, revalidate, heard } = await live()
    const result = api.posts.create!.mutate()
    const notices = ['{"id":"e.11","keys":["posts","users"]}', '{"id":"e.12","keys":["posts"]}']
    ;(await server.next()).json({ data: 1, error: null }, 200, { 'igniter-revalidate': notices.join(', ') })
    await result
    expect(told).toEqual([
      [['posts'], 'e.12'],
      [['users'], 'e.11'],
    ])
    revalidate('e.11', 'posts', 'users')
    revalidate('e.12', 'posts')
    await heard()
    expect(told).toHaveLength(2)
  })

  test('a header that is nonsense does no harm', async () => {
    const { api, server, told } = await live()
    const result = api.posts.create!.mutate()
    ;(await server.next()).json({ data: 1, error: null }, 200, { 'igniter-revalidate': '{"id":' })
    expect(await result).toEqual({ data: 1, error: null })
    expect(told).toEqual([])
  })

  test('an answer that was on its way when something changed is asked for again', async () => {
    const { api, server, told, revalidate, heard, clock } = await live()
    const slow = api.posts.list!.query({ query: { page: 2 }, headers: { 'x-a': '1' } })
    const other = api.posts.other!.query()
    const requests = [await server.next(), await server.next()]
    revalidate('e.11', 'posts.list')
    await heard()
    for (const request of requests) request.json({ data: 'old', error: null }, 200, { 'igniter-cursor': 'e.10' })
    await Promise.all([slow, other])
    expect(told).toHaveLength(1)
    await clock.advance(1)
    expect(told.slice(1)).toEqual([[[{ key: 'posts.list', query: { page: 2 } }], '']])
  })

  test('not when its data covers the change, nor when it began after it', async () => {
    const { api, server, told, revalidate, heard, clock } = await live()
    const slow = api.posts.list!.query()
    const request = await server.next()
    revalidate('e.11', 'posts')
    await heard()
    request.json({ data: 'new', error: null }, 200, { 'igniter-cursor': 'e.11' })
    await slow
    // An instance may lag behind with its cursor, but not with its data.
    const late = api.posts.list!.query()
    ;(await server.next()).json({ data: 'new', error: null }, 200, { 'igniter-cursor': 'e.10' })
    await late
    await clock.advance(1)
    expect(told).toHaveLength(1)
  })

  test('data rendered elsewhere is asked for again when it has missed something', async () => {
    const { realtime, told, clock, revalidate, heard } = await live()
    realtime.track({ key: 'posts.list' }, 'e.10')
    await clock.advance(1)
    expect(told).toEqual([])
    realtime.track({ key: 'posts.list' }, 'e.9')
    await clock.advance(1)
    expect(told).toEqual([[[{ key: 'posts.list' }], '']])
    revalidate('e.11', 'users')
    await heard()
    realtime.track({ key: 'posts.list' }, 'e.10')
    await clock.advance(1)
    expect(told).toHaveLength(2)
  })
})

describe('where it begins', () => {
  const answer = async (server: { next(): Promise<Received> }, cursor: string) =>
    (await server.next()).json({ data: 1, error: null }, 200, { 'igniter-cursor': cursor })

  test('at the oldest position of the answers before it', async () => {
    const { server, api, realtime } = await setUp()
    for (const cursor of ['e.9', 'e.7', 'e.8']) {
      const result = api.posts.list!.query()
      await answer(server, cursor)
      await result
    }
    realtime.track({ key: 'posts.get' }, 'e.6')
    record(realtime)
    expect(JSON.parse((await server.next()).body)).toEqual({ channels: [], cursor: 'e.6' })
  })

  test('waits for queries under way, so that it knows', async () => {
    const { server, api, realtime } = await setUp()
    const result = api.posts.list!.query()
    record(realtime)
    const request = await server.next()
    await settle()
    expect(server.waiting).toBe(0)
    request.json({ data: 1, error: null }, 200, { 'igniter-cursor': 'e.5' })
    await result
    expect(JSON.parse((await server.next()).body)).toEqual({ channels: [], cursor: 'e.5' })
  })

  test('but for a second only; a slow answer is asked for again if it has missed something', async () => {
    const { server, api, realtime, clock } = await setUp()
    const results = [api.posts.list!.query(), api.posts.get!.query()]
    const { told } = record(realtime)
    const requests = [await server.next(), await server.next()]
    await clock.advance(1000)
    const connection = await server.next()
    expect(JSON.parse(connection.body)).toEqual({ channels: [] })
    ready(connection, 'e.10')
    await until(() => realtime.state === 'live')
    const cursors: Record<string, string> = { '/api/v1/~/posts.list': 'e.10', '/api/v1/~/posts.get': 'e.9' }
    for (const { path, json } of requests) json({ data: 1, error: null }, 200, { 'igniter-cursor': cursors[path]! })
    await Promise.all(results)
    await clock.advance(1)
    expect(told).toEqual([[[{ key: 'posts.get' }], '']])
  })

  test('an answer from before the attempt under way makes it begin earlier', async () => {
    const { server, api, realtime, clock } = await setUp()
    const result = api.posts.list!.query()
    record(realtime)
    const request = await server.next()
    await clock.advance(1000)
    const first = await server.next()
    request.json({ data: 1, error: null }, 200, { 'igniter-cursor': 'e.5' })
    await result
    await first.closed
    expect(JSON.parse((await server.next()).body)).toEqual({ channels: [], cursor: 'e.5' })
  })

  test('later answers do not move what has been heard', async () => {
    const set = await setUp()
    const { server, api, realtime } = set
    const { off } = record(realtime)
    const first = await server.next()
    ready(first, 'e.10')
    await until(() => realtime.state === 'live')
    off()
    await first.closed
    const result = api.posts.list!.query()
    await answer(server, 'e.20')
    await result
    record(realtime)
    expect(JSON.parse((await server.next()).body)).toEqual({ channels: [], cursor: 'e.10' })
  })
})

describe('reset', () => {
  test('of the server: everything is to be fetched again, and it goes on from there', async () => {
    const set = await setUp()
    const { server, realtime } = set
    const { told } = record(realtime)
    let resets = 0
    realtime.onReset(() => resets++)
    const first = await server.next()
    ready(first, 'e.10')
    await until(() => realtime.state === 'live')
    first.response.destroy()
    await reconnect(set, 1000)
    const second = await server.next()
    expect(JSON.parse(second.body).cursor).toBe('e.10')
    ready(second)
    second.event({ event: 'reset', data: { reason: 'epoch' }, id: 'f.2' })
    await until(() => resets)
    second.event({ event: 'revalidate', data: { keys: ['posts'] }, id: 'f.3' })
    await until(() => told.length)
    second.response.destroy()
    await reconnect(set, 1000)
    expect(JSON.parse((await server.next()).body).cursor).toBe('f.3')
    expect(resets).toBe(1)
  })

  test('lost between ready and reset: it is told again', async () => {
    const set = await setUp()
    const { server, realtime } = set
    record(realtime)
    const first = await server.next()
    ready(first, 'e.10')
    await until(() => realtime.state === 'live')
    first.response.destroy()
    await reconnect(set, 1000)
    const second = await server.next()
    ready(second)
    await until(() => realtime.state === 'live')
    second.response.destroy()
    await reconnect(set, 1000)
    expect(JSON.parse((await server.next()).body).cursor).toBe('e.10')
  })

  test('by the application: forgets, tells, and connects at once as who it is now', async () => {
    let token = 'ann'
    const { server, api, realtime, clock } = await setUp({ headers: () => ({ authorization: token }) })
    const { told } = record(realtime)
    let resets = 0
    realtime.onReset(() => resets++)
    const first = await server.next()
    ready(first, 'e.10')
    await until(() => realtime.state === 'live')
    const slow = api.posts.list!.query()
    const request = await server.next()
    token = 'bob'
    realtime.reset()
    expect(resets).toBe(1)
    await first.closed
    // What Ann asked for is not what Bob sees.
    request.json({ data: 'of ann', error: null }, 200, { 'igniter-cursor': 'e.10' })
    await slow
    const second = await server.next()
    expect(second.headers.authorization).toBe('bob')
    expect(JSON.parse(second.body)).toEqual({ channels: [] })
    await clock.advance(1)
    expect(told).toEqual([[[{ key: 'posts.list' }], '']])
  })
})
