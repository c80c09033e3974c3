/** Requests that nobody would write by hand (fault 14 in its short form): whatever comes, the one envelope leaves. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from 'node:net'
import { z } from 'zod'
import { Igniter } from './igniter.js'
import { serve, type Serving } from './node.js'
import { createTestApp } from './testing/app.js'
import { until } from './testing/conformance.js'

/** `npm run test:all` tries more. */
const effort = process.env.LONG ? 10 : 1

const app = createTestApp(
  Igniter.config({ bodyLimit: 10_000, compressedBodies: true, trustProxy: true, cookies: { secret: 's'.repeat(32) } }),
  (igniter) => {
    const body = z.object({ title: z.string(), at: z.date().optional(), tags: z.array(z.string()).optional() })
    const nosy = igniter.procedure({
      name: 'nosy',
      handler: (_: void, { request }) => {
        void [request.ip, request.id, request.path, request.cookies.names(), request.cookies.signed('a')]
      },
    })
    return igniter.router({
      use: [nosy()],
      controllers: {
        posts: igniter.controller({
          path: '/posts',
          actions: {
            list: igniter.query({
              path: '/',
              query: z.object({
                page: z.number().optional(),
                q: z.array(z.string()).optional(),
                on: z.boolean().optional(),
              }),
              handler: ({ request }) => request.query,
            }),
            get: igniter.query({
              path: '/:id',
              handler: ({ request }) => [request.params, request.query, request.path],
            }),
            create: igniter.mutation({
              path: '/',
              body,
              handler: ({ request, response }) => response.created(request.body).revalidate(['posts']),
            }),
            any: igniter.mutation({
              path: '/:id',
              method: 'PUT',
              headers: z.object({ 'x-n': z.number().optional() }),
              handler: ({ request }) => request.body,
            }),
            feed: igniter.query({
              path: '/feed/:n',
              params: z.object({ n: z.number() }),
              stream: true,
              handler: async function* () {
                yield { data: 1 }
              },
            }),
          },
        }),
      },
      realtime: { channels: { 'a*': () => true } },
    })
  },
)

const segment = fc.oneof(
  fc.constantFrom(
    'api',
    'v1',
    'posts',
    'feed',
    '~',
    'realtime',
    'posts.list',
    'posts.create',
    'posts.any',
    '',
    '.',
    '..',
    '%',
    '%2e',
    '%61',
    '%00',
    '__proto__',
    '1',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const path = fc.oneof(
  fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join('/')}`),
  fc.array(segment, { maxLength: 3 }).map((segments) => `/api/v1/posts/${segments.join('/')}`),
  fc.constantFrom(
    '/api/v1/posts',
    '/api/v1/~/posts.list',
    '/api/v1/~/posts.create',
    '/api/v1/~/posts.any',
    '/api/v1/~/realtime',
  ),
)
const json = fc.oneof(
  fc.json(),
  fc.jsonValue().map((value) => JSON.stringify({ body: value, params: { id: 'x' }, query: value })),
  fc.constantFrom(
    '{"body":{"$date":1}}',
    '{"__proto__":1}',
    '{"body":{"title":{"$set":[{"$map":[[1]]}]}}}',
    '[',
    '{"title":"x","at":"2026"}',
  ),
)
const search = fc.oneof(
  fc.webQueryParameters(),
  json.map((text) => `input=${encodeURIComponent(text)}`),
  fc.string({ unit: 'binary-ascii' }),
  fc.constant('page=1&page=2&q=%zz&on=yes'),
)
const headerValue = fc.string({
  unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
  maxLength: 30,
})
const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'content-encoding',
    'cookie',
    'origin',
    'sec-fetch-site',
    'x-forwarded-for',
    'x-request-id',
    'last-event-id',
    'x-n',
    'content-length',
    'access-control-request-method',
  ),
  fc.oneof(
    headerValue,
    fc.constantFrom(
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
      'gzip',
      'a=1; a=2; b="',
      'http://app.test',
    ),
  ),
  { maxKeys: 5 },
)
const body = fc.oneof(
  json,
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 200 }),
  fc.constant('--x\r\nContent-Disposition: form-data; name="input"\r\n\r\n{}\r\n--x--'),
)
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND')

test('through the fetch door', async () => {
  await fc.assert(
    fc.asyncProperty(method, path, search, headers, body, async (method, path, search, given, body) => {
      let request: Request
      try {
        const sent = method === 'GET' || method === 'HEAD' ? null : (body as BodyInit)
        request = new Request(`http://app.test${path}?${search}`, { method, headers: given, body: sent })
      } catch {
        return
      }
      const response = await app.fetch(request)
      expect(response.status).toBeLessThan(500)
      if (response.headers.get('content-type')?.startsWith('text/event-stream')) return void response.body?.cancel()
      const text = await response.text()
      if (text === '') return
      const answer = JSON.parse(text)
      expect(Object.keys(answer)).toEqual(['data', 'error'])
      if (response.status < 400) expect(answer.error).toBeNull()
      else
        expect(answer).toMatchObject({ data: null, error: { code: expect.any(String), message: expect.any(String) } })
      expect(text).not.toMatch(/node_modules|\.ts:|\.js:|Error:/)
    }),
    { numRuns: 1_500 * effort },
  )
  expect(app.logs.filter(({ level }) => level === 'error')).toEqual([])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

let server: Serving
beforeAll(async () => {
  server = await serve(app.router, { port: 0, hostname: '127.0.0.1', signals: false, grace: 100 })
})
afterAll(() => server.close())

test('byte by byte through the Node door', async () => {
  const line = fc.tuple(method, path, search).map(([method, path, search]) => `${method} ${path}?${search} HTTP/1.1`)
  const field = fc.tuple(
    fc.constantFrom('Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Content-Type', 'Expect', 'X'),
    headerValue,
  )
  const message = fc
    .tuple(
      fc.oneof(line, fc.string({ unit: 'binary-ascii' })),
      fc.array(field, { maxLength: 4 }),
      fc.string({ unit: 'binary-ascii' }),
    )
    .map(
      ([first, fields, rest]) =>
        `${first}\r\nHost: x\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${rest}`,
    )
  await fc.assert(
    fc.asyncProperty(message, async (bytes) => {
      const socket = connect(server.port, '127.0.0.1')
      let text = ''
      socket.on('data', (chunk) => (text += chunk))
      socket.on('error', () => {})
      socket.end(Buffer.from(bytes, 'latin1'))
      socket.setTimeout(200, () => socket.destroy())
      await until('the exchange is over', () => socket.closed)
      for (const [, status] of text.matchAll(/^HTTP\/1\.1 (\d+)/gm)) expect(Number(status)).toBeLessThan(500)
    }),
    { numRuns: 150 * effort },
  )
  expect((await fetch(`${server.url}/api/v1/posts`)).status).toBe(200)
})
