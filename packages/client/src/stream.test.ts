import { decode } from '@igniter-js/core/protocol'
import { describe, expect, test } from 'vitest'
import { drive } from '../test/driven.js'
import { startWireServer } from '../test/wire-server.js'
import type { ClientEvent } from './index.js'

interface Streaming {
  stream(input?: object, options?: object): AsyncIterable<ClientEvent>
}

async function setUp(options: object = {}) {
  const server = await startWireServer()
  const { api, clock } = drive({ baseURL: server.url, ...options })
  return { server, clock, feed: (api as unknown as { feed: Record<string, Streaming> }).feed }
}

/** Reads in the background; `end` is what the loop threw, or 'done'. */
function collect(events: AsyncIterable<ClientEvent>) {
  const seen: ClientEvent[] = []
  const end = (async () => {
    for await (const event of events) seen.push(event)
    return 'done'
  })().catch((error: unknown) => error)
  return { seen, end }
}

const pausing = async (clock: { readonly pending: number }) => {
  while (clock.pending === 0) await new Promise(setImmediate)
}

describe('.stream()', () => {
  test('events with rich data, until the server ends it', async () => {
    const { server, feed } = await setUp()
    const { seen, end } = collect(feed.live!.stream({ query: { since: new Date(5) } }, { headers: { 'x-a': '1' } }))
    const request = await server.next()
    expect(request).toMatchObject({ method: 'GET', path: '/api/v1/~/feed.live' })
    expect(request.headers['x-a']).toBe('1')
    expect(decode(request.query.get('input')!)).toEqual({ query: { since: new Date(5) } })
    request.stream()
    request.event({ data: { at: { $date: '1970-01-01T00:00:00.005Z' } } })
    request.event({ event: 'tick', data: 2, id: '7' })
    request.event({ data: 3 })
    request.response.end()
    expect(await end).toBe('done')
    expect(seen).toEqual([
      { event: 'message', data: { at: new Date(5) }, id: '' },
      { event: 'tick', data: 2, id: '7' },
      { event: 'message', data: 3, id: '7' },
    ])
    expect(server.waiting).toBe(0)
  })

  test('each loop makes a request of its own, and none without a loop', async () => {
    const { server, feed } = await setUp()
    const events = feed.live!.stream()
    expect(server.waiting).toBe(0)
    for (const data of [1, 2]) {
      const { seen, end } = collect(events)
      const request = await server.next()
      request.stream()
      request.event({ data })
      request.response.end()
      await end
      expect(seen.map((event) => event.data)).toEqual([data])
    }
  })

  test('leaving the loop ends the request', async () => {
    const { server, feed } = await setUp()
    const left = (async () => {
      for await (const { data } of feed.live!.stream()) return data
    })()
    const request = await server.next()
    request.stream()
    request.event({ data: 1 })
    expect(await left).toBe(1)
    await request.closed
  })

  test('return() ends it at once, while it waits for an answer, for an event, or to reconnect', async () => {
    const { server, feed, clock } = await setUp()
    const begin = async () => {
      const events = feed.live!.stream()[Symbol.asyncIterator]()
      return { events, next: events.next(), request: await server.next() }
    }
    const left = async ({ events, next, request }: Awaited<ReturnType<typeof begin>>) => {
      expect(await events.return!()).toEqual({ done: true, value: undefined })
      expect(await next).toEqual({ done: true, value: undefined })
      expect(await events.next()).toEqual({ done: true, value: undefined })
      await request.closed
    }
    await left(await begin())
    const reading = await begin()
    reading.request.stream()
    reading.request.event({ data: 1, id: 'a' })
    expect(await reading.next).toMatchObject({ value: { data: 1 } })
    await left({ ...reading, next: reading.events.next() })
    const pausingOne = await begin()
    pausingOne.request.stream()
    pausingOne.request.event({ data: 1, id: 'a' })
    await pausingOne.next
    const next = pausingOne.events.next()
    pausingOne.request.response.destroy()
    await pausing(clock)
    await left({ ...pausingOne, next })
    expect(clock.pending).toBe(0)
    expect(server.waiting).toBe(0)
  })

  test('a signal ends it with ABORTED, also while it waits to reconnect', async () => {
    const { server, feed, clock } = await setUp()
    const controller = new AbortController()
    const { seen, end } = collect(feed.live!.stream({}, { signal: controller.signal }))
    const request = await server.next()
    request.stream()
    request.event({ data: 1, id: 'a' })
    while (!seen.length) await new Promise(setImmediate)
    request.response.destroy()
    await pausing(clock)
    controller.abort()
    expect(await end).toMatchObject({ code: 'ABORTED' })
    expect(clock.pending).toBe(0)

    const again = new AbortController()
    const second = collect(feed.live!.stream({}, { signal: again.signal }))
    const open = await server.next()
    open.stream()
    again.abort()
    expect(await second.end).toMatchObject({ code: 'ABORTED' })
    await open.closed
  })

  test('resumes from the last id after a cut, with new headers, again and again', async () => {
    let count = 0
    const { server, feed, clock } = await setUp({ headers: () => ({ 'x-try': String(++count) }) })
    const { seen, end } = collect(feed.live!.stream())
    const first = await server.next()
    expect(first.headers).not.toHaveProperty('last-event-id')
    first.stream()
    first.event({ data: 1, id: 'a' })
    while (seen.length < 1) await new Promise(setImmediate)
    first.response.destroy()
    await pausing(clock)
    await clock.advance(999)
    expect(server.waiting).toBe(0)
    await clock.advance(1)
    const second = await server.next()
    expect(second.headers).toMatchObject({ 'last-event-id': 'a', 'x-try': '2' })
    // The place is kept when a server is away for a while.
    second.json({ data: null, error: { code: 'SERVICE_UNAVAILABLE', message: 'Later.' } }, 503, { 'retry-after': '3' })
    await pausing(clock)
    await clock.advance(3_499)
    expect(server.waiting).toBe(0)
    await clock.advance(1)
    const third = await server.next()
    expect(third.headers).toMatchObject({ 'last-event-id': 'a', 'x-try': '3' })
    third.stream()
    third.event({ data: 2, id: 'b' })
    third.response.end()
    expect(await end).toBe('done')
    expect(seen.map((event) => event.data)).toEqual([1, 2])
  })

  test('a server that says when to come back before it ends is gone to again', async () => {
    const { server, feed, clock } = await setUp()
    const { seen, end } = collect(feed.live!.stream())
    const first = await server.next()
    first.stream()
    first.event({ retry: 5000 })
    first.event({ data: 1, id: 'a' })
    first.event({ retry: 700 })
    first.response.end()
    await pausing(clock)
    await clock.advance(1200)
    const second = await server.next()
    expect(second.headers['last-event-id']).toBe('a')
    second.stream()
    second.response.end()
    expect(await end).toBe('done')
    expect(seen).toHaveLength(1)
  })

  test('without ids a cut after the first event is an error', async () => {
    const { server, feed } = await setUp()
    const { seen, end } = collect(feed.live!.stream())
    const request = await server.next()
    request.stream()
    request.event({ data: 1 })
    while (!seen.length) await new Promise(setImmediate)
    request.response.destroy()
    expect(await end).toMatchObject({ code: 'NETWORK_ERROR' })
    expect(((await end) as Error).message).toContain('GET /api/v1/~/feed.live')
  })

  test('a failure of the handler, after what it sent', async () => {
    const { server, feed } = await setUp()
    const { seen, end } = collect(feed.live!.stream())
    const request = await server.next()
    request.stream()
    request.event({ data: 1, id: 'a' })
    request.event({ event: 'error', data: { code: 'INTERNAL_SERVER_ERROR', message: 'Oops.', requestId: 'r1' } })
    request.response.end()
    expect(await end).toMatchObject({
      name: 'IgniterClientError',
      code: 'INTERNAL_SERVER_ERROR',
      message: 'Oops.',
      requestId: 'r1',
    })
    expect(seen).toHaveLength(1)
    expect(server.waiting).toBe(0)
  })

  test('an event called error with data of its own is an event', async () => {
    const { server, feed } = await setUp()
    const { seen, end } = collect(feed.live!.stream())
    const request = await server.next()
    request.stream()
    for (const data of ['text', null, { code: 7 }]) request.event({ event: 'error', data })
    request.response.end()
    expect(await end).toBe('done')
    expect(seen.map((event) => event.data)).toEqual(['text', null, { code: 7 }])
  })

  test('an answer instead of a stream', async () => {
    const { server, feed } = await setUp()
    const denied = collect(feed.live!.stream())
    ;(await server.next()).json({ data: null, error: { code: 'UNAUTHORIZED', message: 'Sign in.' } }, 401)
    expect(await denied.end).toMatchObject({ code: 'UNAUTHORIZED', status: 401, message: 'Sign in.' })
    const page = collect(feed.live!.stream())
    ;(await server.next()).response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    expect(await page.end).toMatchObject({ code: 'PARSE_ERROR', status: 200 })
    const data = collect(feed.live!.stream())
    ;(await server.next()).json({ data: 1, error: null })
    expect(await data.end).toMatchObject({ code: 'PARSE_ERROR' })
  })

  test('a mutation: POST with its body, or when the server does not take GET', async () => {
    const { server, feed } = await setUp()
    const withBody = collect(feed.generate!.stream({ body: { prompt: 'x' } }))
    const request = await server.next()
    expect(request).toMatchObject({ method: 'POST', body: '{"body":{"prompt":"x"}}' })
    request.stream()
    request.event({ data: 1, id: 'a' })
    while (!withBody.seen.length) await new Promise(setImmediate)
    // It may not run twice, so it is not resumed.
    request.response.destroy()
    expect(await withBody.end).toMatchObject({ code: 'NETWORK_ERROR' })

    const without = collect(feed.generate!.stream({ params: { id: '1' } }))
    const refused = await server.next()
    expect(refused.method).toBe('GET')
    refused.json({ data: null, error: { code: 'METHOD_NOT_ALLOWED', message: 'POST.' } }, 405, { allow: 'POST' })
    const posted = await server.next()
    expect(posted).toMatchObject({ method: 'POST', body: '{"params":{"id":"1"}}' })
    posted.stream()
    posted.response.end()
    expect(await without.end).toBe('done')
  })
})
