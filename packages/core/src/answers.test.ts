import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { decode } from './protocol.js'
import { Igniter } from './igniter.js'
import type { ProcedureInput } from './procedure.js'
import { createTestApp } from './testing/app.js'

type Handler = (input: any) => unknown

/** An application whose one query `a.q` and mutation `a.m` run `handler`. */
function answering(handler: Handler, options: { stream?: boolean; output?: z.ZodType; before?: Handler } = {}) {
  const { before = () => {}, ...rest } = options
  return createTestApp(Igniter.config({ baseURL: 'https://own.test' }), (igniter) => {
    const step = igniter.procedure({ handler: (_: void, input: ProcedureInput<any>) => before(input) as undefined })
    const own = { path: '/', use: [step()], handler, ...rest } as unknown as { path: '/'; handler: () => unknown }
    return igniter.router({
      controllers: {
        a: igniter.controller({ path: '/a', actions: { q: igniter.query(own), m: igniter.mutation(own) } }),
      },
    })
  })
}

const ask = (handler: Handler, options?: Parameters<typeof answering>[1]) =>
  answering(handler, options).send('/api/v1/a')
const askRpc = async (handler: Handler, options?: Parameters<typeof answering>[1]) => {
  const answer = await answering(handler, options).send('/api/v1/~/a.q')
  return { ...answer, value: answer.text === '' ? undefined : (decode(answer.text) as { data: unknown; error: any }) }
}

describe('what a handler may return', () => {
  test.each([
    ['an object', () => ({ a: 1 }), { a: 1 }],
    ['a promise', async () => ({ a: 1 }), { a: 1 }],
    ['a text', () => 'x', 'x'],
    ['an empty text', () => '', ''],
    ['a number', () => 0, 0],
    ['false', () => false, false],
    ['null', () => null, null],
    ['undefined', () => undefined, null],
    ['a promise of undefined', async () => {}, null],
    ['a list', () => [1, [2]], [1, [2]]],
    ['response, untouched', ({ response }: any) => response, null],
    ['an object with a start function', () => ({ start: () => {}, at: 1 }), { at: 1 }],
    // oxlint-disable-next-line unicorn/no-thenable -- query builders are
    ['a thenable', () => ({ then: (done: (value: unknown) => void) => done('later') }), 'later'],
  ])('%s', async (_, handler, data) => {
    const { status, body, headers } = await ask(handler as Handler)
    expect([status, body]).toEqual([200, { data, error: null }])
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  test('undefined is null at every door', async () => {
    for (const handler of [
      () => undefined,
      ({ response }: any) => response.success(undefined),
      ({ response }: any) => response.created(undefined),
      ({ response }: any) => response.json(undefined),
    ]) {
      const app = answering(handler)
      expect((await app.send('/api/v1/a')).body?.data ?? null).toBeNull()
      const { text } = await app.send('/api/v1/~/a.q')
      expect(text).toBe('{"data":null,"error":null}')
      expect(await app.router.caller().a.q.query()).toEqual({ data: null, error: null })
    }
  })

  test('rich values: plain at REST addresses, themselves under /~/', async () => {
    const rich = {
      at: new Date(0),
      big: 12345678901234567890n,
      map: new Map<unknown, unknown>([['a', new Set([1])]]),
      list: [undefined, 1],
      nothing: undefined,
      not: Number.NaN,
      zero: -0,
      url: new URL('https://x.test/'),
      bytes: new Uint8Array([1, 2]),
      own: { toJSON: () => ({ inner: 3n }) },
    }
    const { body } = await ask(() => rich)
    expect(body.data).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      big: '12345678901234567890',
      map: [['a', [1]]],
      list: [null, 1],
      not: null,
      zero: 0,
      url: 'https://x.test/',
      bytes: 'AQI=',
      own: { inner: '3' },
    })
    const { value } = await askRpc(() => rich)
    expect(value?.data).toEqual({ ...rich, own: { inner: 3n } })
  })

  test('what plain JSON can carry looks the same under /~/', async () => {
    const plain = { a: [1, 'x', null, true, { $: 1, $dates: '' }], b: { $date: 'not a mark' } }
    expect((await ask(() => plain)).body.data).toEqual(plain)
    const { text, value } = await askRpc(() => ({ a: plain.a }))
    expect(text).toBe(JSON.stringify({ data: { a: plain.a }, error: null }))
    expect(value?.data).toEqual({ a: plain.a })
    expect((await askRpc(() => plain)).value?.data).toEqual(plain)
  })

  test.each([
    ['a circle', () => Object.assign(Object.create(null), { self: null }, loop())],
    ['a getter that throws', () => Object.defineProperty({}, 'x', { enumerable: true, get: () => explode() })],
    ['a toJSON that throws', () => ({ toJSON: explode })],
    ['a revoked proxy', revoked],
    ['more than 100 levels', () => nest(101)],
  ])('%s cannot be sent: a logged 500', async (_, make) => {
    const app = answering(() => make())
    for (const path of ['/api/v1/a', '/api/v1/~/a.q']) {
      const { status, body } = await app.send(path)
      expect(status).toBe(500)
      expect(body.error.code).toBe('INTERNAL_SERVER_ERROR')
      expect(body.error.requestId).toMatch(/^[\w-]{16,}$/)
      expect(app.logs.find(({ requestId }) => requestId === body.error.requestId)?.level).toBe('error')
    }
  })

  test('an async generator in an action that is no stream is a mistake that is told', async () => {
    const app = answering(async function* () {
      yield { data: 1 }
    })
    expect((await app.send('/api/v1/a')).status).toBe(500)
    expect(JSON.stringify(app.logs)).toContain('stream: true')
  })
})

describe('a WHATWG Response', () => {
  const make = () => {
    const headers = new Headers({ 'content-type': 'text/csv', 'x-own': '1' })
    headers.append('set-cookie', 'a=1')
    headers.append('set-cookie', 'b=2')
    return new Response('a,b', { status: 418, headers })
  }

  test('passes as it is, with what was said by response', async () => {
    const { status, text, headers } = await ask(({ response }) => {
      response.setHeader('x-own', '2').setHeader('x-more', '3').setCookie('c', '3')
      return make()
    })
    expect([status, text]).toEqual([418, 'a,b'])
    expect(headers.get('content-type')).toBe('text/csv')
    expect(headers.get('x-own')).toBe('2')
    expect(headers.get('x-more')).toBe('3')
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2', 'c=3; Path=/; HttpOnly; SameSite=Lax'])
    expect(headers.get('igniter-raw')).toBeNull()
  })

  test('is marked under /~/', async () => {
    const { status, text, headers } = await answering(make).send('/api/v1/~/a.q')
    expect([status, text, headers.get('igniter-raw')]).toEqual([418, 'a,b', '1'])
    expect(headers.get('cache-control')).toContain('no-store')
    expect(headers.get('igniter-cursor')).not.toBeNull()
  })

  test.each([204, 205, 304])('%i has no body', async (status) => {
    const answer = await ask(() => new Response(null, { status }))
    expect([answer.status, answer.text]).toEqual([status, ''])
  })

  test('that cannot be sent any more is a logged 500', async () => {
    const used = new Response('x')
    await used.text()
    const locked = new Response('x')
    locked.body?.getReader()
    for (const response of [used, locked, Response.error()]) {
      const app = answering(() => response)
      const { status, body } = await app.send('/api/v1/a')
      expect(status).toBe(500)
      expect(body.error.code).toBe('INTERNAL_SERVER_ERROR')
      expect(app.logs.some(({ level }) => level === 'error')).toBe(true)
    }
  })

  test('answers HEAD without its body, which is given up', async () => {
    let isCancelled = false
    const body = () =>
      new ReadableStream({
        pull() {},
        cancel: () => {
          isCancelled = true
        },
      })
    const app = answering(() => new Response(body(), { headers: { 'content-length': '5' } }))
    const { text, headers } = await app.send('/api/v1/a', { method: 'HEAD' })
    expect([text, headers.get('content-length')]).toEqual(['', '5'])
    expect(isCancelled).toBe(true)
  })

  test('the caller gets it', async () => {
    const { data } = await answering(make).router.caller().a.q.query()
    expect((data as Response).status).toBe(418)
  })
})

describe('response', () => {
  test.each([
    ['success', [{ a: 1 }], 200, { data: { a: 1 }, error: null }],
    ['success', [], 200, { data: null, error: null }],
    ['created', [1], 201, { data: 1, error: null }],
    ['accepted', [], 202, { data: null, error: null }],
    ['accepted', [2], 202, { data: 2, error: null }],
    ['json', [{ a: [1] }], 200, { a: [1] }],
    ['json', [null], 200, null],
  ])('%s(%j): %i', async (name, args, status, body) => {
    const answer = await ask(({ response }) => response[name](...args))
    expect([answer.status, answer.body]).toEqual([status, body])
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  test('text, html, noContent, redirect', async () => {
    const text = await ask(({ response }) => response.text('é'))
    expect([text.text, text.headers.get('content-type')]).toEqual(['é', 'text/plain; charset=utf-8'])
    const html = await ask(({ response }) => response.html('<p>'))
    expect([html.text, html.headers.get('content-type')]).toEqual(['<p>', 'text/html; charset=utf-8'])
    const none = await ask(({ response }) => response.noContent())
    expect([none.status, none.text, none.headers.get('content-type')]).toEqual([204, '', null])
    const moved = await ask(({ response }) => response.redirect('/x?y#z'))
    expect([moved.status, moved.headers.get('location'), moved.text]).toEqual([302, '/x?y#z', ''])
    const kept = await ask(({ response }) => response.redirect('/x', { status: 308 }))
    expect(kept.status).toBe(308)
  })

  test('under /~/ all of them give data', async () => {
    for (const [name, args, data] of [
      ['success', [1], 1],
      ['created', [new Date(0)], new Date(0)],
      ['json', [{ a: 1 }], { a: 1 }],
      ['text', ['x'], 'x'],
      ['html', ['<p>'], '<p>'],
    ] as const) {
      const { value } = await askRpc(({ response }) => response[name](...args))
      expect(value, name).toEqual({ data, error: null })
    }
    for (const name of ['noContent', 'redirect'] as const) {
      const { status, text } = await askRpc(({ response }) => response[name]('/x'))
      expect([status, text], name).toEqual([204, ''])
    }
  })

  test.each([
    ['badRequest', 400, 'BAD_REQUEST'],
    ['unauthorized', 401, 'UNAUTHORIZED'],
    ['forbidden', 403, 'FORBIDDEN'],
    ['notFound', 404, 'NOT_FOUND'],
    ['conflict', 409, 'CONFLICT'],
    ['unprocessable', 422, 'UNPROCESSABLE_ENTITY'],
    ['tooManyRequests', 429, 'TOO_MANY_REQUESTS'],
  ])('%s: %i %s', async (name, status, code) => {
    const bare = await ask(({ response }) => response[name]())
    expect([bare.status, bare.body]).toEqual([status, { data: null, error: { code, message: expect.any(String) } }])
    const said = await ask(({ response }) => response[name]('So.', { a: 1 }))
    expect(said.body.error).toEqual({ code, message: 'So.', details: { a: 1 } })
    expect((await askRpc(({ response }) => response[name]('So.', new Set([1])))).value?.error).toEqual({
      code,
      message: 'So.',
      details: new Set([1]),
    })
  })

  test('error: a code of your own', async () => {
    const error = { code: 'OUT_OF_STOCK', message: 'None left.', details: { left: 0 } }
    const own = await ask(({ response }) => response.error({ ...error, status: 409 }))
    expect([own.status, own.body]).toEqual([409, { data: null, error }])
    expect((await ask(({ response }) => response.error(error))).status).toBe(400)
    expect((await ask(({ response }) => response.error({ code: 'NOT_FOUND', message: '' }))).status).toBe(404)
    const late = await ask(({ response }) => response.error({ ...error, status: 503 }))
    expect(late.body.error.requestId).toMatch(/[\w-]{16,}/)
  })

  test.each([0, 200, 302, 399, 600, 1000, 400.5, Number.NaN, '404'])(
    'error with the status %s is a mistake that is told',
    async (status) => {
      const app = answering(({ response }) => response.error({ code: 'X', message: 'x', status }))
      expect((await app.send('/api/v1/a')).status).toBe(500)
      expect(JSON.stringify(app.logs)).toMatch(/status/)
    },
  )

  test('chains in any order', async () => {
    const orders: Handler[] = [
      ({ response }) => response.status(203).setHeader('x-a', '1').setCookie('c', 'v').created(1),
      ({ response }) => response.created(1).setCookie('c', 'v').setHeader('x-a', '1').status(203),
      ({ response }) => response.setHeader('X-A', '0').created(1).status(203).setHeader('x-a', '1').setCookie('c', 'v'),
    ]
    for (const order of orders) {
      const { status, headers, body } = await ask(order)
      expect([status, headers.get('x-a'), body.data]).toEqual([203, '1', 1])
      expect(headers.get('set-cookie')).toBe('c=v; Path=/; HttpOnly; SameSite=Lax')
    }
  })

  test('a chosen status holds for failures too, as far as it is one of a failure', async () => {
    for (const order of [
      ({ response }: any) => response.badRequest('x').status(418),
      ({ response }: any) => response.status(418).badRequest('x'),
    ]) {
      const { status, body } = await ask(order)
      expect([status, body.error.code]).toEqual([418, 'BAD_REQUEST'])
    }
    expect((await ask(({ response }) => response.status(201).notFound())).status).toBe(404)
    expect(
      (
        await ask(({ response }) => {
          response.status(201)
          throw new Error('x')
        })
      ).status,
    ).toBe(500)
  })

  test('without return it is meant all the same, and what is returned instead wins', async () => {
    const meant = await ask(({ response }) => {
      response.created(1)
    })
    expect([meant.status, meant.body.data]).toEqual([201, 1])
    const other = await ask(({ response }) => {
      const missing = response.notFound()
      return missing.ok ? missing : { found: true }
    })
    expect([other.status, other.body]).toEqual([200, { data: { found: true }, error: null }])
    const last = await ask(({ response }) => {
      response.notFound()
      return response.success(2)
    })
    expect([last.status, last.body.data]).toEqual([200, 2])
    const raw = await answering(({ response }) => {
      response.notFound()
      return new Response('x')
    })
      .router.caller()
      .a.q.query()
    expect(raw.error).toBeNull()
  })

  test.each([204, 205, 304])('the status %i has no body, whatever was said', async (status) => {
    for (const name of ['success', 'json', 'text', 'html', 'created'] as const) {
      const app = answering(({ response }) => response[name]('x').status(status))
      for (const path of ['/api/v1/a', '/api/v1/~/a.q']) {
        const answer = await app.send(path)
        expect([answer.status, answer.text], `${name} ${path}`).toEqual([status, ''])
      }
    }
  })

  test.each([99, 100, 199, 600, 200.5, '200', Number.NaN])('status(%s) is a mistake that is told', async (status) => {
    const app = answering(({ response }) => response.status(status).success(1))
    expect((await app.send('/api/v1/a')).status).toBe(500)
    expect(JSON.stringify(app.logs)).toContain('from 200 to 599')
  })

  test('headers that would split an answer are refused', async () => {
    for (const [name, value] of [
      ['x-a', 'a\r\nset-cookie: evil=1'],
      ['x-a', 'a\nb'],
      ['x-a', 'a\rb'],
      ['x-a', 'a\0b'],
      ['x-a', 'snow ☃'],
      ['x a', '1'],
      ['x-a:', '1'],
      ['', '1'],
      ['x\r\ny', '1'],
    ] as const) {
      const app = answering(({ response }) => response.setHeader(name, value).success(1))
      const { status, headers } = await app.send('/api/v1/a')
      expect(status, JSON.stringify([name, value])).toBe(500)
      expect(headers.get('set-cookie')).toBeNull()
    }
  })

  test('a list sends a header once for each value; setting it again replaces it', async () => {
    const { headers } = await ask(({ response }) =>
      response
        .setHeader('x-a', ['1', '2'])
        .setHeader('x-b', ['1', '2'])
        .setHeader('X-B', '3')
        .setHeader('x-c', '1')
        .setHeader('x-c', [])
        .success(1),
    )
    expect(headers.get('x-a')).toBe('1, 2')
    expect(headers.get('x-b')).toBe('3')
    expect(headers.get('x-c')).toBeNull()
  })

  test('the framing of the message is not for handlers to set', async () => {
    for (const name of ['content-length', 'Transfer-Encoding']) {
      const app = answering(({ response }) => response.setHeader(name, '3').text('x'))
      expect((await app.send('/api/v1/a')).status).toBe(500)
      expect(JSON.stringify(app.logs)).toContain('Leave it out')
    }
  })

  test('redirects stay on this origin unless asked otherwise', async () => {
    const to = (url: string, options?: object) => ask(({ response }) => response.redirect(url, options))
    for (const url of ['/', '/a', '?x', '#x', './a', '../a', 'https://own.test/x']) {
      expect((await to(url)).headers.get('location'), url).toBe(url)
    }
    for (const url of [
      'https://evil.test/',
      '//evil.test',
      '/\\evil.test',
      '\\/evil.test',
      '/\t/evil.test',
      '\t//evil.test',
      ' //evil.test',
      'https:evil.test',
      'javascript:alert(1)',
      'data:text/html,x',
      'https://own.test.evil.test/',
      'https://own.test@evil.test/',
      'http://own.test/',
      '/x\r\nset-cookie: a=1',
      '',
    ]) {
      const { status, headers } = await to(url)
      expect([status, headers.get('location')], url).toEqual([500, null])
    }
    expect((await to('https://else.test/x', { external: true })).headers.get('location')).toBe('https://else.test/x')
    for (const url of ['javascript:alert(1)', 'file:///etc', '//evil.test', 'mailto:a@b.test']) {
      expect((await to(url, { external: true })).status, url).toBe(500)
    }
  })
})

describe('output', () => {
  const output = z.object({ id: z.number(), at: z.date().optional() })

  test('validates and strips', async () => {
    for (const handler of [
      () => ({ id: 1, secret: 'x' }),
      ({ response }: any) => response.success({ id: 1, secret: 'x' }),
      async ({ response }: any) => response.json({ id: 1, secret: 'x' }),
    ]) {
      const { text } = await ask(handler, { output })
      expect(text).toContain('"id":1')
      expect(text).not.toContain('secret')
      expect((await askRpc(handler, { output })).value?.data).toEqual({ id: 1 })
    }
    expect((await ask(() => ({ id: 1, at: new Date(0) }), { output })).body.data.at).toBe('1970-01-01T00:00:00.000Z')
  })

  test.each([
    ['a wrong value', () => ({ id: 'SECRET' })],
    ['nothing', () => undefined],
    ['null', () => null],
  ])('%s is a logged 500', async (_, handler) => {
    const app = answering(handler, { output })
    for (const path of ['/api/v1/a', '/api/v1/~/a.q']) {
      const { status, text } = await app.send(path)
      expect(status).toBe(500)
      expect(text).not.toContain('output')
    }
    expect((await app.router.caller().a.q.query()).error?.code).toBe('INTERNAL_SERVER_ERROR')
    const reason = app.logs.filter(({ level }) => level === 'error').map((entry) => JSON.stringify(entry))
    expect(reason).toHaveLength(3)
    expect(reason[0]).toContain("doesn't fit its `output`")
  })

  test('asks only for data: failures, redirects, 204 and Responses are not its business', async () => {
    expect((await ask(({ response }) => response.notFound(), { output })).status).toBe(404)
    expect((await ask(({ response }) => response.noContent(), { output })).status).toBe(204)
    expect((await ask(({ response }) => response.redirect('/x'), { output })).status).toBe(302)
    expect((await ask(() => new Response('x'), { output })).text).toBe('x')
  })

  test('may transform, be asynchronous, or allow undefined', async () => {
    const later = z.object({ id: z.number() }).transform(async ({ id }) => ({ id: id + 1 }))
    expect((await ask(() => ({ id: 1 }), { output: later })).body.data).toEqual({ id: 2 })
    expect((await ask(() => undefined, { output: z.string().optional() })).body).toEqual({ data: null, error: null })
    expect((await ask(() => undefined, { output: z.string().default('x') })).body.data).toBe('x')
  })

  test('a schema that throws is a logged 500', async () => {
    const broken = z.string().refine(() => explode())
    const app = answering(() => 'x', { output: broken })
    expect((await app.send('/api/v1/a')).status).toBe(500)
  })
})

describe('a failure does not wear what was meant for a success', () => {
  test.each([
    ['thrown', () => explode()],
    ['returned', ({ response }: any) => response.notFound()],
  ])('%s', async (_, end) => {
    const { headers, body } = await ask((input) => {
      input.response
        .setHeader('content-type', 'image/png')
        .setHeader('content-encoding', 'br')
        .setHeader('content-disposition', 'attachment')
        .setHeader('etag', '"1"')
        .setHeader('x-own', '1')
        .setCookie('a', '1')
      return end(input)
    })
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(headers.get('content-encoding')).toBeNull()
    expect(headers.get('content-disposition')).toBeNull()
    expect(headers.get('etag')).toBeNull()
    expect(headers.get('x-own')).toBe('1')
    expect(headers.get('set-cookie')).toContain('a=1')
    expect(body.data).toBeNull()
  })

  test('a 500 is not cached, a 404 as its handler says', async () => {
    const cached =
      (end: Handler): Handler =>
      (input) => {
        input.response.setHeader('cache-control', 'public, max-age=600')
        return end(input)
      }
    expect((await ask(cached(explode))).headers.get('cache-control')).toBeNull()
    const missing = await ask(cached(({ response }) => response.notFound()))
    expect(missing.headers.get('cache-control')).toBe('public, max-age=600')
  })

  test('details that cannot travel do not hide the error', async () => {
    for (const details of [loop(), { f: explode }, { toJSON: explode }, revoked(), 10n, Symbol('x')]) {
      const app = answering(({ response }) => response.conflict('So.', details))
      for (const path of ['/api/v1/a', '/api/v1/~/a.q']) {
        const { status, body } = await app.send(path)
        expect(status).toBe(409)
        expect(body.error).toMatchObject({ code: 'CONFLICT', message: 'So.' })
      }
    }
  })
})

function explode(): never {
  throw new Error('boom')
}

function loop(): object {
  const a: { self?: unknown } = {}
  a.self = a
  return a
}

function nest(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
