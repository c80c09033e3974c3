import { describe, expect, test } from 'vitest'
import { Igniter } from './igniter.js'
import { createTestApp } from './testing/app.js'

const seen: string[] = []

function setup() {
  seen.length = 0
  return createTestApp(Igniter, (igniter) => {
    const guard = igniter.procedure({
      name: 'guard',
      handler: (_: void, { request, response }) => {
        seen.push(`guard ${request.method} ${request.path}`)
        return request.headers.get('authorization') === 'yes' ? { user: 'ann' } : response.unauthorized()
      },
    })
    const posts = igniter.controller({
      path: '/posts',
      actions: {
        list: igniter.query({ path: '/', handler: () => 'list' }),
        create: igniter.mutation({ path: '/', handler: () => 'create' }),
        fresh: igniter.query({ path: '/new', handler: () => 'new' }),
        get: igniter.query({ path: '/:id', handler: ({ request }) => request.params.id }),
        replace: igniter.mutation({
          path: '/:id',
          method: 'PUT',
          handler: ({ request }) => `put ${request.params.id}`,
        }),
        remove: igniter.mutation({ path: '/:id', method: 'DELETE', handler: () => 'deleted' }),
        comments: igniter.query({ path: '/:id/comments/:n', handler: ({ request }) => request.params }),
        latestPosts: igniter.query({ handler: () => 'latest' }),
        HTMLExport: igniter.query({ handler: () => 'export' }),
      },
    })
    const secret = igniter.controller({
      path: '/secret',
      use: [guard()],
      actions: {
        read: igniter.query({
          path: '/',
          handler: () => {
            seen.push('handler')
            return 'secret'
          },
        }),
        feed: igniter.query({
          path: '/feed',
          stream: true,
          handler: async function* () {
            seen.push('stream')
            yield { data: 1 }
          },
        }),
        write: igniter.mutation({
          path: '/',
          handler: () => {
            seen.push('handler')
          },
        }),
      },
    })
    return igniter.router({ controllers: { posts, secret } })
  })
}

describe('addresses', () => {
  const app = setup()
  const data = async (path: string, init?: RequestInit) => (await app.send(path, init)).body.data

  test('controller and action paths are joined with one slash', async () => {
    expect(await data('/api/v1/posts')).toBe('list')
    expect(await data('/api/v1/posts/7')).toBe('7')
  })

  test('a path left out is the key in kebab-case', async () => {
    expect(await data('/api/v1/posts/latest-posts')).toBe('latest')
    expect(await data('/api/v1/posts/html-export')).toBe('export')
    // The key itself is only a parameter's value.
    expect(await data('/api/v1/posts/latestPosts')).toBe('latestPosts')
  })

  test('a final slash is the same path, two are none', async () => {
    expect(await data('/api/v1/posts/')).toBe('list')
    expect(await data('/api/v1/posts/?page=1')).toBe('list')
    expect(await data('/api/v1/posts/7/')).toBe('7')
    for (const path of ['/api/v1/posts//', '/api/v1//posts', '/api//v1/posts', '/api/v1/posts//7']) {
      expect((await app.send(path)).status, path).toBe(404)
    }
  })

  test('paths are case-sensitive', async () => {
    for (const path of ['/api/v1/Posts', '/API/v1/posts', '/api/v1/posts/NEW/x']) {
      expect((await app.send(path)).status, path).toBe(404)
    }
    expect(await data('/api/v1/posts/NEW')).toBe('NEW')
  })

  test('a name wins over a parameter, and decoding happens once', async () => {
    expect(await data('/api/v1/posts/new')).toBe('new')
    expect(await data('/api/v1/posts/n%65w')).toBe('new')
    expect(await data('/api/v1/p%6Fsts')).toBe('list')
    expect(await data('/api/v1/posts/a%2Fb')).toBe('a/b')
    expect(await data('/api/v1/posts/%2561')).toBe('%61')
    expect(await data('/api/v1/posts/%C3%A9%20+')).toBe('é +')
    expect(await data('/api/v1/posts/constructor')).toBe('constructor')
    expect(await data('/api/v1/posts/__proto__')).toBe('__proto__')
    expect(await data('/api/v1/posts/a%2Fb/comments/%3A%3F')).toEqual({ id: 'a/b', n: ':?' })
  })

  test.each(['%', '%zz', '%E0%A4%A', '%ff', 'x%', '%C0%AF', '%u0041'])('%s is malformed: 400', async (id) => {
    const { status, body } = await app.send(`/api/v1/posts/${id}`)
    expect(status).toBe(400)
    expect(body).toMatchObject({ data: null, error: { code: 'BAD_REQUEST' } })
  })

  test('a name whose method does not fit leaves the parameter its turn', async () => {
    expect(await data('/api/v1/posts/new', { method: 'PUT' })).toBe('put new')
    expect((await app.send('/api/v1/posts/new', { method: 'OPTIONS' })).headers.get('allow')).toBe(
      'GET, HEAD, PUT, DELETE, OPTIONS',
    )
    const refused = await app.send('/api/v1/posts/new', { method: 'PATCH' })
    expect(refused.status).toBe(405)
    expect(refused.headers.get('allow')).toBe('GET, HEAD, PUT, DELETE')
  })

  test('what is nowhere is 404 in the envelope', async () => {
    for (const path of [
      '/',
      '/api',
      '/api/v1',
      '/api/v1/nothing',
      '/api/v1/posts/1/2',
      '/api/v1/~/posts.nope',
      '/api/v1/~',
    ]) {
      const { status, body, headers } = await app.send(path)
      expect(status, path).toBe(404)
      expect(body).toEqual({ data: null, error: { code: 'NOT_FOUND', message: expect.any(String) } })
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    }
  })

  test('the path may have 8 KiB', async () => {
    const fill = (length: number) => `/api/v1/posts/${'x'.repeat(length - '/api/v1/posts/'.length)}`
    expect((await app.send(fill(8_192))).status).toBe(200)
    const { status, body } = await app.send(fill(8_193))
    expect(status).toBe(414)
    expect(body.error.code).toBe('URI_TOO_LONG')
    expect((await app.send(`${fill(8_192)}?${'q'.repeat(5_000)}`)).status).toBe(200)
  })

  test('a path of slashes or escapes is judged in linear time', async () => {
    const start = performance.now()
    for (let i = 0; i < 50; i++) {
      await app.send(`/api/v1/posts${'/x'.repeat(4_000)}`)
      await app.send(`/api/v1/posts/${'%41'.repeat(2_700)}`)
    }
    expect(performance.now() - start).toBeLessThan(2_000)
  })
})

describe('request target', () => {
  const app = setup()

  test.each(['http://app.test//api/v1/posts', 'http://app.test//evil.test/api/v1/posts', 'http://app.test///'])(
    '%s: 400',
    async (url) => {
      const { status, body } = await app.send(new Request(url))
      expect(status).toBe(400)
      expect(body.error.code).toBe('BAD_REQUEST')
    },
  )

  test('the host means nothing', async () => {
    expect((await app.send('http://evil.test/api/v1/posts')).body.data).toBe('list')
  })
})

describe('methods', () => {
  const app = setup()

  test('405 with Allow for a known path', async () => {
    for (const [path, method, allow] of [
      ['/api/v1/posts', 'DELETE', 'GET, HEAD, POST'],
      ['/api/v1/posts/', 'PATCH', 'GET, HEAD, POST'],
      ['/api/v1/posts/7', 'POST', 'GET, HEAD, PUT, DELETE'],
      ['/api/v1/posts/7', 'PROPFIND', 'GET, HEAD, PUT, DELETE'],
      ['/api/v1/~/posts.list', 'POST', 'GET, HEAD'],
      ['/api/v1/~/posts.create', 'GET', 'POST'],
      ['/api/v1/~/posts.replace', 'PUT', 'POST'],
    ] as const) {
      const { status, headers, body } = await app.send(path, { method })
      expect(status, `${method} ${path}`).toBe(405)
      expect(headers.get('allow')).toBe(allow)
      expect(body.error.code).toBe('METHOD_NOT_ALLOWED')
    }
  })

  test('OPTIONS tells what a path answers, without any guard or handler', async () => {
    seen.length = 0
    const { status, headers, text } = await app.send('/api/v1/secret', { method: 'OPTIONS' })
    expect(status).toBe(204)
    expect(headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS')
    expect(text).toBe('')
    expect(seen).toEqual([])
    expect((await app.send('/api/v1/nothing', { method: 'OPTIONS' })).status).toBe(404)
  })

  test('HEAD answers as GET would, without the body', async () => {
    const get = await app.send('/api/v1/posts')
    const head = await app.send('/api/v1/posts', { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(head.text).toBe('')
    expect(head.headers.get('content-length')).toBe(String(get.text.length))
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
    const missing = await app.send('/api/v1/nothing', { method: 'HEAD' })
    expect([missing.status, missing.text]).toEqual([404, ''])
    expect((await app.send('/api/v1/secret', { method: 'HEAD' })).status).toBe(401)
  })

  test('X-HTTP-Method-Override changes nothing', async () => {
    const headers = { 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE', 'x-method-override': 'DELETE' }
    expect((await app.send('/api/v1/posts/7', { method: 'POST', headers })).status).toBe(405)
    expect((await app.send('/api/v1/posts/7?_method=DELETE', { headers })).body.data).toBe('7')
  })
})

describe('a guard belongs to the action, whichever address leads to it', () => {
  const ways: [string, RequestInit?][] = [
    ['/api/v1/secret'],
    ['/api/v1/secret/'],
    ['/api/v1/%73ecret'],
    ['/api/v1/secre%74/'],
    ['/%61pi/v1/secret'],
    ['/api/v1/secret', { method: 'HEAD' }],
    ['/api/v1/secret/', { method: 'HEAD' }],
    ['/api/v1/secret/feed'],
    ['/api/v1/secret/feed', { method: 'HEAD' }],
    ['/api/v1/secret/fee%64/', { method: 'HEAD' }],
    ['/api/v1/secret', { method: 'POST' }],
    ['/api/v1/~/secret.read'],
    ['/api/v1/~/secret.read/'],
    ['/api/v1/~/secret%2Eread'],
    ['/api/v1/%7E/secret.read'],
    ['/api/v1/%7e/secret.re%61d/?input=%7B%7D', { method: 'HEAD' }],
    ['/api/v1/~/secret.feed'],
    ['/api/v1/~/secret.feed', { method: 'HEAD' }],
    ['/api/v1/~/secret.write', { method: 'POST' }],
  ]

  test.each(ways)('%s %o', async (path, init) => {
    const app = setup()
    const { status } = await app.send(path, init)
    expect(status).toBe(401)
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatch(/^guard (GET|POST) \/api\/v1\/secret(\/feed)?$/)
    const allowed = await app.fetch(path, { ...init, headers: { authorization: 'yes' } })
    expect(allowed.status).toBe(200)
    await allowed.body?.cancel()
  })

  test('HEAD on a stream runs the guards and not the handler', async () => {
    const app = setup()
    const { status, headers } = await app.send('/api/v1/secret/feed', {
      method: 'HEAD',
      headers: { authorization: 'yes' },
    })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toContain('text/event-stream')
    expect(seen).toEqual(['guard GET /api/v1/secret/feed'])
  })

  test('the server-side caller runs it too', async () => {
    const app = setup()
    const api = app.router.caller()
    expect((await api.secret.read.query()).error?.code).toBe('UNAUTHORIZED')
    expect((await api.secret.read.query({}, { headers: { authorization: 'yes' } })).data).toBe('secret')
    expect(seen).toEqual(['guard GET /api/v1/secret', 'guard GET /api/v1/secret', 'handler'])
  })
})

describe('basePath', () => {
  test.each([
    ['/', '/posts', '/~/posts.list'],
    ['/api', '/api/posts', '/api/~/posts.list'],
    ['/api/', '/api/posts', '/api/~/posts.list'],
    ['/a/b.c/~d', '/a/b.c/~d/posts', '/a/b.c/~d/~/posts.list'],
  ])('%s', async (basePath, rest, rpc) => {
    const app = createTestApp(Igniter.config({ basePath }), (igniter) =>
      igniter.router({
        controllers: {
          posts: igniter.controller({
            path: '/posts/',
            actions: { list: igniter.query({ path: '/', handler: ({ request }) => request.path }) },
          }),
          root: igniter.controller({
            path: '/',
            actions: { home: igniter.query({ path: '/', handler: () => 'home' }) },
          }),
        },
      }),
    )
    expect((await app.send(rest)).body.data).toBe(rest)
    expect((await app.send(rpc)).body.data).toBe(rest)
    expect((await app.send(basePath)).body.data).toBe('home')
  })
})

describe('addresses for the client', () => {
  test('config({ rpc: false }) turns them off', async () => {
    const app = createTestApp(Igniter.config({ rpc: false }), (igniter) =>
      igniter.router({
        controllers: {
          posts: igniter.controller({
            path: '/posts',
            actions: {
              list: igniter.query({ path: '/', handler: () => 1 }),
              create: igniter.mutation({ path: '/', handler: () => 1 }),
            },
          }),
        },
      }),
    )
    expect((await app.send('/api/v1/posts')).status).toBe(200)
    expect((await app.send('/api/v1/~/posts.list')).status).toBe(404)
    expect((await app.send('/api/v1/~/posts.create', { method: 'POST' })).status).toBe(404)
  })

  test('a mutation of any method is called by POST, and sees its own method and path', async () => {
    const app = createTestApp(Igniter, (igniter) =>
      igniter.router({
        controllers: {
          posts: igniter.controller({
            path: '/posts',
            actions: {
              replace: igniter.mutation({
                path: '/:id/of/:owner',
                method: 'PUT',
                handler: ({ request }) => [request.method, request.path, request.params],
              }),
            },
          }),
        },
      }),
    )
    const params = { id: 'a/b', owner: '..' }
    const { body } = await app.send('/api/v1/~/posts.replace', { json: { params } })
    expect(body.data).toEqual(['PUT', '/api/v1/posts/a%2Fb/of/%2E%2E', params])
    const rest = await app.send('/api/v1/posts/a%2Fb/of/x', { method: 'PUT' })
    expect(rest.body.data).toEqual(['PUT', '/api/v1/posts/a%2Fb/of/x', { id: 'a/b', owner: 'x' }])
  })

  test('answers are never stored, whatever they are and whatever the handler says', async () => {
    const app = createTestApp(Igniter, (igniter) =>
      igniter.router({
        controllers: {
          posts: igniter.controller({
            path: '/posts',
            actions: {
              list: igniter.query({ path: '/', handler: () => 1 }),
              cached: igniter.query({
                handler: ({ response }) => response.setHeader('cache-control', 'public, max-age=60').success(1),
              }),
              raw: igniter.query({ handler: () => new Response('x', { headers: { 'cache-control': 'public' } }) }),
              gone: igniter.query({ handler: ({ response }) => response.notFound() }),
              feed: igniter.query({
                stream: true,
                handler: async function* () {
                  yield { data: 1 }
                },
              }),
            },
          }),
        },
      }),
    )
    for (const name of ['posts.list', 'posts.cached', 'posts.raw', 'posts.gone', 'posts.feed', 'posts.nope']) {
      const { headers } = await app.send(`/api/v1/~/${name}`)
      expect(headers.get('cache-control')?.split(/,\s*/), name).toContain('no-store')
      expect(headers.get('cache-control'), name).not.toContain('public')
    }
    const { headers } = await app.send('/api/v1/posts/cached')
    expect(headers.get('cache-control')).toBe('public, max-age=60')
  })
})
