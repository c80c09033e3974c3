import { describe, expect, test } from 'vitest'
import type { Config } from './config.js'
import { Igniter } from './igniter.js'
import { createTestApp } from './testing/app.js'

const serving = (config: Config = {}) =>
  createTestApp(Igniter.config(config), (igniter) =>
    igniter.router({
      controllers: {
        a: igniter.controller({
          path: '/a',
          actions: {
            q: igniter.query({ path: '/', handler: () => 'read' }),
            m: igniter.mutation({ path: '/', handler: () => 'changed' }),
            d: igniter.mutation({ path: '/', method: 'DELETE', handler: () => 'deleted' }),
            gone: igniter.query({ handler: ({ response }) => response.notFound() }),
            fails: igniter.query({
              handler: () => {
                throw new Error('x')
              },
            }),
          },
        }),
      },
      realtime: { scopes: () => [] },
    }),
  )

/** Headers as a Request of this runtime would refuse to carry them. */
const post = (app: ReturnType<typeof serving>, headers: Record<string, string>, path = '/api/v1/a') =>
  app.send(path, { method: 'POST', headers })

describe('who may change something', () => {
  const own = 'https://own.test'
  const friend = 'https://friend.test'
  const cases: [string, Config, Record<string, string>, number][] = [
    ['neither header: no browser', {}, {}, 200],
    ['same origin by the browser’s word', {}, { 'sec-fetch-site': 'same-origin' }, 200],
    ['typed by the user', {}, { 'sec-fetch-site': 'none' }, 200],
    ['same site is not the same origin', {}, { 'sec-fetch-site': 'same-site' }, 403],
    ['cross-site', {}, { 'sec-fetch-site': 'cross-site' }, 403],
    ['nonsense', {}, { 'sec-fetch-site': 'whatever' }, 403],
    ['upper case', {}, { 'sec-fetch-site': 'SAME-ORIGIN' }, 403],
    ['twice', {}, { 'sec-fetch-site': 'same-origin, cross-site' }, 403],
    [
      'the browser’s word counts above Origin',
      {},
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.test' },
      200,
    ],
    ['Origin equal to Host', {}, { origin: 'http://app.test', host: 'app.test' }, 200],
    ['Origin equal to Host over TLS', {}, { origin: 'https://app.test', host: 'app.test' }, 200],
    ['Origin of another port', {}, { origin: 'http://app.test:8080', host: 'app.test' }, 403],
    ['Origin of another host', {}, { origin: 'https://evil.test', host: 'app.test' }, 403],
    ['Origin that begins alike', {}, { origin: 'https://app.test.evil.test', host: 'app.test' }, 403],
    ['Origin null', {}, { origin: 'null', host: 'app.test' }, 403],
    ['Origin without Host', {}, { origin: 'https://evil.test' }, 403],
    ['baseURL counts instead of Host', { baseURL: own }, { origin: 'https://app.test', host: 'app.test' }, 403],
    ['baseURL', { baseURL: `${own}/deep` }, { origin: own, host: 'inner:3000' }, 200],
    ['baseURL across sites', { baseURL: own }, { origin: own, 'sec-fetch-site': 'cross-site' }, 200],
    ['a listed origin', { cors: { origins: [friend] } }, { origin: friend, host: 'app.test' }, 200],
    [
      'a listed origin across sites',
      { cors: { origins: [friend] } },
      { origin: friend, 'sec-fetch-site': 'cross-site' },
      200,
    ],
    [
      'one that is not',
      { cors: { origins: [friend] } },
      { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
      403,
    ],
    ['all, without cookies', { cors: { origins: '*' } }, { origin: 'https://any.test', host: 'app.test' }, 200],
    [
      'all, but with cookies',
      { cors: { origins: '*' } },
      { origin: 'https://any.test', host: 'app.test', cookie: 'a=1' },
      403,
    ],
    [
      'forwarded hosts mean nothing',
      {},
      { origin: 'https://evil.test', host: 'app.test', 'x-forwarded-host': 'evil.test' },
      403,
    ],
  ]

  test.each(cases)('%s', async (_, config, headers, status) => {
    for (const path of ['/api/v1/a', '/api/v1/~/a.m', '/api/v1/a/', '/api/v1/%61']) {
      const answer = await post(serving(config), headers, path)
      expect(answer.status, path).toBe(status)
      if (status === 403) expect(answer.body).toMatchObject({ data: null, error: { code: 'FORBIDDEN' } })
    }
  })

  test('the content type plays no part', async () => {
    const app = serving()
    for (const type of [
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '',
    ]) {
      const headers = {
        origin: 'https://evil.test',
        host: 'app.test',
        ...(type === '' ? {} : { 'content-type': type }),
      }
      expect((await app.send('/api/v1/a', { method: 'POST', headers, body: '{}' })).status).toBe(403)
    }
  })

  test('reading is for everybody, changing by any method is not', async () => {
    const app = serving()
    const evil = { origin: 'https://evil.test', host: 'app.test', 'sec-fetch-site': 'cross-site' }
    for (const method of ['GET', 'HEAD'])
      expect((await app.send('/api/v1/a', { method, headers: evil })).status).toBe(200)
    expect((await app.send('/api/v1/~/a.q', { headers: evil })).status).toBe(200)
    expect((await app.send('/api/v1/a', { method: 'DELETE', headers: evil })).status).toBe(403)
    expect((await app.send('/api/v1/~/realtime', { method: 'POST', headers: evil })).status).toBe(403)
    expect((await app.send('/api/v1/~/realtime/x', { method: 'POST', headers: evil })).status).toBe(403)
  })

  test('the message says how to allow an origin', async () => {
    const { body } = await post(serving(), { 'sec-fetch-site': 'cross-site' })
    expect(body.error.message).toContain('cors: { origins }')
  })
})

describe('who may read', () => {
  const friend = 'https://friend.test'
  const app = serving({
    cors: { origins: [friend], credentials: true, exposedHeaders: ['X-Total'], maxAgeSeconds: 600 },
  })

  test('an allowed origin reads every answer, failures and refusals included', async () => {
    for (const [path, method, status] of [
      ['/api/v1/a', 'GET', 200],
      ['/api/v1/a', 'HEAD', 200],
      ['/api/v1/~/a.q', 'GET', 200],
      ['/api/v1/a/gone', 'GET', 404],
      ['/api/v1/a/fails', 'GET', 500],
      ['/api/v1/nothing', 'GET', 404],
      ['/api/v1/a', 'PATCH', 405],
      ['/api/v1/a/%', 'GET', 400],
      ['/api/v1/a', 'POST', 200],
    ] as const) {
      const { status: got, headers } = await app.send(path, { method, headers: { origin: friend } })
      expect([got, headers.get('access-control-allow-origin')], `${method} ${path}`).toEqual([status, friend])
      expect(headers.get('access-control-allow-credentials')).toBe('true')
      expect(headers.get('access-control-expose-headers')).toContain('x-total')
      expect(headers.get('access-control-expose-headers')).toContain('igniter-revalidate')
      expect(headers.get('vary')).toContain('origin')
    }
  })

  test('another does not, and caches are told that it depends', async () => {
    for (const headers of [
      {},
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { origin: `${friend}.evil.test` },
    ] as Record<string, string>[]) {
      const { headers: got } = await app.send('/api/v1/a', { headers })
      expect(got.get('access-control-allow-origin')).toBeNull()
      expect(got.get('vary')).toContain('origin')
    }
  })

  test('preflights', async () => {
    const ask = (origin: string, method: string, wanted = 'x-own, content-type') =>
      app.send('/api/v1/a', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': wanted },
      })
    const { status, headers } = await ask(friend, 'DELETE')
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, DELETE')
    expect(headers.get('access-control-allow-headers')).toBe('x-own, content-type')
    expect(headers.get('access-control-max-age')).toBe('600')
    expect(headers.get('allow')).toBe('GET, HEAD, POST, DELETE, OPTIONS')
    const refused = await ask('https://evil.test', 'DELETE')
    expect([refused.status, refused.headers.get('access-control-allow-methods')]).toEqual([204, null])
    const odd = await ask(friend, 'DELETE', 'x-own, a b, x\u00e9')
    expect(odd.headers.get('access-control-allow-headers')).toBe('x-own')
  })

  test('without configuration nobody is told anything', async () => {
    const { headers } = await serving().send('/api/v1/a', { headers: { origin: friend } })
    expect([...headers.keys()].filter((name) => name.startsWith('access-control') || name === 'vary')).toEqual([])
  })

  test("'*' is for everybody, without credentials", async () => {
    const { headers } = await serving({ cors: { origins: '*' } }).send('/api/v1/a', { headers: { origin: friend } })
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  })
})
