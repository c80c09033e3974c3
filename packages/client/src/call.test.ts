import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { decode } from '@igniter-js/core/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { drive } from '../test/driven.js'
import { startWireServer } from '../test/wire-server.js'
import { createIgniterCalls, createIgniterClient, cursorOf, IgniterClientError } from './index.js'

interface Call {
  query(input?: object, options?: object): Promise<{ data: never; error: IgniterClientError | null }>
  mutate(input?: object, options?: object): Promise<{ data: never; error: IgniterClientError | null }>
}
type Api = Record<string, Record<string, Call>>

async function setUp(options: object = {}) {
  const server = await startWireServer()
  const { api, clock } = drive({ baseURL: server.url, ...options })
  return { server, clock, api: api as unknown as Api & { $realtime: typeof api.$realtime } }
}

/** A port at which nobody listens. */
async function deadPort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

describe('how it travels', () => {
  test('a query without input: GET without a query string', async () => {
    const { server, api } = await setUp()
    const result = api.posts!.list!.query()
    const request = await server.next()
    expect(request).toMatchObject({ method: 'GET', path: '/api/v1/~/posts.list', body: '' })
    expect([...request.query]).toEqual([])
    request.json({ data: [1], error: null })
    expect(await result).toEqual({ data: [1], error: null })
  })

  test('a query with rich input', async () => {
    const { server, api } = await setUp()
    const since = new Date(0)
    void api.posts!.list!.query({ params: { id: '7' }, query: { since, ids: new Set([1n]) } })
    const request = await server.next()
    expect([...request.query.keys()]).toEqual(['input'])
    expect(decode(request.query.get('input')!)).toEqual({ params: { id: '7' }, query: { since, ids: new Set([1n]) } })
  })

  test('a mutation: POST with JSON by the codec', async () => {
    const { server, api } = await setUp()
    void api.posts!.create!.mutate({ params: { org: 'a/b' }, query: undefined, body: { at: new Date(5) } })
    const request = await server.next()
    expect(request).toMatchObject({ method: 'POST', path: '/api/v1/~/posts.create' })
    expect(request.headers['content-type']).toBe('application/json')
    expect(JSON.parse(request.body)).toEqual({
      params: { org: 'a/b' },
      body: { at: { $date: '1970-01-01T00:00:00.005Z' } },
    })
  })

  test('a mutation without input has an empty object as its body', async () => {
    const { server, api } = await setUp()
    void api.posts!.touch!.mutate()
    expect((await server.next()).body).toBe('{}')
  })

  test('files travel as parts of a form, numbered', async () => {
    const { server, api } = await setUp()
    const file = new File(['hello'], 'a.txt', { type: 'text/plain' })
    void api.posts!.create!.mutate({ body: { title: 'x', files: [file, new Blob(['there'])] } })
    const request = await server.next()
    const form = await new Response(request.body, {
      headers: { 'content-type': request.headers['content-type']! },
    }).formData()
    expect(JSON.parse(form.get('input') as string)).toEqual({
      body: { title: 'x', files: [{ $file: 0 }, { $file: 1 }] },
    })
    expect((form.get('0') as File).name).toBe('a.txt')
    expect(await (form.get('0') as File).text()).toBe('hello')
    expect(await (form.get('1') as File).text()).toBe('there')
  })

  test('basePath and a slash after baseURL', async () => {
    const server = await startWireServer()
    const api = createIgniterCalls({ baseURL: `${server.url}/`, basePath: '/rpc' }) as unknown as Api
    void api.posts!.list!.query()
    expect((await server.next()).path).toBe('/rpc/~/posts.list')
  })

  test('headers: computed for each call, then those of the call, then those of the input', async () => {
    let count = 0
    const { server, api } = await setUp({
      headers: async () => ({ authorization: `Bearer ${++count}`, 'x-a': 'client' }),
    })
    void api.posts!.list!.query({ headers: { 'x-n': 7, 'x-none': undefined } }, { headers: { 'x-a': 'call' } })
    const first = await server.next()
    expect(first.headers).toMatchObject({ authorization: 'Bearer 1', 'x-a': 'call', 'x-n': '7' })
    expect(first.headers).not.toHaveProperty('x-none')
    void api.posts!.create!.mutate()
    expect((await server.next()).headers).toMatchObject({ authorization: 'Bearer 2', 'x-a': 'client' })
  })

  test('input that cannot be sent is refused with its path, before anything is sent', async () => {
    const { server, api } = await setUp()
    await expect(api.posts!.create!.mutate({ body: { items: [{ onClick() {} }] } })).rejects.toMatchObject({
      name: 'CodecError',
      path: 'body.items[0].onClick',
    })
    expect(server.waiting).toBe(0)
  })
})

describe('answers', () => {
  test('rich data', async () => {
    const { server, api } = await setUp()
    const result = api.posts!.list!.query()
    ;(await server.next()).json({
      data: { at: { $date: '1970-01-01T00:00:00.005Z' }, n: { $bigint: '9' } },
      error: null,
    })
    expect(await result).toEqual({ data: { at: new Date(5), n: 9n }, error: null })
  })

  test('an error of the server, with its status', async () => {
    const { server, api } = await setUp()
    const result = api.posts!.list!.query()
    const details = [{ in: 'query', path: 'page', message: 'Expected a number.' }]
    const body = { code: 'VALIDATION_ERROR', message: 'The request is not valid.', details, requestId: 'r1' }
    ;(await server.next()).json({ data: null, error: body }, 400)
    const { data, error } = await result
    expect(data).toBeNull()
    expect(error).toBeInstanceOf(IgniterClientError)
    expect(error).toMatchObject({ ...body, status: 400, name: 'IgniterClientError' })
    expect(JSON.parse(JSON.stringify(error))).toEqual({ ...body, status: 400 })
  })

  test('204 is null', async () => {
    const { server, api } = await setUp()
    const result = api.posts!.remove!.mutate()
    ;(await server.next()).response.writeHead(204).end()
    expect(await result).toEqual({ data: null, error: null })
  })

  test('a raw response is given as it is, whatever its status', async () => {
    const { server, api } = await setUp()
    const result = api.posts!.export!.query()
    const { response } = await server.next()
    response.writeHead(206, { 'igniter-raw': '1', 'content-type': 'text/csv' }).end('a,b')
    const { data, error } = await result
    expect(error).toBeNull()
    expect((data as Response).status).toBe(206)
    expect(await (data as Response).text()).toBe('a,b')
  })

  const garbage: [name: string, status: number, type: string, body: string][] = [
    ['an HTML page of a proxy', 502, 'text/html', '<html>Bad gateway</html>'],
    ['truncated JSON', 200, 'application/json', '{"data":[1,'],
    ['an empty body', 200, 'application/json', ''],
    ['JSON of another kind', 200, 'application/json', '{"ok":true}'],
    ['null', 200, 'application/json', 'null'],
    ['an error without a code', 403, 'application/json', '{"error":"Forbidden"}'],
    ['a broken mark', 200, 'application/json', '{"data":{"$bigint":"x"},"error":null}'],
  ]
  test.each(garbage)('%s is a PARSE_ERROR that says where', async (_, status, type, body) => {
    const { server, api } = await setUp()
    const result = api.posts!.list!.query({ query: { token: 'secret' } })
    ;(await server.next()).response.writeHead(status, { 'content-type': type }).end(body)
    const { data, error } = await result
    expect(data).toBeNull()
    expect(error).toMatchObject({ code: 'PARSE_ERROR', status })
    expect(error!.message).toContain('GET /api/v1/~/posts.list')
    expect(error!.message).toContain(`${status}, ${type}`)
    expect(error!.message).not.toContain('secret')
    expect(server.waiting).toBe(0)
  })
})

describe('failures of the network', () => {
  test('a server that is not there: NETWORK_ERROR, after the retries of a query', async () => {
    const { api, clock } = await setUp({ baseURL: await deadPort() })
    const result = api.posts!.list!.query({ query: { token: 'secret' } })
    let isDone = false
    void result.then(() => (isDone = true))
    // Two pauses: half of up to 1 s, half of up to 2 s.
    for (const ms of [500, 1000]) {
      while (clock.pending === 0) await new Promise(setImmediate)
      expect(isDone).toBe(false)
      await clock.advance(ms)
    }
    const { data, error } = await result
    expect(data).toBeNull()
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', status: 0 })
    expect(error!.message).toMatch(/^GET \/api\/v1\/~\/posts\.list: no answer \(ECONNREFUSED\)/)
    expect(error!.cause).toBeInstanceOf(TypeError)
    expect(clock.pending).toBe(0)
  })

  test('retries: 0 tries once, and mutations are never tried again', async () => {
    const { api, clock } = await setUp({ baseURL: await deadPort(), retries: 0 })
    expect((await api.posts!.list!.query()).error!.code).toBe('NETWORK_ERROR')
    const { api: other } = await setUp({ baseURL: await deadPort() })
    expect((await other.posts!.create!.mutate()).error!.code).toBe('NETWORK_ERROR')
    expect(clock.pending).toBe(0)
  })

  test('an answer that breaks off is asked for again, and the headers are new', async () => {
    let count = 0
    const { server, api, clock } = await setUp({ headers: () => ({ 'x-try': String(++count) }) })
    const result = api.posts!.list!.query()
    const { response } = await server.next()
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
    response.write('{"data":[')
    setImmediate(() => response.destroy())
    while (clock.pending === 0) await new Promise(setImmediate)
    await clock.advance(500)
    const again = await server.next()
    expect(again.headers['x-try']).toBe('2')
    again.json({ data: 1, error: null })
    expect(await result).toEqual({ data: 1, error: null })
  })

  test('headers() that fails: an error with its message, and nothing is sent', async () => {
    const { server, api } = await setUp({
      retries: 0,
      headers: () => Promise.reject(new Error('the token could not be refreshed')),
    })
    const { error } = await api.posts!.create!.mutate()
    expect(error).toMatchObject({ code: 'NETWORK_ERROR' })
    expect(error!.message).toContain('the token could not be refreshed')
    expect(server.waiting).toBe(0)
  })

  test('outside browsers without a baseURL: says what is needed', async () => {
    const api = createIgniterClient({ retries: 0 }) as unknown as Api
    const { error } = await api.posts!.list!.query({ query: { token: 'secret' } })
    expect(error!.message).toMatch(/baseURL is needed/)
    expect(error!.message).not.toContain('secret')
  })

  test('a fetch that names the whole address does not leak its query', async () => {
    const fetch = (url: string) => Promise.reject(new TypeError(`cannot reach ${url}`))
    const { api } = await setUp({ retries: 0, fetch })
    const { error } = await api.posts!.list!.query({ query: { token: 'secret' } })
    expect(error!.message).toContain('cannot reach')
    expect(error!.message).not.toContain('secret')
  })
})

describe('cancellation', () => {
  test('while it waits for an answer: ABORTED, and the server sees it go', async () => {
    const { server, api } = await setUp()
    const controller = new AbortController()
    const result = api.posts!.list!.query({}, { signal: controller.signal })
    const request = await server.next()
    controller.abort()
    expect((await result).error).toMatchObject({ code: 'ABORTED', status: 0 })
    expect((await result).error!.message).toContain('GET /api/v1/~/posts.list')
    await request.closed
  })

  test('before it begins: nothing is sent', async () => {
    const { server, api } = await setUp()
    expect((await api.posts!.list!.query({}, { signal: AbortSignal.abort() })).error!.code).toBe('ABORTED')
    expect(server.waiting).toBe(0)
  })

  test('while it waits to try again: at once', async () => {
    const { api, clock } = await setUp({ baseURL: await deadPort() })
    const controller = new AbortController()
    const result = api.posts!.list!.query({}, { signal: controller.signal })
    while (clock.pending === 0) await new Promise(setImmediate)
    controller.abort()
    expect((await result).error!.code).toBe('ABORTED')
    expect(clock.pending).toBe(0)
  })

  test('a fetch that heeds no signal: the answer is dropped', async () => {
    const controller = new AbortController()
    const fetch = async () => {
      controller.abort()
      return Response.json({ data: 1, error: null })
    }
    const { api } = await setUp({ fetch })
    expect((await api.posts!.list!.query({}, { signal: controller.signal })).error!.code).toBe('ABORTED')
  })
})

test('the position that a result covers', async () => {
  const { server, api } = await setUp()
  const results = [api.posts!.list!.query(), api.posts!.list!.query()]
  ;(await server.next()).json({ data: 1, error: null }, 200, { 'igniter-cursor': 'e.7' })
  ;(await server.next()).json({ data: 1, error: null }, 200, { 'igniter-cursor': 'e.7' })
  expect((await Promise.all(results)).map(cursorOf)).toEqual(['e.7', 'e.7'])
  expect(cursorOf({})).toBeUndefined()
})

test('nothing is left behind', async () => {
  const { server, api, clock } = await setUp()
  const controller = new AbortController()
  const result = api.posts!.list!.query({}, { signal: controller.signal })
  ;(await server.next()).json({ data: 1, error: null })
  await result
  expect(clock.pending).toBe(0)
  onTestFinished(() => controller.abort())
})
