import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Igniter } from './igniter.js'
import { createTestApp } from './testing/app.js'

const log: string[] = []

const app = createTestApp(
  Igniter.context(({ request }) => ({ caller: request?.headers.get('x-caller') ?? 'nobody' })).config({
    timeout: 1_000,
  }),
  (igniter) => {
    const auth = igniter.procedure({
      name: 'auth',
      handler: (_: void, { request, response }) => {
        log.push('auth')
        const user = request.headers.get('authorization')
        return user === null ? response.unauthorized() : { user }
      },
    })
    return igniter.router({
      controllers: {
        posts: igniter.controller({
          path: '/posts',
          actions: {
            list: igniter.query({
              path: '/',
              query: z.object({ page: z.number().default(1) }),
              handler: ({ request, response }) => response.success({ page: request.query.page, at: new Date(0) }),
            }),
            get: igniter.query({
              path: '/:id',
              handler: ({ request }) => [request.params.id, request.path, request.method],
            }),
            create: igniter.mutation({
              path: '/',
              body: z.object({ title: z.string() }),
              output: z.object({ title: z.string() }),
              handler: ({ request, response }) =>
                response.created({ ...request.body, secret: 1 }).revalidate(['posts']),
            }),
            mine: igniter.query({ use: [auth()], handler: ({ context }) => context.user }),
            who: igniter.query({ handler: ({ context }) => context.caller }),
            gone: igniter.query({
              handler: ({ response }) => response.error({ code: 'GONE', message: 'x', status: 410, details: 1 }),
            }),
            moved: igniter.query({ handler: ({ response }) => response.redirect('/x') }),
            hang: igniter.query({
              handler: ({ request }) =>
                new Promise<never>((_, reject) =>
                  request.signal.addEventListener('abort', () => reject(request.signal.reason as Error)),
                ),
            }),
            tagged: igniter.query({
              headers: z.object({ 'x-n': z.number() }),
              handler: ({ request }) => request.headers['x-n'],
            }),
            raw: igniter.mutation({ body: z.instanceof(File), handler: ({ request }) => request.body.name }),
            feed: igniter.query({
              stream: true,
              use: [auth()],
              handler: async function* () {
                try {
                  yield { data: { at: new Date(0) } }
                  yield { event: 'more', id: '7', data: 'line 1\nline 2' }
                  yield { data: undefined }
                } finally {
                  log.push('feed ended')
                }
              },
            }),
            endless: igniter.query({
              stream: true,
              handler: ({ response }) => {
                const stream = response.stream()
                stream.onClose(() => log.push('endless ended'))
                stream.every(10, () => stream.send({ data: 1 }))
                return stream
              },
            }),
            failing: igniter.query({
              stream: true,
              handler: async function* () {
                yield { data: 1 }
                throw new Error('secret')
              },
            }),
          },
        }),
      },
    })
  },
)
const api = app.router.caller()

describe('calls', () => {
  test('have the client’s shape and give { data, error }', async () => {
    expect(await api.posts.list.query()).toEqual({ data: { page: 1, at: new Date(0) }, error: null })
    expect(await api.posts.list.query({ query: { page: 2 } })).toEqual({
      data: { page: 2, at: new Date(0) },
      error: null,
    })
    expect(await api.posts.create.mutate({ body: { title: 'x' } })).toEqual({ data: { title: 'x' }, error: null })
  })

  test('values are as they are: validated, never coerced', async () => {
    const { data, error } = await api.posts.list.query({ query: { page: '2' as never } })
    expect(data).toBeNull()
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR', status: 400, details: [{ in: 'query', path: 'page' }] })
    expect((await api.posts.raw.mutate({ body: new File([''], 'a.txt') })).data).toBe('a.txt')
  })

  test('a param is one segment, whatever it holds', async () => {
    for (const id of ['a/b', '..', '.', '?', '#', '%2F', '../../x', 'a\\b']) {
      const { data } = await api.posts.get.query({ params: { id } })
      expect(data?.[0]).toBe(id)
      expect(data?.[1]?.split('/')).toHaveLength(5)
      expect(data?.[1]).not.toMatch(/[?#\\]|\/\.{1,2}$/)
    }
    for (const id of ['', 5, null, undefined, {}]) {
      const { error } = await api.posts.get.query({ params: { id: id as never } })
      expect(error).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ in: 'params', path: 'id' }] })
    }
  })

  test('mistakes of whoever calls are errors too, never rejections', async () => {
    for (const input of [null, 'x', [], { params: 'x' }, { params: null }, { params: [] }]) {
      const { error } = await api.posts.get.query(input as never)
      expect(error?.status, JSON.stringify(input)).toBe(400)
    }
    expect((await api.posts.list.query({}, { headers: { 'bad name': 'x' } })).error?.status).toBe(400)
    expect((await api.posts.list.query({ headers: { x: 'a\r\nb' } } as never)).error?.status).toBe(400)
  })

  test('guards, context, headers and failures are those of every door', async () => {
    log.length = 0
    expect((await api.posts.mine.query()).error).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
    expect((await api.posts.mine.query({}, { headers: { authorization: 'ann' } })).data).toBe('ann')
    expect(log).toEqual(['auth', 'auth'])
    expect((await api.posts.who.query({}, { headers: new Headers({ 'x-caller': 'job' }) })).data).toBe('job')
    expect((await api.posts.gone.query()).error).toEqual({ code: 'GONE', message: 'x', status: 410, details: 1 })
    expect(await api.posts.moved.query()).toEqual({ data: null, error: null })
    expect((await api.posts.tagged.query({ headers: { 'x-n': 5 } })).data).toBe(5)
  })

  test('the time limit holds, and a signal ends a call', async () => {
    const late = api.posts.hang.query()
    await app.clock.advance(1_200)
    expect((await late).error).toMatchObject({ code: 'TIMEOUT', status: 503 })
    const controller = new AbortController()
    const cut = api.posts.hang.query({}, { signal: controller.signal })
    controller.abort()
    expect((await cut).data).toBeNull()
  })

  test('caller({ context }) gives another context', async () => {
    const own = createTestApp(
      Igniter.context<{ name: string }>(),
      (igniter) =>
        igniter.router({
          controllers: {
            a: igniter.controller({
              path: '/a',
              actions: { q: igniter.query({ path: '/', handler: ({ context }) => context.name }) },
            }),
          },
        }),
      { context: { name: 'door' } },
    )
    expect((await own.router.caller({ context: { name: 'value' } }).a.q.query()).data).toBe('value')
    expect((await own.router.caller({ context: async () => ({ name: 'made' }) }).a.q.query()).data).toBe('made')
    expect((await own.send('/api/v1/a')).body.data).toBe('door')
  })

  test('keys of Object.prototype are controllers and actions like others', async () => {
    const own = createTestApp(Igniter, (igniter) => {
      const actions = { toString: igniter.query({ path: '/', handler: () => 'fine' }) }
      return igniter.router({ controllers: { constructor: igniter.controller({ path: '/c', actions }) } })
    })
    expect((await own.router.caller().constructor.toString.query()).data).toBe('fine')
    expect(Object.keys(Object)).toEqual([])
    expect((await own.send('/api/v1/~/constructor.toString')).body.data).toBe('fine')
  })
})

describe('streams', () => {
  const headers = { authorization: 'ann' }

  test('give their events as values', async () => {
    const events = []
    for await (const event of api.posts.feed.stream({}, { headers })) events.push(event)
    expect(events).toEqual([
      { event: 'message', data: { at: new Date(0) } },
      { event: 'more', id: '7', data: 'line 1\nline 2' },
      { event: 'message', data: null },
    ])
  })

  test('leaving the loop ends them', async () => {
    log.length = 0
    for await (const event of api.posts.feed.stream({}, { headers })) {
      expect(event).toBeDefined()
      break
    }
    await app.clock.advance(0)
    expect(log).toEqual(['auth', 'feed ended'])
  })

  test('a signal ends them', async () => {
    log.length = 0
    const controller = new AbortController()
    const reading = (async () => {
      let count = 0
      for await (const _ of api.posts.endless.stream({}, { signal: controller.signal })) count++
      return count
    })()
    await app.clock.advance(35)
    controller.abort()
    expect(await reading).toBe(3)
    expect(log).toEqual(['endless ended'])
    await app.clock.advance(2_000)
    expect(app.clock.pending).toBe(0)
  })

  test('a refusal is thrown as the error that it is', async () => {
    await expect(api.posts.feed.stream()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  test('what ends one on the way is thrown, without its secret', async () => {
    const events: unknown[] = []
    const read = async () => {
      for await (const { data } of api.posts.failing.stream()) events.push(data)
    }
    await expect(read()).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) })
    expect(events).toEqual([1])
  })
})
