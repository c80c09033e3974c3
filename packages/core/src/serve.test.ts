import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Igniter } from './igniter.js'
import { consoleLogger } from './logger.js'
import { serve, type ServeOptions, type Serving, toNodeHandler } from './node.js'
import { until } from './testing/conformance.js'

const logs: string[] = []
const gates = new Map<string, () => void>()
const state = { opened: 0, ended: 0 }

function router(config: object = {}) {
  const igniter = Igniter.config(config)
    .logger(consoleLogger({ pretty: false, write: (line) => logs.push(line) }))
    .create()
  return igniter.router({
    controllers: {
      a: igniter.controller({
        path: '/a',
        actions: {
          q: igniter.query({ path: '/', handler: ({ request }) => request.path }),
          echo: igniter.mutation({ path: '/', handler: ({ request }) => request.body }),
          wait: igniter.query({
            path: '/wait/:name',
            handler: ({ request }) =>
              new Promise<string>((resolve) => gates.set(request.params.name, () => resolve(request.params.name))),
          }),
          cookies: igniter.query({
            path: '/cookies',
            handler: ({ response }) => response.setCookie('own', '1').success(1),
          }),
          feed: igniter.query({
            path: '/feed',
            stream: true,
            handler: ({ response }) => {
              const stream = response.stream()
              state.opened++
              stream.onClose(() => state.ended++)
              void stream.send({ data: 1, retry: 50 })
              return stream
            },
          }),
        },
      }),
    },
  })
}

const start = (options: ServeOptions = {}, config: object = {}) =>
  serve(router(config), { port: 0, hostname: '127.0.0.1', signals: false, ...options })

const json = async (url: string, init?: RequestInit) => {
  const response = await fetch(url, init)
  return { status: response.status, headers: response.headers, body: (await response.json()) as any }
}

describe('serve', () => {
  test('says where it listens, and where the typed client calls', async () => {
    logs.length = 0
    const server = await start()
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
    expect((await json(`${server.url}/api/v1/a`)).body.data).toBe('/api/v1/a')
    expect(logs.join('\n')).toContain(server.url)
    expect(logs.join('\n')).toContain('/api/v1/~/')
    await server.close()
    logs.length = 0
    const closed = await start({}, { rpc: false })
    expect(logs.join('\n')).not.toContain('/~/')
    await closed.close()
  })

  test('a port that is taken: says which, and what to do', async () => {
    const server = await start()
    await expect(start({ port: server.port })).rejects.toMatchObject({
      message: `serve: cannot listen on 127.0.0.1, port ${server.port}: another program listens there. Choose another port, or 0 for any free one.`,
    })
    expect((await json(`${server.url}/api/v1/a`)).status).toBe(200)
    await server.close()
  })

  test.each([-1, 70_000, 1.5, 'x'])('the port %s is refused', async (port) => {
    await expect(start({ port: port as number })).rejects.toThrow(/is no port\. Give a whole number from 0/)
  })

  test('what is no router is refused with what to do', async () => {
    for (const nothing of [undefined, null, {}, 'router']) {
      await expect(serve(nothing as never, { port: 0 } as never)).rejects.toThrow(
        'this is no router. Make it with igniter.router',
      )
      expect(() => toNodeHandler(nothing as never, {} as never)).toThrow('this is no router')
    }
  })

  test('close is idempotent, and ends idle connections at once', async () => {
    const server = await start()
    const idle = connect(server.port, '127.0.0.1')
    await new Promise((resolve) => idle.once('connect', resolve))
    await json(`${server.url}/api/v1/a`)
    const closing = server.close()
    expect(server.close()).toBe(closing)
    await closing
    await until('the idle connection is closed', () => idle.destroyed || idle.readableEnded || idle.closed)
    await expect(fetch(`${server.url}/api/v1/a`)).rejects.toThrow()
  })

  test('close lets requests finish and ends streams properly', async () => {
    const server = await start()
    const before = { ...state }
    const waiting = Array.from({ length: 20 }, (_, i) => json(`${server.url}/api/v1/a/wait/n${i}`))
    const streams = await Promise.all(Array.from({ length: 20 }, () => fetch(`${server.url}/api/v1/a/feed`)))
    const texts = streams.map((response) => response.text())
    const realtime = await fetch(`${server.url}/api/v1/~/realtime`)
    const frames = realtime.text()
    await until('all requests run', () => gates.size === 20)
    const closing = server.close()
    await Promise.all(texts)
    expect(await frames).toMatch(/retry: \d+/)
    expect([state.opened - before.opened, state.ended - before.ended]).toEqual([20, 20])
    for (const open of gates.values()) open()
    const answers = await Promise.all(waiting)
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    await closing
    gates.clear()
  })

  test('close waits no longer than `grace`', async () => {
    const server = await start({ grace: 100 }, { timeout: 0 })
    const hanging = fetch(`${server.url}/api/v1/a/wait/forever`).catch(() => 'cut')
    await until('it runs', () => gates.has('forever'))
    await server.close()
    expect(await hanging).toBe('cut')
    gates.clear()
  })

  test('on a connection that is kept alive, the last answer says so', async () => {
    const server = await start()
    const socket = connect(server.port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => (text += chunk))
    socket.write('GET /api/v1/a/wait/last HTTP/1.1\r\nHost: x\r\n\r\nGET /api/v1/a HTTP/1.1\r\nHost: x\r\n\r\n')
    await until('it runs', () => gates.has('last'))
    const closing = server.close()
    gates.get('last')?.()
    await closing
    expect(text).toContain('"data":"last"')
    gates.clear()
  })

  test('fallback answers what is outside the base path, and only that', async () => {
    const fallback = (req: IncomingMessage, res: ServerResponse) => {
      res.end(JSON.stringify({ page: req.url }))
    }
    const server = await start({ fallback })
    for (const path of ['/', '/page', '/api', '/api/v2/a', '/api/v1x', '/API/v1/a']) {
      expect((await json(`${server.url}${path}`)).body).toEqual({ page: path })
    }
    for (const path of ['/api/v1', '/api/v1/', '/api/v1/nothing', '/api/v1?x', '/api/v1/~/nothing']) {
      expect((await json(`${server.url}${path}`)).body.error.code, path).toBe('NOT_FOUND')
    }
    // What our table would match, however it is written, is not the pages' business.
    expect((await json(`${server.url}/%61pi/v1/a`)).body.data ?? 'page').toBeDefined()
    for (const target of ['http://evil.test/page', '//evil.test/page', '/\\evil.test']) {
      const socket = connect(server.port, '127.0.0.1')
      let text = ''
      socket.on('data', (chunk) => (text += chunk))
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      await until('it is answered', () => socket.closed)
      expect(text, target).toMatch(/^HTTP\/1\.1 400 /)
    }
    await server.close()
    const bare = await start()
    expect((await json(`${bare.url}/page`)).status).toBe(404)
    await bare.close()
  })

  test('a context is given to it, as a value or a function', async () => {
    const igniter = Igniter.context<{ name: string }>()
      .logger(consoleLogger({ level: 'silent' }))
      .create()
    const own = igniter.router({
      controllers: {
        a: igniter.controller({
          path: '/a',
          actions: { q: igniter.query({ path: '/', handler: ({ context }) => context.name }) },
        }),
      },
    })
    for (const context of [{ name: 'ann' }, () => ({ name: 'ann' }), async () => ({ name: 'ann' })]) {
      const server = await serve(own, { port: 0, hostname: '127.0.0.1', signals: false, context })
      expect((await json(`${server.url}/api/v1/a`)).body.data).toBe('ann')
      server.server.closeAllConnections()
      await new Promise((resolve) => server.server.close(resolve))
    }
  })
})

describe('toNodeHandler', () => {
  type Middleware = (req: any, res: ServerResponse, next: () => void) => void

  /** As Express does it: functions in turn, each under a path that it doesn't see in `url`. */
  async function mount(...stack: [path: string, run: Middleware][]) {
    const server = createServer((req, res) => {
      const message = req as IncomingMessage & { originalUrl?: string }
      message.originalUrl = req.url ?? '/'
      const run = (at: number): void => {
        const entry = stack[at]
        if (entry === undefined) {
          res.statusCode = 418
          res.end('{"page":true}')
          return
        }
        const [path, middleware] = entry
        const original = message.originalUrl as string
        if (!original.startsWith(path)) return run(at + 1)
        req.url = original.slice(path.length) || '/'
        middleware(req, res, () => {
          req.url = original
          run(at + 1)
        })
      }
      run(0)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const close = () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    }
    return { url: `http://127.0.0.1:${port}`, close }
  }

  const read = (req: IncomingMessage, take: (text: string) => void) => {
    let text = ''
    req.on('data', (chunk) => (text += chunk))
    req.on('end', () => take(text))
  }

  test('in a bare server', async () => {
    const handler = toNodeHandler(router())
    const server = createServer(handler)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect((await json(`${url}/api/v1/a`)).body.data).toBe('/api/v1/a')
    expect((await json(`${url}/elsewhere`)).status).toBe(404)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  test('as a middleware: at the root or under the base path, and what is not ours goes on', async () => {
    for (const path of ['', '/api', '/api/v1']) {
      const { url, close } = await mount([path, toNodeHandler(router())])
      expect((await json(`${url}/api/v1/a?x=1`)).body.data, path).toBe('/api/v1/a')
      expect((await json(`${url}/api/v1/nothing`)).status).toBe(404)
      for (const other of ['/', '/page', '/api/v2']) expect((await json(`${url}${other}`)).status).toBe(418)
      await close()
    }
  })

  test('after a body parser: what it read is what we get', async () => {
    const parsers: Record<string, (text: string) => unknown> = {
      'application/json': (text) => JSON.parse(text),
      'application/x-www-form-urlencoded': (text) => Object.fromEntries(new URLSearchParams(text)),
      'text/plain': (text) => text,
      'application/octet-stream': (text) => Buffer.from(text),
    }
    const parser: Middleware = (req, _res, next) =>
      read(req, (text) => {
        const parse = parsers[req.headers['content-type']]
        if (parse !== undefined) req.body = parse(text)
        next()
      })
    const { url, close } = await mount(['', parser], ['', toNodeHandler(router())])
    const post = async (type: string, body: string) =>
      json(`${url}/api/v1/a`, { method: 'POST', body, headers: { 'content-type': type } })
    expect((await post('application/json', '{"a":[1]}')).body.data).toEqual({ a: [1] })
    expect((await post('application/json', 'null')).body.data).toBeNull()
    expect((await post('application/x-www-form-urlencoded', 'a=1&b=%26+')).body.data).toEqual({ a: '1', b: '& ' })
    expect((await post('text/plain', 'hi')).body.data).toBe('hi')
    expect((await post('application/octet-stream', 'hi')).body.data).toBe('aGk=')
    const lost = await post('multipart/form-data; boundary=x', '--x--')
    expect([lost.status, lost.body.error.code]).toEqual([500, 'INTERNAL_SERVER_ERROR'])
    expect(logs.join('\n')).toContain('before this handler')
    await close()
  })

  test('what others set on the response stays, and cookies add up', async () => {
    const before: Middleware = (_req, res, next) => {
      res.setHeader('x-powered-by', 'test')
      res.setHeader('set-cookie', ['theirs=1'])
      next()
    }
    const { url, close } = await mount(['', before], ['', toNodeHandler(router())])
    const { headers } = await json(`${url}/api/v1/a/cookies`)
    expect(headers.get('x-powered-by')).toBe('test')
    expect(headers.getSetCookie()).toEqual(['theirs=1', 'own=1; Path=/; HttpOnly; SameSite=Lax'])
    const stream = await fetch(`${url}/api/v1/a/feed`)
    const reader = stream.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('data: 1')
    await reader.cancel()
    await close()
  })

  test('an answer that somebody else has begun is left alone', async () => {
    const early: Middleware = (_req, res, next) => {
      res.end('{"early":true}')
      next()
    }
    const { url, close } = await mount(['', early], ['', toNodeHandler(router())])
    expect((await json(`${url}/api/v1/a`)).body).toEqual({ early: true })
    expect((await json(`${url}/api/v1/a/feed`)).body).toEqual({ early: true })
    await close()
  })
})

describe('SIGTERM', () => {
  let folder: string
  let script: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'igniter-'))
    script = join(folder, 'app.mjs')
    const { build } = await import('esbuild')
    const source = (name: string) => JSON.stringify(join(import.meta.dirname, name))
    await build({
      stdin: {
        resolveDir: import.meta.dirname,
        contents: `
          import { Igniter } from ${source('index.ts')}
          import { serve } from ${source('node.ts')}
          const igniter = Igniter.create()
          const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
          const slow = igniter.query({ path: '/slow', handler: async () => { await wait(400); return 'done' } })
          const stuck = igniter.query({ path: '/stuck', timeout: 0, handler: () => new Promise(() => {}) })
          const feed = igniter.query({ path: '/feed', stream: true, handler: ({ response }) => {
            const stream = response.stream()
            stream.onClose(() => console.log('cleaned'))
            void stream.send({ data: 1 })
            return stream
          } })
          const controllers = { a: igniter.controller({ path: '/a', actions: { slow, stuck, feed } }) }
          const server = await serve(igniter.router({ controllers }), { port: 0, hostname: '127.0.0.1', grace: 1500 })
          console.log('url ' + server.url)
        `,
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: script,
    })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function launch() {
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (out += chunk))
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
    await until('it listens', () => out.includes('url '))
    return { child, exit, out: () => out, url: /url (\S+)/.exec(out)?.[1] as string }
  }

  test('drains: requests are answered, streams end properly, exit 0', async () => {
    const { child, exit, out, url } = await launch()
    const slow = Array.from({ length: 50 }, () => json(`${url}/api/v1/a/slow`))
    const streams = await Promise.all(Array.from({ length: 50 }, () => fetch(`${url}/api/v1/a/feed`)))
    const realtime = await fetch(`${url}/api/v1/~/realtime`)
    const texts = [...streams, realtime].map((response) => response.text())
    child.kill('SIGTERM')
    const answers = await Promise.all(slow)
    expect(answers.map(({ status, body }) => [status, body.data])).toEqual(answers.map(() => [200, 'done']))
    expect((await Promise.all(texts)).at(-1)).toMatch(/retry: \d+/)
    expect(await exit).toBe(0)
    expect(out().match(/cleaned/g)).toHaveLength(50)
  })

  test('a second one ends it at once', async () => {
    const { child, exit, out, url } = await launch()
    const stuck = fetch(`${url}/api/v1/a/stuck`).catch(() => 'cut')
    await until('it runs', async () => (await fetch(`${url}/api/v1/a/slow`)).ok)
    child.kill('SIGTERM')
    await until('it drains', () => out().includes('Shutting down'))
    const start = performance.now()
    child.kill('SIGTERM')
    expect(await exit).toBe(1)
    expect(performance.now() - start).toBeLessThan(2_000)
    expect(await stuck).toBe('cut')
  })

  test('what never ends is cut after the grace time, and the exit is clean', async () => {
    const { child, exit, url } = await launch()
    const stuck = fetch(`${url}/api/v1/a/stuck`).catch(() => 'cut')
    await until('it runs', async () => (await fetch(`${url}/api/v1/a/slow`)).ok)
    child.kill('SIGINT')
    expect(await exit).toBe(0)
    expect(await stuck).toBe('cut')
  })
})

test('a keep-alive connection serves many requests', async () => {
  const server: Serving = await start()
  const { Agent } = await import('node:http')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ports = new Set<number>()
  for (let i = 0; i < 5; i++) {
    await new Promise<void>((resolve, reject) => {
      const req = request(`${server.url}/api/v1/a`, { agent }, (res) => {
        ports.add(req.socket?.localPort ?? 0)
        res.resume()
        res.on('end', resolve)
      })
      req.on('error', reject)
      req.end()
    })
  }
  expect(ports.size).toBe(1)
  agent.destroy()
  await server.close()
})
