import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Igniter } from './igniter.js'
import { decode } from './protocol.js'
import { toBlocks } from './testing/blocks.js'
import { createTestApp, type TestApp } from './testing/app.js'

type Run = (input: any) => unknown

const streaming = (handler: Run, options: object = {}) =>
  createTestApp(Igniter, (igniter) =>
    igniter.router({
      controllers: {
        a: igniter.controller({
          path: '/a',
          actions: {
            feed: igniter.query({ path: '/', stream: true, ...options, handler } as never),
            post: igniter.mutation({ path: '/', stream: true, ...options, handler } as never),
            plain: igniter.query({ path: '/plain', handler: handler as () => unknown }),
          },
        }),
      },
    }),
  )

/** Opens the stream and reads it as it comes. */
async function open(app: TestApp<unknown>, path = '/api/v1/a', init: RequestInit = {}) {
  const response = await app.fetch(path, init)
  const reader = response.body!.getReader()
  const state = { text: '', end: 'open' as 'open' | 'closed' | 'cut' }
  const pump = async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      state.text += new TextDecoder().decode(value)
    }
    state.end = 'closed'
  }
  void pump().catch(() => {
    state.end = 'cut'
  })
  await app.clock.advance(0)
  return { response, state, leave: () => reader.cancel(), events: () => toBlocks(state.text) }
}

const never = () => new Promise<never>(() => {})
const errors = (app: TestApp<unknown>) => app.logs.filter(({ level }) => level === 'error')

describe('what a streaming handler may give', () => {
  test('an async generator', async () => {
    const app = streaming(async function* () {
      yield { data: { at: new Date(0), big: 1n } }
      yield { event: 'named', id: 7, retry: 100, data: 'two\nlines' }
      yield { data: undefined }
    })
    const { text, headers } = await app.send('/api/v1/a')
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(headers.get('cache-control')).toContain('no-transform')
    expect(headers.get('x-accel-buffering')).toBe('no')
    expect(toBlocks(text)).toEqual([
      { data: '{"at":"1970-01-01T00:00:00.000Z","big":"1"}' },
      { event: 'named', id: '7', retry: '100', data: '"two\\nlines"' },
      { data: 'null' },
    ])
    const rpc = toBlocks((await app.send('/api/v1/~/a.feed')).text)
    expect(decode(rpc[0]?.data as string)).toEqual({ at: new Date(0), big: 1n })
    expect((await app.send('/api/v1/a', { method: 'POST' })).text).toBe(text)
    expect((await app.send('/api/v1/~/a.post', { method: 'POST' })).headers.get('content-type')).toContain(
      'event-stream',
    )
  })

  test('a generator, a list, response.stream()', async () => {
    const events = [{ data: 1 }, { data: 2 }]
    for (const handler of [
      function* () {
        yield* events
      },
      () => events,
      async () => events,
      ({ response }: any) => {
        const stream = response.stream()
        for (const event of events) void stream.send(event)
        stream.close()
        return stream
      },
    ]) {
      expect(toBlocks((await streaming(handler).send('/api/v1/a')).text)).toEqual([{ data: '1' }, { data: '2' }])
    }
  })

  test('or a refusal, in the envelope', async () => {
    const app = streaming(({ response }) => response.forbidden())
    const { status, body } = await app.send('/api/v1/a')
    expect([status, body.error.code]).toEqual([403, 'FORBIDDEN'])
    const throwing = streaming(() => {
      throw new Error('secret')
    })
    expect((await throwing.send('/api/v1/a')).status).toBe(500)
  })

  test('response.stream() in an action that is no stream is a mistake that is told', async () => {
    const app = streaming(({ response }) => response.stream())
    expect((await app.send('/api/v1/a/plain')).status).toBe(500)
    expect(JSON.stringify(app.logs)).toContain('Add `stream: true` to it.')
  })

  test('a stream that is not returned is cleaned up, and its handler told', async () => {
    let cleaned = 0
    const app = streaming(({ response }) => {
      const stream = response.stream()
      stream.onClose(() => cleaned++)
      stream.every(1_000, () => stream.send({ data: 1 }))
      return { other: true }
    })
    expect((await app.send('/api/v1/a')).status).toBe(500)
    expect(JSON.stringify(app.logs)).toContain('a stream gave object. Return response.stream(), or write')
    expect([cleaned, app.clock.pending]).toEqual([1, 0])
  })

  test('events are held against their schemas', async () => {
    const app = streaming(
      async function* ({ request }: any) {
        yield { event: 'tick', data: { n: 1, more: true } }
        yield { event: request.query.event, data: { n: 'x' } }
      },
      { events: { tick: z.object({ n: z.number() }) } },
    )
    for (const event of ['tick', 'unknown']) {
      const blocks = toBlocks((await app.send(`/api/v1/a?event=${event}`)).text)
      expect(blocks[0]).toEqual({ event: 'tick', data: '{"n":1}' })
      expect(blocks[1]?.event).toBe('error')
      expect(JSON.parse(blocks[1]?.data as string)).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
      expect(blocks).toHaveLength(2)
    }
  })

  test.each([
    [{ event: 'a\nb', data: 1 }],
    [{ event: 'a\rb', data: 1 }],
    [{ event: 'a\0b', data: 1 }],
    [{ event: '\ud800', data: 1 }],
    [{ id: 'a\nb', data: 1 }],
    [{ id: 'a\u0085b', data: 1 }],
    [{ retry: -1, data: 1 }],
    [{ retry: 1.5, data: 1 }],
    [{ retry: '1', data: 1 }],
    [{ data: () => 1 }],
    [{ title: 'no data' }],
    ['text'],
    [null],
  ])('%j is refused, and nothing of it is written', async (event) => {
    const app = streaming(async ({ response }) => {
      const stream = response.stream()
      let refused = 0
      await stream.send(event).catch(() => refused++)
      void stream.send(event)
      await stream.send({ data: refused })
      stream.close()
      return stream
    })
    expect(toBlocks((await app.send('/api/v1/a')).text)).toEqual([{ data: '1' }])
  })

  test('a comment cannot become an event', async () => {
    const app = streaming(async ({ response }) => {
      const stream = response.stream()
      await stream.comment('a\r\ndata: 1\rdata: 2\n\nevent: x')
      stream.close()
      return stream
    })
    expect(toBlocks((await app.send('/api/v1/a')).text)).toEqual([])
  })
})

describe('the end of a stream (fault 22)', () => {
  const track = () => {
    const ended: string[] = []
    const handler = ({ response }: any) => {
      const stream = response.stream()
      stream.onClose(() => ended.push('closed'))
      stream.every(1_000, () => stream.send({ data: 'tick' }))
      stream.signal.addEventListener('abort', () => ended.push('signal'))
      return stream
    }
    return { ended, handler }
  }

  test('the client leaves: every cleanup once, at once', async () => {
    const { ended, handler } = track()
    const app = streaming(handler)
    const { leave, events } = await open(app)
    await app.clock.advance(2_000)
    expect(events()).toHaveLength(2)
    await leave()
    expect(ended).toEqual(['signal', 'closed'])
    await app.clock.advance(60_000)
    expect(ended).toEqual(['signal', 'closed'])
    expect(app.clock.pending).toBe(0)
  })

  test('the request is aborted', async () => {
    const { ended, handler } = track()
    const app = streaming(handler)
    const controller = new AbortController()
    await open(app, '/api/v1/a', { signal: controller.signal })
    controller.abort()
    expect(ended).toEqual(['signal', 'closed'])
  })

  test('the request was aborted before the stream began', async () => {
    const { ended, handler } = track()
    const app = streaming(handler)
    const response = await app.fetch('/api/v1/a', { signal: AbortSignal.abort() })
    await expect(response.text()).rejects.toThrow('cut')
    expect(ended).toEqual(['closed'])
    await app.clock.advance(60_000)
    expect(app.clock.pending).toBe(0)
  })

  test('the router closes: streams end properly', async () => {
    const { ended, handler } = track()
    const app = streaming(handler)
    const { state } = await open(app)
    await app.close()
    await app.clock.advance(0)
    expect([ended, state.end]).toEqual([['signal', 'closed'], 'closed'])
  })

  test('a generator that throws tells the client that it failed, and no more', async () => {
    const reports: unknown[] = []
    const app = createTestApp(Igniter, (igniter) =>
      igniter.router({
        controllers: {
          a: igniter.controller({
            path: '/a',
            actions: {
              feed: igniter.query({
                path: '/',
                stream: true,
                handler: async function* () {
                  yield { data: 1 }
                  throw new Error('SECRET')
                },
              }),
            },
          }),
        },
        onError: ({ error }) => reports.push(error),
      }),
    )
    const { text } = await app.send('/api/v1/a')
    const [first, last, ...more] = toBlocks(text)
    expect([first, more]).toEqual([{ data: '1' }, []])
    expect(last?.event).toBe('error')
    expect(JSON.parse(last?.data as string)).toEqual({
      code: 'INTERNAL_SERVER_ERROR',
      message: expect.any(String),
      requestId: expect.any(String),
    })
    expect(text).not.toContain('SECRET')
    expect(reports).toHaveLength(1)
    expect(errors(app)).toHaveLength(1)
  })

  test('a generator that never goes on is not waited for, and runs its finally when it does', async () => {
    let finish = () => {}
    const log: string[] = []
    const app = streaming(async function* () {
      try {
        yield { data: 1 }
        await new Promise<void>((resolve) => (finish = resolve))
        yield { data: 2 }
      } finally {
        log.push('finally')
      }
    })
    const { leave, events } = await open(app)
    expect(events()).toHaveLength(1)
    await leave()
    await app.close()
    expect(log).toEqual([])
    finish()
    await app.clock.advance(0)
    expect(log).toEqual(['finally'])
  })

  test('a handler that rejects after its stream is open ends it once', async () => {
    let closed = 0
    let fail = (_: Error) => {}
    const app = streaming(({ response }) => {
      const stream = response.stream()
      stream.onClose(() => closed++)
      stream.every(10, () => new Promise((_, reject) => (fail = reject)))
      return stream
    })
    const { events, state } = await open(app)
    await app.clock.advance(15)
    fail(new Error('late'))
    await app.clock.advance(0)
    expect([closed, state.end, events()[0]?.event]).toEqual([1, 'closed', 'error'])
  })

  test('cleanups that throw or hang stop no other', async () => {
    const log: string[] = []
    const app = streaming(({ response }) => {
      const stream = response.stream()
      stream.onClose(() => {
        throw new Error('first')
      })
      stream.onClose(async () => Promise.reject(new Error('second')))
      stream.onClose(never)
      stream.onClose(() => log.push('last'))
      return stream
    })
    const { leave } = await open(app)
    await leave()
    await app.clock.advance(0)
    expect(log).toEqual(['last'])
    expect(errors(app)).toHaveLength(2)
  })

  test('sends that nobody awaits, after the end, are no unhandled rejection', async () => {
    let stream: any
    const app = streaming(({ response }) => {
      stream = response.stream()
      return stream
    })
    const { leave } = await open(app)
    await leave()
    for (let i = 0; i < 10; i++) void stream.send({ data: i })
    void stream.send('nonsense')
    await stream.send({ data: 1 })
    expect(stream.closed).toBe(true)
  })

  test('messages of the store reach it, and stop with it', async () => {
    const app = streaming(async ({ response, context }) => {
      const stream = response.stream()
      await stream.from(context.store, 'news')
      return stream
    })
    const { leave, events } = await open(app)
    await app.store.publish('news', { n: 1 })
    await app.clock.advance(0)
    expect(events()).toEqual([{ data: '{"n":1}' }])
    await leave()
    await app.store.publish('news', { n: 2 })
    expect(events()).toHaveLength(1)
  })

  test('heartbeats keep it open, and only while it is', async () => {
    const app = streaming(({ response }) => response.stream())
    const { state, leave } = await open(app)
    await app.clock.advance(15_000)
    expect(state.text).toMatch(/^:/)
    await leave()
    await app.clock.advance(15_000)
    expect(app.clock.pending).toBe(0)
  })
})

describe('a client that does not read', () => {
  test('holds `send` back', async () => {
    let sent = 0
    const app = streaming(async function* () {
      for (;;) {
        yield { data: 'x'.repeat(1_000) }
        sent++
      }
    })
    const response = await app.fetch('/api/v1/a')
    await app.clock.advance(0)
    await app.clock.advance(0)
    const before = sent
    expect(before).toBeLessThan(40)
    const reader = response.body!.getReader()
    for (let i = 0; i < 40; i++) await reader.read()
    await app.clock.advance(0)
    expect(sent).toBeGreaterThan(before)
    await reader.cancel()
  })

  test('is cut when nobody waits for it, within a bound', async () => {
    let closed = false
    let stream: any
    const app = streaming(({ response }) => {
      stream = response.stream()
      stream.onClose(() => (closed = true))
      return stream
    })
    const response = await app.fetch('/api/v1/a')
    for (let i = 0; i < 1_000 && !closed; i++) void stream.send({ data: 'x'.repeat(1_000) })
    expect(closed).toBe(true)
    await expect(response.text()).rejects.toThrow()
  })
})
