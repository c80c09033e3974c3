/** What fetch cannot say: requests byte by byte, over a socket. */
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Config } from './config.js'
import { Igniter } from './igniter.js'
import { consoleLogger } from './logger.js'
import { serve, type Serving } from './node.js'
import { until } from './testing/conformance.js'

type Run = (input: any) => unknown

const logs: string[] = []
const seen: { aborted: number; closed: number; handled: number; keys: number } = {
  aborted: 0,
  closed: 0,
  handled: 0,
  keys: 0,
}
const handlers: Record<string, Run> = {
  hang: ({ request }) =>
    new Promise((_, reject) => {
      request.signal.addEventListener('abort', () => {
        seen.aborted++
        reject(request.signal.reason as Error)
      })
    }),
}

function router(config: Config = {}) {
  const igniter = Igniter.config(config)
    .logger(consoleLogger({ pretty: false, level: 'debug', write: (line) => logs.push(line) }))
    .create()
  return igniter.router({
    controllers: {
      a: igniter.controller({
        path: '/a',
        actions: {
          q: igniter.query({
            path: '/',
            handler: ({ request }) => ({ host: request.headers.get('host'), ip: request.ip }),
          }),
          echo: igniter.mutation({ path: '/', handler: ({ request }) => request.body }),
          form: igniter.mutation({
            path: '/form',
            bodyLimit: 10_000_000,
            handler: ({ request }) => (seen.keys = Object.keys(request.body as object).length),
          }),
          small: igniter.mutation({ path: '/small', bodyLimit: 10, body: z.string(), handler: () => seen.handled++ }),
          hang: igniter.query({ path: '/hang', handler: handlers.hang as () => Promise<number> }),
          headers: igniter.query({ path: '/headers', handler: ({ request }) => [...request.headers] }),
          own: igniter.query({
            path: '/own',
            handler: ({ response }) =>
              response.setHeader('x-a', ['1', '2']).setCookie('a', '1').setCookie('b', '2').success(1),
          }),
          raw: igniter.mutation({
            path: '/raw',
            handler: async ({ request }) => [
              request.raw.url,
              request.raw.method,
              await request.raw.text(),
              request.raw.headers.get('x-own'),
            ],
          }),
          feed: igniter.query({
            path: '/feed',
            stream: true,
            handler: ({ response }) => {
              const stream = response.stream()
              stream.onClose(() => seen.closed++)
              void stream.send({ data: 'first' })
              return stream
            },
          }),
          finite: igniter.query({
            path: '/finite',
            stream: true,
            handler: async function* () {
              yield { data: 'é' }
              yield { data: 'x'.repeat(70_000) }
            },
          }),
          flood: igniter.query({
            path: '/flood',
            stream: true,
            handler: ({ response }) => {
              const stream = response.stream()
              stream.onClose(() => seen.closed++)
              setImmediate(() => {
                while (!stream.closed) void stream.send({ data: 'x'.repeat(10_000) })
              })
              return stream
            },
          }),
          web: igniter.query({
            path: '/web',
            handler: () =>
              new Response(new Blob(['web '.repeat(50_000)]).stream(), {
                headers: { 'x-web': '1', connection: 'close', 'transfer-encoding': 'gzip' },
              }),
          }),
          broken: igniter.query({
            path: '/broken',
            handler: () =>
              new Response(
                new ReadableStream({
                  pull(controller) {
                    if (seen.handled++ % 2 === 0) controller.enqueue(new TextEncoder().encode('half'))
                    else controller.error(new Error('SECRET'))
                  },
                }),
              ),
          }),
          odd: igniter.query({ path: '/odd', handler: () => Response.error() }),
        },
      }),
    },
  })
}

let server: Serving
let strict: Serving
beforeAll(async () => {
  const options = { port: 0, hostname: '127.0.0.1', signals: false, grace: 500 }
  server = await serve(router(), options)
  strict = await serve(router({ bodyTimeout: 300, timeout: 300 }), options)
})
afterAll(async () => {
  await Promise.all([server.close(), strict.close()])
})

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n`
const post = (path: string, body: string, more = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`

interface Talk {
  readonly socket: Socket
  /** All that has come. */
  readonly text: () => string
  readonly isClosed: () => boolean
}

/** Sends bytes and listens. */
function talk(bytes: string | Uint8Array, to: Serving = server): Talk {
  const socket = connect(to.port, '127.0.0.1')
  let text = ''
  let isClosed = false
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => (text += chunk))
  socket.on('error', () => {})
  socket.on('close', () => (isClosed = true))
  socket.write(bytes)
  return { socket, text: () => text, isClosed: () => isClosed }
}

interface Answer {
  readonly status: number
  readonly head: string
  readonly body: any
  readonly text: string
}

function toAnswer(text: string): Answer {
  const at = text.indexOf('\r\n\r\n')
  const head = text.slice(0, at)
  const body = text.slice(at + 4)
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {}
  return { status: Number(head.slice(9, 12)), head: head.toLowerCase(), body: parsed, text: body }
}

/** Sends bytes, waits until the other side closes, and gives the one answer. */
async function ask(bytes: string | Uint8Array, to?: Serving): Promise<Answer> {
  const { text, isClosed, socket } = talk(bytes, to)
  await until('the server closes', isClosed)
  socket.destroy()
  return toAnswer(text())
}

const isEnvelope = ({ body, head }: Answer, code: string) => {
  expect(body).toMatchObject({ data: null, error: { code, message: expect.any(String) } })
  expect(head).toContain('content-type: application/json')
}

describe('request targets', () => {
  test.each([
    'http://evil.test/api/v1/a',
    'https://x/api/v1/a',
    '//evil.test/api/v1/a',
    '//api/v1/a',
    '/\\evil.test/api/v1/a',
    'api/v1/a',
    'x',
    '?a=1',
    'javascript:alert(1)',
  ])('%s: 400', async (target) => {
    const answer = await ask(get(target))
    expect(answer.status).toBe(400)
    isEnvelope(answer, 'BAD_REQUEST')
  })

  test('an asterisk is no path either', async () => {
    expect((await ask('OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).status).toBe(400)
  })

  test('dots are segments like others: nothing resolves them', async () => {
    for (const path of ['/api/v1/../v1/a', '/api/v1/x/../a', '/api/v1/./a', '/./api/v1/a', '/api/v1/%2e%2e/v1/a']) {
      expect((await ask(get(path))).status, path).toBe(404)
    }
    expect((await ask(get('/api/v1/a#x'))).status).toBe(404)
  })

  test('malformed escapes and odd bytes are 400 or 404, never more', async () => {
    for (const path of ['/api/v1/%', '/api/v1/%ff', '/api/v1/\xff\xfe', '/api/v1/a%00', '/api/v1/a?%', '/%']) {
      const { status } = await ask(Buffer.from(get(path), 'latin1'))
      expect([200, 400, 404], path).toContain(status)
    }
  })

  test('a path above 8 KiB is 414, a head above 16 KiB 431', async () => {
    const long = await ask(get(`/api/v1/a/${'x'.repeat(8_200)}`))
    expect(long.status).toBe(414)
    isEnvelope(long, 'URI_TOO_LONG')
    for (const bytes of [
      get(`/api/v1/a?${'x'.repeat(20_000)}`),
      get('/api/v1/a', `X-Big: ${'x'.repeat(20_000)}\r\n`),
    ]) {
      const big = await ask(bytes)
      expect(big.status).toBe(431)
      isEnvelope(big, 'HEADERS_TOO_LARGE')
    }
  })
})

describe('heads', () => {
  test('a missing Host is 400 in HTTP/1.1, fine in 1.0', async () => {
    const missing = await ask('GET /api/v1/a HTTP/1.1\r\nConnection: close\r\n\r\n')
    expect(missing.status).toBe(400)
    isEnvelope(missing, 'BAD_REQUEST')
    expect((await ask('GET /api/v1/a HTTP/1.0\r\n\r\n')).status).toBe(200)
  })

  test.each([
    ['no request line', 'hello\r\n\r\n'],
    ['a method that is none', 'G@T / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an unknown version', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a space in a header’s name', 'GET /api/v1/a HTTP/1.1\r\nHost: x\r\nX Y: 1\r\n\r\n'],
    ['a space before the colon', 'GET /api/v1/a HTTP/1.1\r\nHost: x\r\nX-Y : 1\r\n\r\n'],
    ['a folded header', 'GET /api/v1/a HTTP/1.1\r\nHost: x\r\nX-Y: 1\r\n 2\r\n\r\n'],
    ['NUL in a header', 'GET /api/v1/a HTTP/1.1\r\nHost: x\r\nX-Y: 1\x002\r\n\r\n'],
    ['a length that is none', 'POST /api/v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n'],
    ['a negative length', 'POST /api/v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['two lengths', 'POST /api/v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
    [
      'length and chunks at once',
      'POST /api/v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n',
    ],
    [
      'an unknown transfer coding',
      'POST /api/v1/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'chunked before another coding',
      'POST /api/v1/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
    ],
  ])('%s is refused in the envelope', async (_, bytes) => {
    const answer = await ask(Buffer.from(bytes, 'latin1'))
    expect(answer.status).toBe(400)
    isEnvelope(answer, 'BAD_REQUEST')
    expect(answer.text).not.toMatch(/HPE_|node:|\n/)
  })

  test('a chunk that is none ends the request', async () => {
    const bytes =
      'POST /api/v1/a HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nx\r\n0\r\n\r\n'
    const { isClosed, text } = talk(bytes)
    await until('the connection closes', isClosed)
    expect(text()).not.toContain('200 OK')
  })

  test('headers that came twice: joined, or the first', async () => {
    const { body } = await ask(
      get('/api/v1/a/headers', 'X-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\n__proto__: x\r\n'),
    )
    const headers = Object.fromEntries(body.data)
    expect([headers['x-a'], headers.cookie]).toEqual(['1, 2', 'a=1; b=2'])
    const origin = await ask(post('/api/v1/a', '', 'Origin: http://x\r\nOrigin: http://evil.test\r\n'))
    expect(origin.status).toBe(403)
    const type = await ask(post('/api/v1/a', '1', 'Content-Type: text/html\r\nContent-Type: application/json\r\n'))
    expect(type.status).toBe(415)
  })

  test('methods that Node knows and we do not', async () => {
    for (const method of ['TRACE', 'PROPFIND', 'PURGE', 'PATCH', 'QUERY']) {
      const answer = await ask(`${method} /api/v1/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      expect(answer.status, method).toBe(405)
      expect(answer.head).toContain('allow: get, head, post')
    }
    expect(await ask('CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n')).toMatchObject({ status: 400 })
  })

  test.each([
    ['two hosts', 'GET /api/v1/a HTTP/1.1\r\nHost: x\r\nHost: y\r\n', 400],
    ['another version', 'GET /api/v1/a HTTP/2.0\r\nHost: x\r\n', 400],
    ['a coding within chunks', 'POST /api/v1/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n', 400],
    ['an expectation that nobody knows', 'GET /api/v1/a HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n', 417],
  ])('%s', async (_, head, status) => {
    const answer = await ask(`${head}Connection: close\r\n\r\n`)
    expect(answer.status).toBe(status)
    expect(answer.text).toContain('"code":"BAD_REQUEST"')
  })

  test('an upgrade that nobody takes is an ordinary request', async () => {
    const { status } = await ask(
      get('/api/v1/a', 'Upgrade: websocket\r\n').replace('Connection: close', 'Connection: Upgrade, close'),
    )
    expect(status).toBe(200)
  })
})

describe('bodies', () => {
  const type = 'Content-Type: text/plain\r\n'

  test.concurrent('too long by its own word: 413 before anything is read', async () => {
    const answer = await ask(`POST /api/v1/a/small HTTP/1.1\r\nHost: x\r\n${type}Content-Length: 99999999999\r\n\r\nx`)
    expect(answer.status).toBe(413)
    isEnvelope(answer, 'PAYLOAD_TOO_LARGE')
    expect(answer.head).toContain('connection: close')
  })

  test.concurrent('endless in chunks: 413, and the handler never runs', async () => {
    const handled = seen.handled
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const { socket, text, isClosed } = talk(
      `POST /api/v1/a HTTP/1.1\r\nHost: x\r\n${type}Transfer-Encoding: chunked\r\n\r\n`,
    )
    let sent = 0
    const send = (): void => {
      while (!isClosed() && sent < 200_000_000) {
        sent += 65_536
        if (!socket.write(chunk)) return void socket.once('drain', send)
      }
    }
    send()
    await until('the server answers', () => text().includes('\r\n\r\n'))
    const answer = toAnswer(text())
    expect(answer.status).toBe(413)
    isEnvelope(answer, 'PAYLOAD_TOO_LARGE')
    await until('the server closes', isClosed)
    expect(seen.handled).toBe(handled)
  })

  test.concurrent('slow: 408', async () => {
    const heads = [`${type}Content-Length: 100`, `${type}Transfer-Encoding: chunked`]
    await Promise.all(
      heads.map(async (head) => {
        const answer = await ask(`POST /api/v1/a HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`, strict)
        expect(answer.status).toBe(408)
        isEnvelope(answer, 'REQUEST_TIMEOUT')
      }),
    )
  })

  test.concurrent('slow, byte by byte: 408 too', async () => {
    const { socket, text, isClosed } = talk(
      `POST /api/v1/a HTTP/1.1\r\nHost: x\r\n${type}Content-Length: 1000\r\n\r\n`,
      strict,
    )
    const drip = setInterval(() => socket.write('x'), 20)
    await until('the server answers', () => text().includes('\r\n\r\n'))
    expect(toAnswer(text()).status).toBe(408)
    await until('the server closes', isClosed)
    clearInterval(drip)
  })

  test('100,000 form fields: 400', async () => {
    const form = Array.from({ length: 100_000 }, (_, i) => `f${i}=1`).join('&')
    const start = performance.now()
    const answer = await ask(post('/api/v1/a/form', form, 'Content-Type: application/x-www-form-urlencoded\r\n'))
    expect(answer.status).toBe(400)
    isEnvelope(answer, 'BAD_REQUEST')
    expect(performance.now() - start).toBeLessThan(2_000)
    const ok = Array.from({ length: 1_000 }, (_, i) => `f${i}=1`).join('&')
    expect(
      (await ask(post('/api/v1/a/form', ok, 'Content-Type: application/x-www-form-urlencoded\r\n'))).body.data,
    ).toBe(1_000)
  })

  test('a body for nothing, or for a query, is read past', async () => {
    const pipelined = talk(
      `GET /api/v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello` +
        `POST /api/v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello` +
        get('/api/v1/a'),
    )
    await until('all are answered', pipelined.isClosed)
    expect(pipelined.text().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200'])
  })

  test.concurrent('an endless one that nobody wants is read past for a moment, then cut', async () => {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const evil = 'Origin: https://evil.test\r\n'
    await Promise.all(
      ['POST /api/v1/nothing', 'DELETE /api/v1/a', 'GET /api/v1/a', `POST /api/v1/a`].map(async (line, index) => {
        const more = index === 3 ? evil : 'Content-Encoding: gzip\r\n'
        const { socket, text, isClosed } = talk(
          `${line} HTTP/1.1\r\nHost: x\r\n${more}Transfer-Encoding: chunked\r\n\r\n`,
        )
        let sent = 0
        const send = (): void => {
          while (!isClosed() && socket.write(chunk)) sent += chunk.length
          if (!isClosed()) socket.once('drain', send)
        }
        send()
        await until('the server cuts it', isClosed)
        expect([200, 403, 404, 405]).toContain(toAnswer(text()).status)
        // The rest waits in the buffers between us.
        expect(sent).toBeLessThan(20_000_000)
      }),
    )
  })

  test('one that is cut off reaches no handler', async () => {
    const handled = seen.handled
    const { socket } = talk(`POST /api/v1/a/small HTTP/1.1\r\nHost: x\r\n${type}Content-Length: 8\r\n\r\nabc`)
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.end()
    socket.destroy()
    expect((await ask(post('/api/v1/a/small', 'ok', type))).status).toBe(200)
    expect(seen.handled).toBe(handled + 1)
    expect(logs.filter((line) => line.includes('"error"') && line.includes('small'))).toEqual([])
  })

  test('Expect: 100-continue is answered, or the refusal at once', async () => {
    const { text, socket, isClosed } = talk(
      `POST /api/v1/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${type}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`,
    )
    await until('it may go on', () => text().includes('100 Continue'))
    socket.write('hi')
    await until('it closes', isClosed)
    expect(text()).toContain('"data":"hi"')
  })

  test('raw has the body once more, and an address that no Host header made', async () => {
    const { body } = await ask(
      post(
        '/api/v1/a/raw?x=1',
        '{"a": 1}',
        'Content-Type: application/json\r\nX-Own: 1\r\nX-Forwarded-Host: evil.test\r\n',
      ),
    )
    expect(body.data).toEqual(['http://localhost/api/v1/a/raw?x=1', 'POST', '{"a": 1}', '1'])
  })
})

describe('answers', () => {
  test('HEAD has the head of GET and nothing else', async () => {
    const head = (path: string) => ask(`HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    for (const path of ['/api/v1/a', '/api/v1/a/own', '/api/v1/nothing']) {
      const [got, wanted] = [await head(path), await ask(get(path))]
      expect([got.status, got.text]).toEqual([wanted.status, ''])
      expect(got.head.match(/content-length: \d+/)?.[0]).toBe(wanted.head.match(/content-length: \d+/)?.[0])
    }
    const stream = await head('/api/v1/a/feed')
    expect([stream.status, stream.text]).toEqual([200, ''])
    expect(stream.head).toContain('text/event-stream')
    const web = await head('/api/v1/a/web')
    expect([web.status, web.text]).toEqual([200, ''])
  })

  test('repeated headers leave as several lines', async () => {
    const { head } = await ask(get('/api/v1/a/own'))
    expect(head.match(/^x-a: \d$/gm)).toEqual(['x-a: 1', 'x-a: 2'])
    expect(head.match(/^set-cookie: \w=\d/gm)).toEqual(['set-cookie: a=1', 'set-cookie: b=2'])
  })

  test('a Response of the handler leaves whole, without what belongs to another connection', async () => {
    const { status, head, text } = await ask(get('/api/v1/a/web'))
    expect(status).toBe(200)
    expect(head).toContain('x-web: 1')
    expect(head).not.toContain('gzip')
    expect(text.replace(/\r\n[0-9a-f]+\r\n/g, '').match(/web /g)?.length).toBeGreaterThan(49_000)
  })

  test('one that breaks off is cut, not finished; one that cannot be sent is a 500', async () => {
    seen.handled = 0
    const { text } = await ask(get('/api/v1/a/broken'))
    expect(text).not.toContain('SECRET')
    expect(text.endsWith('0\r\n\r\n')).toBe(false)
    expect((await ask(get('/api/v1/a/odd'))).status).toBe(500)
    expect((await ask(get('/api/v1/a'))).status).toBe(200)
  })

  test('streams are chunked in HTTP/1.1, plain in 1.0, and whole in both', async () => {
    const modern = await ask(get('/api/v1/a/finite'))
    expect(modern.head).toContain('transfer-encoding: chunked')
    expect(modern.text).toContain(Buffer.from('data: "é"').toString('latin1'))
    expect(modern.text.endsWith('0\r\n\r\n')).toBe(true)
    const old = await ask('GET /api/v1/a/finite HTTP/1.0\r\n\r\n')
    expect(old.head).not.toContain('chunked')
    expect(old.text.startsWith('data: ')).toBe(true)
    expect(old.text).toContain('x'.repeat(70_000))
  })

  test('pipelined requests are answered in order, streams among them', async () => {
    const { text, isClosed } = talk(
      ['/api/v1/a/own', '/api/v1/a/finite', '/api/v1/nothing', '/api/v1/a/finite']
        .map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
        .join('') + get('/api/v1/a'),
    )
    await until('all are answered', isClosed)
    expect(text().match(/HTTP\/1\.1 \d+/g)).toEqual(
      ['200', '200', '404', '200', '200'].map((code) => `HTTP/1.1 ${code}`),
    )
    expect(text().match(/x{70000}/g)).toHaveLength(2)
  })

  test('a connection is kept alive', async () => {
    const { text, socket } = talk('GET /api/v1/a HTTP/1.1\r\nHost: x\r\n\r\n')
    await until('the first is answered', () => text().includes('"error":null}'))
    socket.write('GET /api/v1/a/own HTTP/1.1\r\nHost: x\r\n\r\n')
    await until('the second is answered', () => text().includes('{"data":1,'))
    socket.destroy()
  })
})

describe('clients that leave', () => {
  test('in the middle of a call: its signal aborts, and nothing is logged as an error', async () => {
    const before = seen.aborted
    const { socket } = talk(get('/api/v1/a/hang'))
    await until('the handler runs', () => socket.bytesWritten > 0)
    await new Promise((resolve) => setImmediate(resolve))
    expect((await ask(get('/api/v1/a'))).status).toBe(200)
    socket.destroy()
    await until('the signal aborts', () => seen.aborted === before + 1)
    expect(logs.filter((line) => line.includes('"level":"error"') && line.includes('a.hang'))).toEqual([])
  })

  test('in the middle of a stream, by reset or by half-closing', async () => {
    for (const leave of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.destroy()]) {
      const before = seen.closed
      const { socket, text } = talk(get('/api/v1/a/feed'))
      await until('it has begun', () => text().includes('data: "first"'))
      leave(socket)
      await until('it is cleaned up', () => seen.closed === before + 1)
    }
  })

  test('one that does not read a flood is cut', async () => {
    const before = seen.closed
    const { socket } = talk(get('/api/v1/a/flood'))
    socket.pause()
    await until('it is cut', () => seen.closed === before + 1)
    socket.destroy()
  })

  test('a handler that never ends is 503 in the envelope', async () => {
    const answer = await ask(get('/api/v1/a/hang'), strict)
    expect(answer.status).toBe(503)
    isEnvelope(answer, 'TIMEOUT')
  })
})
