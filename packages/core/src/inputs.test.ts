import * as v from 'valibot'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Config } from './config.js'
import { encode } from './protocol.js'
import { Igniter } from './igniter.js'
import { createTestApp } from './testing/app.js'

type Run = (input: any) => unknown
interface Schemas {
  readonly params?: any
  readonly query?: any
  readonly headers?: any
  readonly body?: any
  readonly bodyLimit?: number
}

/** A query at `/a/:id` and a mutation at `/a`, with these schemas, that answer what `handler` gives. */
function taking(schemas: Schemas = {}, handler: Run = ({ request }) => request.body, config: Config = {}) {
  const { body, params, ...shared } = schemas
  return createTestApp(Igniter.config(config), (igniter) => {
    const use = handler as () => unknown
    return igniter.router({
      controllers: {
        a: igniter.controller({
          path: '/a',
          actions: {
            get: igniter.query({ path: '/:id', params, ...shared, handler: use } as never),
            m: igniter.mutation({ path: '/', body, ...shared, handler: use } as never),
          },
        }),
      },
    })
  })
}

const post = (app: ReturnType<typeof taking>, body: BodyInit, type?: string, more: Record<string, string> = {}) =>
  app.send('/api/v1/a', {
    method: 'POST',
    body,
    headers: type === undefined ? more : { 'content-type': type, ...more },
  })

describe('query, params and headers', () => {
  const shape = {
    zod: z.object({
      n: z.number().optional(),
      b: z.boolean().optional(),
      l: z.array(z.number()).optional(),
      s: z.string().optional(),
    }),
    valibot: toStandardJsonSchema(
      v.object({
        n: v.optional(v.number()),
        b: v.optional(v.boolean()),
        l: v.optional(v.array(v.number())),
        s: v.optional(v.string()),
      }),
    ),
    arktype: type({ 'n?': 'number', 'b?': 'boolean', 'l?': 'number[]', 's?': 'string' }),
  }

  test.each(Object.entries(shape))('%s: coerced by the schema’s JSON Schema', async (_, query) => {
    const app = taking({ query }, ({ request }) => request.query)
    const get = async (search: string) => (await app.send(`/api/v1/a/1?${search}`)).body
    expect((await get('n=2&b=true&l=1&s=5')).data).toEqual({ n: 2, b: true, l: [1], s: '5' })
    expect((await get('n=-1.5e2&b=false&l=1&l=2')).data).toEqual({ n: -150, b: false, l: [1, 2] })
    expect((await get('')).data).toEqual({})
    for (const [search, path] of [
      ['n=abc', 'n'],
      ['n=', 'n'],
      ['n=0x10', 'n'],
      ['n=1&n=2', 'n'],
      ['n=NaN', 'n'],
      ['n=Infinity', 'n'],
      ['n=%201', 'n'],
      ['b=yes', 'b'],
      ['b=1', 'b'],
      ['b=TRUE', 'b'],
      ['b=', 'b'],
      ['l=1&l=x', 'l.1'],
      ['s=a&s=b', 's'],
    ] as const) {
      const { error } = await get(search)
      expect(error, search).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ in: 'query', path }] })
    }
  })

  test('a schema without JSON Schema gets strings', async () => {
    const query = {
      '~standard': { version: 1 as const, vendor: 'own', validate: (value: unknown) => ({ value }) },
    }
    const app = taking({ query }, ({ request }) => request.query)
    expect((await app.send('/api/v1/a/1?n=2&l=1&l=2')).body.data).toEqual({ n: '2', l: ['1', '2'] })
  })

  test('params too', async () => {
    const app = taking({ params: z.object({ id: z.number().int() }) }, ({ request }) => request.params.id)
    expect((await app.send('/api/v1/a/42')).body.data).toBe(42)
    expect((await app.send('/api/v1/a/x')).body.error).toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ in: 'params', path: 'id' }],
    })
  })

  test('headers too, whatever their case, and the others are no concern of a strict schema', async () => {
    const headers = z.strictObject({ 'X-Count': z.number(), 'x-tags': z.array(z.string()).optional() })
    const app = taking({ headers }, ({ request }) => request.headers)
    const get = (own: Record<string, string>) => app.send('/api/v1/a/1', { headers: own })
    expect((await get({ 'x-count': '3', 'X-Tags': 'a, b' })).body.data).toEqual({ 'X-Count': 3, 'x-tags': ['a', 'b'] })
    expect((await get({})).body.error).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ in: 'headers' }] })
    const rpc = await app.send('/api/v1/~/a.get?input=%7B%22params%22%3A%7B%22id%22%3A%221%22%7D%7D', {
      headers: { 'x-count': '3' },
    })
    expect(rpc.body.data).toEqual({ 'X-Count': 3 })
  })

  test('all parts tell what is wrong with them at once', async () => {
    const app = taking({
      query: z.object({ n: z.number() }),
      headers: z.object({ 'x-n': z.number() }),
      body: z.object({ title: z.string(), tags: z.array(z.object({ id: z.number() })) }),
    })
    const { body } = await app.send('/api/v1/a?n=x', { json: { title: 1, tags: [{ id: 1 }, { id: 'x' }] } })
    expect(body.error.code).toBe('VALIDATION_ERROR')
    expect(body.error.details.map((detail: any) => `${detail.in} ${detail.path}`)).toEqual([
      'headers x-n',
      'query n',
      'body title',
      'body tags.1.id',
    ])
    expect(body.error.details.every((detail: any) => detail.message.length > 3)).toBe(true)
  })

  test('without a schema strings and lists, from names that mean nothing', async () => {
    const app = taking({}, ({ request }) => [
      Object.getPrototypeOf(request.query),
      Object.keys(request.query),
      request.query,
    ])
    const { body } = await app.send('/api/v1/a/1?a=1&a=2&b[c]=3&d.e=4&__proto__=x&constructor=x&prototype=x&toString=y')
    expect(body.data[0]).toBeNull()
    expect(body.data[1]).toEqual(['a', 'b[c]', 'd.e', 'toString'])
    expect(body.data[2].a).toEqual(['1', '2'])
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  test('1,000 pairs at most, also where nobody looks', async () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=1`).join('&')
    const looking = taking({}, ({ request }) => Object.keys(request.query).length)
    const blind = taking({}, () => 'ok')
    expect((await looking.send(`/api/v1/a/1?${pairs(1_000)}`)).body.data).toBe(1_000)
    for (const app of [looking, blind, taking({ query: z.looseObject({}) })]) {
      const { status, body } = await app.send(`/api/v1/a/1?${pairs(1_001)}`)
      expect([status, body.error.code]).toEqual([400, 'BAD_REQUEST'])
    }
    expect((await blind.send(`/api/v1/a/1?${'&'.repeat(1_500)}a=${'x'.repeat(3_000)}`)).status).toBe(200)
  })

  test('a malformed escape is 400', async () => {
    const app = taking({ query: z.object({ q: z.string() }) })
    const { status, body } = await app.send('/api/v1/a/1?q=%zz')
    expect([status, body.error.code]).toEqual([400, 'BAD_REQUEST'])
  })
})

describe('bodies', () => {
  test.each([
    ['application/json', '{"a":[1]}', { a: [1] }],
    ['Application/JSON; Charset=UTF-8', '{"a":[1]}', { a: [1] }],
    ['application/json;charset="utf-8"', ' 1 ', 1],
    ['application/x-www-form-urlencoded', 'a=1&b=2&a=%203+', { a: ['1', ' 3 '], b: '2' }],
    ['text/plain', 'é', 'é'],
    ['text/plain;charset=utf-8', '', ''],
    ['application/octet-stream', 'ab', 'YWI='],
  ])('%s', async (type, body, data) => {
    expect((await post(taking(), body, type)).body).toEqual({ data, error: null })
  })

  test('multipart with files', async () => {
    const app = taking({}, async ({ request }) => {
      const { title, tag, file } = request.body
      return { title, tag, name: file.name, type: file.type, text: await file.text(), keys: Object.keys(request.body) }
    })
    const form = new FormData()
    form.append('title', 'x')
    form.append('tag', 'a')
    form.append('tag', 'b')
    form.append('__proto__', 'evil')
    form.append('constructor', 'evil')
    form.append('file', new File(['hello'], 'a.txt', { type: 'text/x-own' }))
    const { body } = await app.send('/api/v1/a', { method: 'POST', body: form })
    expect(body.data).toEqual({
      title: 'x',
      tag: ['a', 'b'],
      name: 'a.txt',
      type: 'text/x-own',
      text: 'hello',
      keys: ['title', 'tag', 'file'],
    })
  })

  test('the schema belongs to the action, not to the type', async () => {
    const app = taking({ body: z.object({ n: z.string() }) })
    expect((await post(app, 'n=1', 'application/x-www-form-urlencoded')).body.data).toEqual({ n: '1' })
    for (const [type, body] of [
      ['text/plain', 'x'],
      ['application/octet-stream', 'x'],
      ['application/x-www-form-urlencoded', 'm=1'],
      ['application/json', '{"n":1}'],
      ['application/json', 'null'],
    ] as const) {
      expect((await post(app, body, type)).body.error.code, type).toBe('VALIDATION_ERROR')
    }
  })

  test.each([
    'image/png',
    'application/xml',
    'application/jsonp',
    'application/json2',
    'text/json',
    'application/vnd.api+json',
    'application',
    'application/',
    '/json',
    'application/json, text/plain',
    'text/plain, application/json',
    'application/json;',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-7',
    'multipart/mixed; boundary=x',
    '*/*',
  ])('%s is 415 or JSON, never anything else', async (type) => {
    const { status, body } = await post(taking({ body: z.object({ a: z.number() }) }), '{"a":1}', type)
    if (type === 'application/json;') expect(status).toBe(200)
    else expect([status, body.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
  })

  test('a body without any type is 415, nothing at all is a missing body', async () => {
    const app = taking({ body: z.object({ a: z.number() }) })
    const { status } = await app.send('/api/v1/a', { method: 'POST', body: new Uint8Array([123, 125]) })
    expect(status).toBe(415)
    for (const init of [
      { method: 'POST' },
      { method: 'POST', body: '', headers: { 'content-type': 'application/json' } },
    ]) {
      const missing = await app.send('/api/v1/a', init)
      expect([missing.status, missing.body.error]).toMatchObject([
        400,
        { code: 'VALIDATION_ERROR', details: [{ in: 'body', path: '', message: 'A body is required.' }] },
      ])
    }
    const optional = taking({ body: z.object({}).optional() }, ({ request }) => request.body === undefined)
    expect((await optional.send('/api/v1/a', { method: 'POST' })).body.data).toBe(true)
  })

  test.each(['{', '{"a":1}}', "{'a':1}", '{"a":1,}', 'undefined', '[1,', '"\n"', 'NaN', '\u0000', '{"a":01}'])(
    'malformed JSON %j is 400, with and without a schema',
    async (text) => {
      for (const app of [taking(), taking({ body: z.any() }), taking({}, () => 'not looking')]) {
        const { status, body } = await post(app, text, 'application/json')
        expect([status, body.error.code]).toEqual([400, 'BAD_REQUEST'])
        expect(body.error.message).not.toContain('Unexpected token')
      }
    },
  )

  test('bytes that are no UTF-8 are 400', async () => {
    const bad = new Uint8Array([34, 0xff, 34])
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
      expect((await post(taking(), bad, type)).status, type).toBe(400)
    }
  })

  test('nothing gets at prototypes', async () => {
    const app = taking({}, ({ request }) => {
      const merged = Object.assign({}, request.body)
      const deep = structuredClone(request.body)
      return [Object.getPrototypeOf(merged) === Object.prototype, merged.admin ?? null, Object.keys(deep)]
    })
    const json = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"a":{"__proto__":{"admin":1}}}'
    expect((await post(app, json, 'application/json')).body.data).toEqual([true, null, ['a']])
    const escaped = '{"\\u005f_proto__":{"admin":true},"\\u0061":1}'
    expect((await post(app, escaped, 'application/json')).body.data).toEqual([true, null, ['a']])
    const form = '__proto__=1&constructor=1&prototype=1&__proto__[admin]=1&a.b=1'
    expect((await post(app, form, 'application/x-www-form-urlencoded')).body.data).toEqual([
      true,
      null,
      ['__proto__[admin]', 'a.b'],
    ])
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  test('the depth of JSON is 100', async () => {
    const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const app = taking({}, () => 'ok')
    expect((await post(app, nest(100), 'application/json')).status).toBe(200)
    for (const depth of [101, 100_000, 400_000]) {
      expect((await post(app, nest(depth), 'application/json')).status).toBe(400)
    }
  })

  test('a form has 1,000 fields at most', async () => {
    const app = taking({}, ({ request }) => Object.keys(request.body).length)
    const fields = (count: number) => Array.from({ length: count }, (_, i) => `f${i}=`).join('&')
    const form = 'application/x-www-form-urlencoded'
    expect((await post(app, fields(1_000), form)).body.data).toBe(1_000)
    expect((await post(app, fields(1_001), form)).status).toBe(400)
    expect((await post(app, fields(100_000), form)).status).toBe(400)
    const parts = (count: number) => {
      const data = new FormData()
      for (let i = 0; i < count; i++) data.append(`f${i}`, '')
      return data
    }
    expect((await post(app, parts(1_000))).body.data).toBe(1_000)
    expect((await post(app, parts(1_001))).status).toBe(400)
  })

  test('1 MiB at most, unless configured; counted, not believed', async () => {
    const app = taking({}, ({ request }) => request.body.length)
    const type = 'text/plain'
    expect((await post(app, 'x'.repeat(1_048_576), type)).body.data).toBe(1_048_576)
    const { status, body } = await post(app, 'x'.repeat(1_048_577), type)
    expect([status, body.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
    // Characters are not bytes.
    expect((await post(app, 'é'.repeat(600_000), type)).status).toBe(413)
    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    const streamed = await app.send('/api/v1/a', {
      method: 'POST',
      body: endless,
      duplex: 'half',
      headers: { 'content-type': type, 'content-length': '10' },
    } as RequestInit)
    expect(streamed.status).toBe(413)
    expect(sent).toBeLessThan(1_500_000)
    const small = taking({}, ({ request }) => request.body.length, { bodyLimit: 10 })
    expect((await post(small, 'x'.repeat(10), type)).status).toBe(200)
    expect((await post(small, 'x'.repeat(11), type)).status).toBe(413)
    const own = taking({ bodyLimit: 20 }, ({ request }) => request.body.length, { bodyLimit: 10 })
    expect((await post(own, 'x'.repeat(20), type)).status).toBe(200)
    const none = taking({ bodyLimit: 0 }, () => 'ok')
    expect((await post(none, 'x', type)).status).toBe(413)
    expect((await none.send('/api/v1/a', { method: 'POST' })).status).toBe(200)
  })

  test('too much is refused before the handler and any procedure', async () => {
    let ran = 0
    const app = taking({ bodyLimit: 5 }, () => ++ran)
    await post(app, 'x'.repeat(6), 'text/plain')
    expect(ran).toBe(0)
  })

  test('a body that does not arrive is 408', async () => {
    const app = taking({}, () => 'ok', { bodyTimeout: 1_000 })
    const stalled = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([123])) })
    const answer = app.send('/api/v1/a', {
      method: 'POST',
      body: stalled,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    } as RequestInit)
    await app.clock.advance(1_200)
    const { status, body } = await answer
    expect([status, body.error.code]).toEqual([408, 'REQUEST_TIMEOUT'])
    expect(app.clock.pending).toBe(0)
  })

  test('a body that breaks off is 400', async () => {
    const app = taking({}, () => 'ok')
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('ECONNRESET')) })
    const { status, body } = await app.send('/api/v1/a', {
      method: 'POST',
      body: broken,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    } as RequestInit)
    expect([status, body.error.code]).toEqual([400, 'BAD_REQUEST'])
    expect(app.logs.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('a broken body is heard even if nobody wants it; a query has none', async () => {
    const app = taking({}, () => 'ok')
    expect((await post(app, 'x', 'image/png')).status).toBe(415)
    const query = await app.send('/api/v1/a/1', { method: 'GET', headers: { 'content-type': 'image/png' } })
    expect(query.status).toBe(200)
  })
})

describe('compressed bodies', () => {
  const text = JSON.stringify({ a: 'x'.repeat(1_000) })
  const packed = {
    gzip: gzipSync(text),
    'x-gzip': gzipSync(text),
    deflate: deflateSync(text),
    br: brotliCompressSync(text),
  }
  const send = (app: ReturnType<typeof taking>, body: Uint8Array, coding: string) =>
    post(app, body as Uint8Array<ArrayBuffer>, 'application/json', { 'content-encoding': coding })

  test('are 415 unless turned on', async () => {
    const app = taking()
    for (const [coding, body] of Object.entries(packed)) {
      const { status, body: answer } = await send(app, body, coding)
      expect([status, answer.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
    }
    expect((await send(app, Buffer.from(text), 'identity')).status).toBe(200)
  })

  test('are inflated within the limit', async () => {
    const app = taking({}, ({ request }) => request.body.a.length, { compressedBodies: true, bodyLimit: 2_000 })
    for (const [coding, body] of Object.entries(packed)) {
      expect((await send(app, body, coding.toUpperCase())).body.data, coding).toBe(1_000)
    }
    const bomb = gzipSync(Buffer.alloc(20_000_000))
    expect(bomb.length).toBeGreaterThan(2_000)
    expect((await send(app, bomb, 'gzip')).status).toBe(413)
    const small = gzipSync(Buffer.alloc(100_000))
    expect(small.length).toBeLessThan(2_000)
    expect((await send(app, small, 'gzip')).status).toBe(413)
    expect((await send(app, Buffer.from('no gzip'), 'gzip')).status).toBe(400)
    for (const coding of ['zstd', 'gzip, gzip', 'gzip, identity', 'compress']) {
      expect((await send(app, packed.gzip, coding)).status, coding).toBe(415)
    }
  })
})

describe('input under /~/', () => {
  const app = taking({}, ({ request }) => {
    const { params, query, body } = request
    return { params, query, body }
  })
  const get = (input: string) => app.send(`/api/v1/~/a.get?input=${encodeURIComponent(input)}`)
  const call = (text: string) =>
    app.send('/api/v1/~/a.m', { method: 'POST', body: text, headers: { 'content-type': 'application/json' } })

  test('params stay one segment', async () => {
    const own = taking({}, ({ request }) => [request.params.id, request.path])
    for (const id of ['a/b', '..', '.', '?x=1', '#x', '%2F', 'é', '\\', ' ']) {
      const { body } = await own.send(`/api/v1/~/a.get?input=${encodeURIComponent(encode({ params: { id } }))}`)
      expect(body.data[0]).toBe(id)
      expect(body.data[1].split('/')).toHaveLength(5)
      expect(body.data[1]).not.toMatch(/[?#]|\/\.{1,2}$/)
    }
  })

  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"x"'],
    ['params that are no object', '{"params":[]}'],
    ['no params', '{}'],
    ['an empty param', '{"params":{"id":""}}'],
    ['a param that is no text', '{"params":{"id":{"a":1}}}'],
    ['a param of the prototype', '{"params":{"__proto__":{"id":"x"}}}'],
    ['__proto__', '{"params":{"id":"1"},"query":{"__proto__":{"x":1}}}'],
    ['an unknown mark’s content', '{"params":{"id":"1"},"query":{"$date":1}}'],
    ['a date that is none', '{"params":{"id":"1"},"query":{"a":{"$date":"2026-13-01"}}}'],
    ['too many digits', `{"params":{"id":"1"},"query":{"$bigint":"${'1'.repeat(10_001)}"}}`],
    ['too deep', `{"params":{"id":"1"},"query":${'['.repeat(101)}${']'.repeat(101)}}`],
    ['too many values', `{"params":{"id":"1"},"query":[${'0,'.repeat(100_000)}0]}`],
    ['a file', '{"params":{"id":"1"},"query":{"$file":0}}'],
  ])('%s is 400', async (_, input) => {
    const { status, body } = await get(input)
    expect([status, body.data]).toEqual([400, null])
    expect(['BAD_REQUEST', 'VALIDATION_ERROR']).toContain(body.error.code)
  })

  test.each([
    '{',
    '[]',
    '1',
    '{"body":{"__proto__":1}}',
    `{"body":${'['.repeat(120)}${']'.repeat(120)}}`,
    '{"body":{"$map":1}}',
    '{"body":{"$file":0}}',
  ])('the body %s is 400', async (text) => {
    expect((await call(text)).status).toBe(400)
  })

  test('rich values come as they are, and are not coerced', async () => {
    const own = taking({ body: z.object({ at: z.date(), n: z.bigint(), tags: z.set(z.string()) }) }, ({ request }) => {
      const { at, n, tags } = request.body
      return [at instanceof Date, typeof n, tags instanceof Set]
    })
    const body = encode({ body: { at: new Date(0), n: 1n, tags: new Set(['a']) } })
    const rich = await own.send('/api/v1/~/a.m', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(rich.body.data).toEqual([true, 'bigint', true])
    const strict = taking({ query: z.object({ n: z.number() }) }, () => 1)
    const input = encodeURIComponent(encode({ params: { id: '1' }, query: { n: '1' } }))
    expect((await strict.send(`/api/v1/~/a.get?input=${input}`)).status).toBe(400)
  })

  test('files travel in a form', async () => {
    const own = taking({ body: z.object({ title: z.string(), file: z.file() }) }, async ({ request }) => [
      request.body.title,
      await request.body.file.text(),
    ])
    const form = (input: string, files: Record<string, Blob | string>) => {
      const data = new FormData()
      data.append('input', input)
      for (const [name, file] of Object.entries(files)) data.append(name, file)
      return own.send('/api/v1/~/a.m', { method: 'POST', body: data })
    }
    const input = '{"body":{"title":"x","file":{"$file":0}}}'
    expect((await form(input, { 0: new File(['hi'], 'a') })).body.data).toEqual(['x', 'hi'])
    expect((await form(input, {})).status).toBe(400)
    expect((await form(input, { 0: 'text' })).status).toBe(400)
    expect((await form('{"body":{"title":"x","file":{"$file":"__proto__"}}}', { 0: new File([''], 'a') })).status).toBe(
      400,
    )
    expect((await form('{', { 0: new File([''], 'a') })).status).toBe(400)
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream', undefined])(
    'a body of type %s is 415',
    async (type) => {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
      const { status } = await app.send('/api/v1/~/a.m', { method: 'POST', body: new Uint8Array([123, 125]), headers })
      expect(status).toBe(415)
    },
  )

  test('a body that is no UTF-8 is 400', async () => {
    const bytes = new Uint8Array([...Buffer.from('{"body":"'), 0xff, ...Buffer.from('"}')])
    const { status } = await app.send('/api/v1/~/a.m', {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': 'application/json' },
    })
    expect(status).toBe(400)
  })

  test('what cannot be read is 400, even if nobody looks', async () => {
    const blind = createTestApp(Igniter, (igniter) =>
      igniter.router({
        controllers: {
          a: igniter.controller({ path: '/a', actions: { q: igniter.query({ path: '/', handler: () => 1 }) } }),
        },
      }),
    )
    expect((await blind.send('/api/v1/~/a.q')).status).toBe(200)
    expect((await blind.send('/api/v1/~/a.q?input=%7B%7D')).status).toBe(200)
    for (const input of ['{', '[]', '{"query":{"__proto__":1}}']) {
      expect((await blind.send(`/api/v1/~/a.q?input=${encodeURIComponent(input)}`)).status, input).toBe(400)
    }
  })

  test('nothing at all is no input; twice is 400', async () => {
    const none = taking({}, ({ request }) => request.query === undefined)
    expect((await none.send('/api/v1/~/a.m', { method: 'POST' })).body.data).toBe(true)
    expect((await app.send('/api/v1/~/a.get?input=%7B%7D&input=%7B%7D')).status).toBe(400)
  })
})

describe('request', () => {
  test('raw is the WHATWG request, its body still to be read', async () => {
    const app = taking({}, async ({ request }) => {
      const parsed = request.body
      return [
        parsed,
        request.raw.method,
        new URL(request.raw.url).pathname,
        await request.raw.text(),
        request.raw === request.raw,
      ]
    })
    const { body } = await post(app, '{"a": 1}', 'application/json')
    expect(body.data).toEqual([{ a: 1 }, 'POST', '/api/v1/a', '{"a": 1}', true])
    const unread = taking({}, ({ request }) => request.raw.json())
    expect((await post(unread, '{"a": 1}', 'application/json')).body.data).toEqual({ a: 1 })
    const query = taking({}, ({ request }) => request.raw.headers.get('x-own'))
    expect((await query.send('/api/v1/a/1', { headers: { 'x-own': '1' } })).body.data).toBe('1')
  })

  test('ids are ours, and differ', async () => {
    const app = taking({}, ({ request }) => [request.id, request.id])
    const ids = new Set<string>()
    for (let i = 0; i < 5; i++) {
      const { body } = await app.send('/api/v1/a/1', { headers: { 'x-request-id': 'theirs' } })
      expect(body.data[0]).toBe(body.data[1])
      ids.add(body.data[0])
    }
    expect(ids.size).toBe(5)
    expect(ids.has('theirs')).toBe(false)
  })

  test('behind trustProxy a plain incoming id is used, and no other', async () => {
    const app = taking({}, ({ request }) => request.id, { trustProxy: true })
    const id = async (given: string) =>
      (await app.send('/api/v1/a/1', { headers: { 'x-request-id': given } })).body.data
    expect(await id('abc-1._Z')).toBe('abc-1._Z')
    for (const given of ['a b', '<script>', 'a'.repeat(65), 'a/b', 'é', '', 'a, b'])
      expect(await id(given)).not.toBe(given)
  })

  test('the address comes from proxies only as far as they are ours', async () => {
    const ip = async (trustProxy: boolean | number, forwarded?: string) => {
      const app = taking({}, ({ request }) => request.ip, { trustProxy })
      const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
      return (await app.send('/api/v1/a/1', { headers })).body.data
    }
    expect(await ip(false, '1.1.1.1')).toBeNull()
    expect(await ip(true, '6.6.6.6, 1.1.1.1')).toBe('1.1.1.1')
    expect(await ip(2, '6.6.6.6, 1.1.1.1, 2.2.2.2')).toBe('1.1.1.1')
    expect(await ip(2, '1.1.1.1')).toBe('1.1.1.1')
    expect(await ip(1)).toBeNull()
    expect(await ip(1, ' , ')).toBeNull()
  })

  test('headers are read-only to read, and the framework’s view is that of the door', async () => {
    const app = taking({}, ({ request }) => [
      request.headers.get('X-Own'),
      request.headers.has('x-none'),
      [...request.headers].some(([name]: [string]) => name === 'x-own'),
    ])
    expect((await app.send('/api/v1/a/1', { headers: { 'x-own': '1' } })).body.data).toEqual(['1', false, true])
  })
})

test('an empty form under /~/ is no input: 400 and not a failure of ours', async () => {
  const app = taking()
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  const { status, body } = await app.send('/api/v1/~/a.m', { method: 'POST', body: '', headers })
  expect([status, body.error.code]).toEqual([400, 'BAD_REQUEST'])
})
