import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { IgniterError } from './error.js'
import { Heartbeat } from './heartbeat.js'
import type { Store, Subscription } from './store/store.js'
import { EventStream, type StreamEvent, type StreamOptions } from './stream.js'
import { createTestClock } from './testing/clock.js'
import { createSinkRecorder } from './testing/recorder.js'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const kilobyte = 'x'.repeat(1024)

const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', note)
  if (unhandled.length > 0) throw new AggregateError(unhandled, 'unhandled rejections')
})

/** A stream with all that the pipeline gives it, and what it said. */
function setUp<E = StreamEvent>(options: Partial<StreamOptions> = {}) {
  const clock = createTestClock()
  const heartbeat = new Heartbeat({ clock })
  const logs: { level: string; message: string; err: unknown }[] = []
  const log =
    (level: string) =>
    (fields: object | string, message = String(fields)) => {
      logs.push({ level, message, err: (fields as { err?: unknown }).err })
    }
  const reported: unknown[] = []
  const stream = new EventStream<E>({
    clock,
    heartbeat,
    logger: { debug: log('debug'), warn: log('warn'), error: log('error') },
    encode: (data) => JSON.stringify(data),
    onError(error) {
      reported.push(error)
      return { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong.', requestId: 'r1' }
    },
    ...options,
  })
  const sink = createSinkRecorder()
  const levels = () => logs.map(({ level }) => level)
  return { clock, heartbeat, logs, levels, reported, stream, sink }
}

/** Whether the promise has settled once everything that can go on has gone on. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const mark = () => {
    settled = true
  }
  promise.then(mark, mark)
  await turn()
  return settled
}

const failureEvent =
  'event: error\ndata: {"code":"INTERNAL_SERVER_ERROR","message":"Something went wrong.","requestId":"r1"}\n\n'

/** What `await` makes of something, which is not what `then` makes of it when that is wrong. */
async function awaiting<T>(thenable: PromiseLike<T>): Promise<T> {
  const value = await thenable
  return value
}

describe('send', () => {
  test('writes events in the order of calls, before and after the start', async () => {
    const { stream, sink } = setUp()
    const before = stream.send({ event: 'a', data: 1 })
    await stream.comment('two\nlines')
    stream.start(sink)
    await before
    await stream.send({ id: 'x-1', retry: 500, data: { b: [2] } })
    void stream.send({ data: 'text' })
    void stream.comment()
    expect(sink.text).toBe(
      'event: a\ndata: 1\n\n: two\n: lines\n\nid: x-1\nretry: 500\ndata: {"b":[2]}\n\ndata: "text"\n\n: \n\n',
    )
  })

  test('data is JSON always, and absent data is null', async () => {
    const { stream, sink } = setUp()
    stream.start(sink)
    await stream.send({ data: 'a\nb' })
    await stream.send({ data: undefined })
    await stream.send({ event: 'ping' })
    await stream.send({ data: null, id: 7 })
    expect(sink.text).toBe('data: "a\\nb"\n\ndata: null\n\nevent: ping\ndata: null\n\nid: 7\ndata: null\n\n')
  })

  test('an id or a retry alone dispatches nothing', async () => {
    const { stream, sink } = setUp()
    stream.start(sink)
    await stream.send({ id: 'p-9' })
    await stream.send({ retry: 2000 })
    expect(sink.text).toBe('id: p-9\n\nretry: 2000\n\n')
  })

  test('data travels through the injected encoding', async () => {
    const { stream, sink } = setUp({ encode: (data) => `<${typeof data}>` })
    stream.start(sink)
    await stream.send({ data: 5n })
    expect(sink.text).toBe('data: <bigint>\n\n')
  })

  test('an error of the framework from the encoding stays what it is', async () => {
    const error = new IgniterError({ code: 'PAYLOAD_TOO_LARGE', message: 'too large' })
    const { stream } = setUp({
      encode() {
        throw error
      },
    })
    await expect(stream.send({ data: 1 })).rejects.toBe(error)
  })

  const circular: { self?: unknown } = {}
  circular.self = circular
  test.each<[string, unknown]>([
    ['a line end in the name', { event: 'a\nb', data: 1 }],
    ['a lone CR in the id', { id: 'a\rdata: x', data: 1 }],
    ['NUL in the id', { id: '\0', data: 1 }],
    ['a lone surrogate in the name', { event: '\ud800', data: 1 }],
    ['a negative retry', { retry: -1, data: 1 }],
    ['a fractional retry', { retry: 1.5, data: 1 }],
    ['a fractional id', { id: 1.5, data: 1 }],
    ['a circular value', { data: circular }],
    ['a BigInt in plain JSON', { data: 1n }],
    ['a function', { data: () => 1 }],
    ['a symbol', { data: Symbol('s') }],
    ['a bare string', 'text'],
    ['a bare number', 5],
    ['null', null],
    ['undefined', undefined],
    ['an array', [1]],
    ['an empty object', {}],
    ['an object that was meant as data', { id: 'p1', title: 'Post' }],
    ['a promise', Promise.resolve({ data: 1 })],
  ])('rejects %s, and writes nothing', async (_, event) => {
    const { stream, sink } = setUp()
    stream.start(sink)
    const rejected = stream.send(event as StreamEvent)
    await expect(rejected).rejects.toMatchObject({ code: 'INVALID_EVENT', message: expect.stringMatching(/^send: /) })
    await stream.send({ data: 'next' })
    expect(sink.text).toBe('data: "next"\n\n')
  })

  test('a refusal that nobody awaits is logged once and stays without consequence', async () => {
    const { stream, sink, logs } = setUp()
    void stream.send({ event: '\n', data: 1 })
    stream.start(sink)
    void stream.send({ event: '\n', data: 1 })
    await turn()
    expect(logs).toMatchObject([{ level: 'warn', err: { code: 'INVALID_EVENT' } }])
    expect(stream.closed).toBe(false)
    expect(sink.text).toBe('')
  })

  test('asks the event schemas, by the name readers will see', async () => {
    const asked: unknown[] = []
    const { stream, sink } = setUp({
      validate(event, data) {
        asked.push([event, data])
        if (event === 'bad') throw new IgniterError({ code: 'VALIDATION_ERROR', message: 'no' })
        return { checked: data }
      },
    })
    stream.start(sink)
    await stream.send({ event: 'good', data: 1 })
    await stream.send({ data: 2 })
    await expect(stream.send({ event: 'bad', data: 3 })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    await stream.send({ id: '4' })
    expect(asked).toEqual([
      ['good', 1],
      ['message', 2],
      ['bad', 3],
    ])
    expect(sink.text).toBe('event: good\ndata: {"checked":1}\n\ndata: {"checked":2}\n\nid: 4\n\n')
  })
})

describe('a slow client', () => {
  test('makes send wait until it has caught up', async () => {
    const { stream, sink } = setUp()
    stream.start(sink)
    sink.pause()
    expect(await isSettled(stream.send({ data: 'small' }))).toBe(true)
    const large = stream.send({ data: 'x'.repeat(20_000) })
    const after = stream.send({ data: 'after' })
    expect(await isSettled(large)).toBe(false)
    sink.take(20_000)
    expect(await isSettled(large)).toBe(false)
    sink.resume()
    await Promise.all([large, after])
    expect(await isSettled(stream.send({ data: 1 }))).toBe(true)
  })

  test('an awaited event may be larger than the buffer', async () => {
    const { stream, sink } = setUp()
    stream.start(sink)
    sink.pause()
    const large = stream.send({ data: 'x'.repeat(1_000_000) })
    expect(await isSettled(large)).toBe(false)
    sink.resume()
    await large
    expect(sink.state).toBe('open')
    expect(sink.text.length).toBeGreaterThan(1_000_000)
  })

  test('is cut when more than 256 KiB of un-awaited sends wait for it', async () => {
    const { stream, sink, logs } = setUp()
    let cleanups = 0
    stream.onClose(() => cleanups++)
    stream.start(sink)
    sink.pause()
    let most = 0
    for (let i = 0; i < 1000; i++) {
      void stream.send({ data: kilobyte })
      most = Math.max(most, sink.buffered)
    }
    expect(sink.state).toBe('cut')
    expect(most).toBeGreaterThan(250 * 1024)
    expect(most).toBeLessThanOrEqual(256 * 1024)
    expect(cleanups).toBe(1)
    expect(logs).toMatchObject([{ level: 'warn', message: expect.stringContaining('256 KiB') }])
  })

  test('sends that wait resolve when the stream ends', async () => {
    for (const end of ['close', 'cut', 'leave'] as const) {
      const { stream, sink } = setUp()
      stream.start(sink)
      sink.pause()
      const waiting = stream.send({ data: 'x'.repeat(20_000) })
      expect(await isSettled(waiting)).toBe(false)
      if (end === 'leave') sink.leave()
      else stream[end]()
      expect(await isSettled(waiting)).toBe(true)
    }
  })
})

describe('before the start', () => {
  test('256 KiB are queued, then send waits for the start', async () => {
    const { stream, sink } = setUp()
    let sent = 0
    const loop = (async () => {
      for (; sent < 300; sent++) await stream.send({ data: kilobyte })
    })()
    while (sent < 200) await turn()
    expect(await isSettled(loop)).toBe(false)
    expect(sent).toBeLessThan(256)
    stream.start(sink)
    await loop
    expect(sink.text.split('\n\n').length - 1).toBe(300)
  })

  test('a flood that nobody awaits ends the stream instead of filling the memory', () => {
    const { stream, sink, levels } = setUp()
    for (let i = 0; i < 1000; i++) void stream.send({ data: kilobyte })
    expect(stream.closed).toBe(true)
    expect(levels()).toEqual(['warn'])
    stream.start(sink)
    expect(sink.state).toBe('cut')
    expect(sink.text).toBe('')
  })

  test('what was sent before an early close still arrives', () => {
    const { stream, sink, heartbeat } = setUp()
    void stream.send({ data: 1 })
    stream.close()
    stream.start(sink)
    expect(sink.text).toBe('data: 1\n\n')
    expect(sink.state).toBe('ended')
    expect(heartbeat.size).toBe(0)
  })

  test('a stream that will never be started can be cut, and a door that comes late is cut too', () => {
    const { stream, sink, heartbeat } = setUp()
    let cleanups = 0
    stream.onClose(() => cleanups++)
    void stream.send({ data: 1 })
    stream.cut()
    expect(cleanups).toBe(1)
    stream.start(sink)
    expect([sink.state, sink.text, cleanups, heartbeat.size]).toEqual(['cut', '', 1, 0])
  })

  test('a client that left before the start ends the stream at the start', () => {
    const { stream, sink, heartbeat } = setUp()
    let cleanups = 0
    stream.onClose(() => cleanups++)
    sink.leave()
    stream.start(sink)
    expect([stream.closed, cleanups, heartbeat.size]).toEqual([true, 1, 0])
  })

  test('onStart runs when a client reads, and never when none does', () => {
    const { stream, sink } = setUp()
    const calls: string[] = []
    stream.onStart(() => calls.push('early'))
    expect(calls).toEqual([])
    stream.start(sink)
    stream.onStart(() => calls.push('late'))
    expect(calls).toEqual(['early', 'late'])
    const { stream: never, sink: other } = setUp()
    never.onStart(() => calls.push('never'))
    never.cut()
    never.start(other)
    never.onStart(() => calls.push('never'))
    expect(calls).toEqual(['early', 'late'])
  })

  test('a stream that is returned twice keeps its first client', () => {
    const { stream, sink, levels } = setUp()
    const second = createSinkRecorder()
    stream.start(sink)
    stream.start(second)
    void stream.send({ data: 1 })
    expect([sink.state, sink.text, second.state, levels()]).toEqual(['open', 'data: 1\n\n', 'cut', ['error']])
  })
})

describe('the end', () => {
  const ends: [string, (world: ReturnType<typeof setUp>) => void, string][] = [
    ['the client', ({ sink }) => sink.leave(), 'left'],
    ['the handler', ({ stream }) => stream.close(), 'ended'],
    ['an error', ({ stream }) => stream.fail(new Error('boom')), 'ended'],
    ['the server', ({ stream }) => stream.cut(), 'cut'],
    ['shutdown', ({ heartbeat }) => heartbeat.close(), 'ended'],
  ]
  test.each(ends)('by %s runs each cleanup once, at once, and aborts the signal', async (_, end, state) => {
    const world = setUp()
    const { stream, sink, heartbeat, clock } = world
    const calls: string[] = []
    const { signal } = stream
    signal.addEventListener('abort', () => calls.push('abort'))
    stream.onClose(() => calls.push('a'))
    const undo = stream.onClose(() => calls.push('undone'))
    stream.onClose(() => calls.push('b'))
    undo()
    stream.start(sink)
    expect([signal.aborted, stream.closed]).toEqual([false, false])
    end(world)
    expect(calls).toEqual(['abort', 'a', 'b'])
    for (const [, again] of ends) again(world)
    expect([calls.length, signal.aborted, stream.closed, sink.state]).toEqual([3, true, true, state])
    expect([heartbeat.size, clock.pending]).toEqual([0, 0])
  })

  test('a cleanup registered after the end runs at once', () => {
    const { stream } = setUp()
    stream.close()
    let ran = 0
    stream.onClose(() => ran++)()
    expect(ran).toBe(1)
    expect(stream.signal.aborted).toBe(true)
  })

  test('a cleanup that throws or rejects is logged and stops no other', async () => {
    const { stream, sink, logs } = setUp()
    const ran: number[] = []
    stream.onClose(() => {
      ran.push(1)
      throw new Error('first')
    })
    stream.onClose(async () => {
      ran.push(2)
      throw new Error('second')
    })
    stream.onClose(() => ran.push(3))
    stream.start(sink)
    sink.leave()
    expect(ran).toEqual([1, 2, 3])
    await turn()
    expect(logs).toMatchObject([
      { level: 'error', err: { message: 'first' } },
      { level: 'error', err: { message: 'second' } },
    ])
  })

  test('what a cleanup does to the stream is harmless', () => {
    const { stream, sink } = setUp()
    const calls: string[] = []
    stream.onClose(() => {
      stream.close()
      stream.cut()
      void stream.send({ data: 'late' })
      stream.onClose(() => calls.push('nested'))
      calls.push('outer')
    })
    stream.start(sink)
    stream.close()
    expect(calls).toEqual(['nested', 'outer'])
    expect([sink.state, sink.text]).toEqual(['ended', ''])
  })

  test('sends after it resolve and write nothing, whatever they are', async () => {
    const { stream, sink, logs } = setUp()
    stream.start(sink)
    stream.close()
    await stream.send({ data: 1 })
    await stream.send({ event: '\n', data: 1n })
    await stream.comment('x')
    expect([sink.text, logs]).toEqual(['', []])
  })

  test('a loop that does nothing but send leaves room for others, before and after it', async () => {
    const { stream, sink } = setUp()
    stream.start(sink)
    let sent = 0
    const loop = (async () => {
      while (sent < 1000) {
        await stream.send({ data: sent++ })
      }
    })()
    await turn()
    expect(sent).toBeLessThan(1000)
    stream.close()
    await turn()
    expect(sent).toBeLessThan(1000)
    sent = 1000
    await loop
  })

  test('something that never stops sending is told of once', async () => {
    const { stream, sink, clock, logs } = setUp()
    stream.start(sink)
    sink.leave()
    await stream.send({ data: 1 })
    await clock.advance(59_000)
    await stream.send({ data: 1 })
    expect(logs).toEqual([])
    await clock.advance(2000)
    await stream.send({ data: 1 })
    await stream.send({ data: 1 })
    expect(logs).toMatchObject([{ level: 'warn', message: expect.stringContaining('stream.onClose') }])
  })

  test('an error reaches the client as an event, and the report once', () => {
    const { stream, sink, reported, levels } = setUp()
    const error = new Error('secret')
    stream.start(sink)
    void stream.send({ data: 1 })
    stream.fail(error)
    stream.fail(new Error('after'))
    expect(sink.text).toBe(`data: 1\n\n${failureEvent}`)
    expect(sink.state).toBe('ended')
    expect(reported).toEqual([error])
    expect(levels()).toEqual(['debug'])
  })

  test('a report that fails still ends the stream', () => {
    const { stream, sink, levels } = setUp({
      onError() {
        throw new Error('reporter')
      },
    })
    stream.start(sink)
    stream.fail(new Error('x'))
    expect([sink.state, sink.text, levels()]).toEqual(['ended', '', ['error']])
  })

  test("the seed's handler: an un-awaited send, a subscription, an abort listener", () => {
    const { stream, sink, logs } = setUp()
    const { store, listeners, publish } = createChannels()
    const request = new AbortController()
    void stream.send({ event: 'initial', data: { notifications: [] } })
    const unsubscribe = store.subscribe('n', (data) => {
      void stream.send({ event: 'notification', data })
    })
    request.signal.addEventListener('abort', () => {
      unsubscribe()
      stream.close()
    })
    stream.start(sink)
    const [listener] = [...listeners] as ((message: string) => void)[]
    publish('one')
    sink.leave()
    request.abort()
    listener?.('late')
    expect(sink.text).toBe('event: initial\ndata: {"notifications":[]}\n\nevent: notification\ndata: "one"\n\n')
    expect([listeners.size, logs]).toEqual([0, []])
  })
})

describe('the heartbeat', () => {
  test('is a comment every 15 s while the stream is open', async () => {
    const { stream, sink, clock } = setUp()
    stream.start(sink)
    await clock.advance(45_000)
    expect(sink.text).toBe(': \n\n: \n\n: \n\n')
    stream.close()
    await clock.advance(45_000)
    expect(sink.text).toBe(': \n\n: \n\n: \n\n')
    expect(clock.pending).toBe(0)
  })

  test('cuts a client that takes no bytes for two beats', async () => {
    const { stream, sink, clock, heartbeat } = setUp()
    let cleanups = 0
    stream.onClose(() => cleanups++)
    stream.start(sink)
    await clock.advance(15_000)
    sink.pause()
    void stream.send({ data: 1 })
    await clock.advance(15_000)
    void stream.send({ data: 2 })
    expect(sink.state).toBe('open')
    await clock.advance(15_000)
    expect([sink.state, cleanups, heartbeat.size, clock.pending]).toEqual(['cut', 1, 0, 0])
  })

  test('keeps a client that is slow but reads', async () => {
    const { stream, sink, clock } = setUp()
    stream.start(sink)
    sink.pause()
    void stream.send({ data: 'x'.repeat(100_000) })
    for (let i = 0; i < 20; i++) {
      await clock.advance(15_000)
      sink.take(1000)
    }
    expect(sink.state).toBe('open')
    expect(sink.buffered).toBeGreaterThan(0)
    sink.resume()
    await clock.advance(15_000)
    expect(sink.text.endsWith('\n\n: \n\n')).toBe(true)
  })

  test('also cuts a client that never takes the rest of a closed stream', async () => {
    const { stream, sink, clock, heartbeat } = setUp()
    stream.start(sink)
    sink.pause()
    void stream.send({ data: 1 })
    stream.close()
    expect([sink.state, heartbeat.size]).toEqual(['open', 1])
    await clock.advance(30_000)
    expect([sink.state, heartbeat.size]).toEqual(['cut', 0])
  })

  test('also cuts a response that stays open though all of it has left', async () => {
    const { stream, sink, clock } = setUp()
    stream.start(Object.create(sink, { end: { value() {} } }))
    stream.close()
    await clock.advance(30_000)
    expect([sink.state, clock.pending]).toEqual(['cut', 0])
  })
})

describe('every', () => {
  test('runs until the stream ends, and its timer goes with it', async () => {
    const { stream, sink, clock } = setUp()
    let n = 0
    stream.start(sink)
    stream.every(1000, () => stream.send({ data: ++n }))
    await clock.advance(3500)
    expect(sink.text).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\n')
    sink.leave()
    expect(clock.pending).toBe(0)
    await clock.advance(5000)
    expect(n).toBe(3)
    stream.every(1000, () => n++)
    expect(clock.pending).toBe(0)
  })

  test('can be stopped before', async () => {
    const { stream, clock } = setUp()
    let n = 0
    const stop = stream.every(1000, () => n++)
    await clock.advance(1000)
    stop()
    await clock.advance(5000)
    expect([n, clock.pending]).toEqual([1, 0])
  })

  test('leaves out turns while the client is slow', async () => {
    const { stream, sink, clock } = setUp()
    let n = 0
    stream.start(sink)
    sink.pause()
    stream.every(1000, () => {
      n++
      return stream.send({ data: 'x'.repeat(20_000) })
    })
    await clock.advance(10_000)
    expect(n).toBe(1)
    sink.resume()
    await clock.advance(1000)
    expect(n).toBe(2)
  })

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('tick')
      },
    ],
    ['rejects', () => Promise.reject(new Error('tick'))],
  ])('a function that %s ends the stream and is reported', async (_, fn) => {
    const { stream, sink, clock, reported } = setUp()
    stream.start(sink)
    stream.every(1000, fn)
    await clock.advance(5000)
    expect(reported).toMatchObject([{ message: 'tick' }])
    expect([sink.state, sink.text, clock.pending]).toEqual(['ended', failureEvent, 0])
  })

  test('a rejection after the end is only logged, at debug', async () => {
    const { stream, sink, clock, reported, levels } = setUp()
    stream.start(sink)
    let reject: (error: Error) => void = () => {}
    stream.every(1000, () => new Promise((_, no) => (reject = no)))
    await clock.advance(1000)
    sink.leave()
    reject(new Error('late'))
    await turn()
    expect([reported, levels()]).toEqual([[], ['debug']])
  })

  test('refuses what is no period', () => {
    const { stream } = setUp()
    for (const ms of [0, -1, 0.5, NaN, Infinity, 2 ** 31]) {
      expect(() => stream.every(ms, () => {})).toThrow(/milliseconds/)
    }
  })
})

/** The store's side of `from`: one channel whose subscriptions become live when the test says so. */
function createChannels() {
  const listeners = new Set<(message: never) => void>()
  let goLive = () => {}
  let fail: (error: Error) => void = () => {}
  const live = new Promise<void>((resolve, reject) => {
    goLive = resolve
    fail = reject
  })
  const store: Pick<Store, 'subscribe'> = {
    subscribe<T>(_channel: string, listener: (message: T) => void): Subscription {
      listeners.add(listener)
      const off = () => void listeners.delete(listener)
      return Object.assign(() => off(), {
        // oxlint-disable-next-line unicorn/no-thenable -- the port's shape
        then: ((onLive, onError) => live.then(() => off).then(onLive, onError)) as Subscription['then'],
      })
    },
  }
  const publish = (message: unknown) => {
    for (const listener of listeners) listener(message as never)
  }
  return { store, listeners, publish, goLive: () => goLive(), fail: (error: Error) => fail(error) }
}

describe('from', () => {
  test('sends each message until the stream ends', async () => {
    const { stream, sink } = setUp()
    const { store, listeners, publish } = createChannels()
    stream.from(store, 'news')
    publish({ n: 1 })
    stream.start(sink)
    publish('two')
    sink.leave()
    expect(listeners.size).toBe(0)
    expect(sink.text).toBe('data: {"n":1}\n\ndata: "two"\n\n')
    stream.from(store, 'news')
    expect(listeners.size).toBe(0)
  })

  test('maps messages to events, or to nothing', () => {
    const { stream, sink } = setUp()
    const { store, publish } = createChannels()
    stream.start(sink)
    stream.from(store, 'news', (n: number) => (n % 2 ? { event: 'odd', id: n, data: n } : null))
    for (const n of [1, 2, 3]) publish(n)
    expect(sink.text).toBe('event: odd\nid: 1\ndata: 1\n\nevent: odd\nid: 3\ndata: 3\n\n')
  })

  test('gives a function that stops it, which can be awaited until it is live', async () => {
    const { stream } = setUp()
    const { store, listeners, goLive } = createChannels()
    const subscription = stream.from(store, 'news')
    const awaited = awaiting(subscription)
    expect(await isSettled(awaited)).toBe(false)
    goLive()
    const off = await awaited
    expect(listeners.size).toBe(1)
    off()
    subscription()
    expect(listeners.size).toBe(0)
    stream.close()
    expect(typeof (await stream.from(store, 'news'))).toBe('function')
  })

  test('a message that cannot be mapped or sent ends the stream and is reported', async () => {
    const maps: ((message: unknown) => StreamEvent)[] = [
      () => {
        throw new TypeError('map')
      },
      () => ({ event: 'line\nend', data: 1 }),
    ]
    for (const map of maps) {
      const { stream, sink, reported } = setUp()
      const { store, listeners, publish } = createChannels()
      stream.start(sink)
      stream.from(store, 'news', map)
      publish(1)
      await turn()
      expect([reported.length, listeners.size, sink.state, sink.text]).toEqual([1, 0, 'ended', failureEvent])
    }
  })

  test('a subscription that fails ends the stream and rejects for who awaits it', async () => {
    const { stream, sink, reported } = setUp()
    const { store, listeners, fail } = createChannels()
    stream.start(sink)
    const subscription = stream.from(store, 'news')
    fail(new Error('store is down'))
    await expect(awaiting(subscription)).rejects.toThrow('store is down')
    expect(reported).toMatchObject([{ message: 'store is down' }])
    expect([sink.state, listeners.size]).toEqual(['ended', 0])
  })
})
