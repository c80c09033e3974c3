import { describe, expect, test } from 'vitest'
import type { ErrorReport } from './app.js'
import { IgniterError } from './error.js'
import { Igniter } from './igniter.js'
import type { ProcedureInput } from './procedure.js'
import { createTestApp } from './testing/app.js'

type Run = (input: any) => unknown

function failing(handler: Run, onError?: (report: ErrorReport) => unknown, before: Run = () => {}) {
  return createTestApp(
    Igniter.context(() => ({ tenant: 't1' })).config({ cookies: { secret: 's'.repeat(32) }, timeout: 1_000 }),
    (igniter) => {
      const step = igniter.procedure({
        name: 'before',
        handler: (_: void, input: ProcedureInput<any>) => before(input) as undefined,
      })
      const own = { path: '/', use: [step()], handler } as unknown as { path: '/'; handler: () => unknown }
      return igniter.router({
        controllers: {
          a: igniter.controller({
            path: '/a',
            actions: {
              q: igniter.query(own),
              m: igniter.mutation(own),
              unbound: igniter.query({ path: '/unbound', timeout: 0, handler: handler as () => unknown }),
              s: igniter.query({ path: '/s', stream: true, handler: handler as never }),
            },
          }),
        },
        onError,
      })
    },
  )
}

const throwing = (thrown: unknown) => (): never => {
  throw thrown
}

describe('an IgniterError', () => {
  test('carries code, status, message and details', async () => {
    const error = new IgniterError({ code: 'NO_SEATS', message: 'Sold out.', status: 409, details: { left: 0 } })
    for (const handler of [throwing(error), async () => throwing(error)()]) {
      const { status, body } = await failing(handler).send('/api/v1/a')
      expect([status, body]).toEqual([
        409,
        { data: null, error: { code: 'NO_SEATS', message: 'Sold out.', details: { left: 0 } } },
      ])
    }
  })

  test('has the status of the framework’s table, or 400', async () => {
    const status = async (code: string) =>
      (await failing(throwing(new IgniterError({ code, message: 'x' }))).send('/api/v1/a')).status
    expect(await status('NOT_FOUND')).toBe(404)
    expect(await status('CONFLICT')).toBe(409)
    expect(await status('STORE_UNAVAILABLE')).toBe(503)
    expect(await status('MY_OWN')).toBe(400)
    expect(await status('toString')).toBe(400)
  })

  test('Retry-After is whole seconds', async () => {
    const error = new IgniterError({ code: 'TOO_MANY_REQUESTS', message: 'x', retryAfterSeconds: 1.2 })
    expect((await failing(throwing(error)).send('/api/v1/a')).headers.get('retry-after')).toBe('2')
  })

  test.each([0, 99, 200, 302, 399, 600, 1_000, Number.NaN, 404.5, '404'])(
    'with the status %s is no answer: 500',
    async (status) => {
      const error = new IgniterError({ code: 'ODD', message: 'secret', status: status as number })
      const app = failing(throwing(error))
      const answer = await app.send('/api/v1/a')
      expect([answer.status, answer.body.error.code]).toEqual([500, 'INTERNAL_SERVER_ERROR'])
      expect(answer.text).not.toContain('secret')
    },
  )

  test('its cause stays inside', async () => {
    const cause = new Error('SELECT * FROM users')
    const { text } = await failing(
      throwing(new IgniterError({ code: 'SERVICE_UNAVAILABLE', message: 'Down.', cause })),
    ).send('/api/v1/a')
    expect(text).not.toContain('SELECT')
    expect(text).toContain('Down.')
  })

  test('of another copy of the package is one too', async () => {
    const foreign = Object.assign(new Error('So.'), {
      code: 'FOREIGN',
      status: 422,
      details: undefined,
      [Symbol.for('igniter.error')]: true,
    })
    const { status, body } = await failing(throwing(foreign)).send('/api/v1/a')
    expect([status, body.error]).toEqual([422, { code: 'FOREIGN', message: 'So.' }])
  })
})

describe('anything else that is thrown', () => {
  const hostile = {
    get message() {
      throw new Error('no')
    },
    get stack() {
      throw new Error('no')
    },
    get status() {
      throw new Error('no')
    },
    get [Symbol.for('igniter.error')]() {
      throw new Error('no')
    },
    toString() {
      throw new Error('no')
    },
  }
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  }
  const things: [string, unknown][] = [
    ['an Error', new Error('SECRET at /srv/app.js')],
    ['an Error with a status', Object.assign(new Error('SECRET'), { status: 404, statusCode: 404, code: 'NOT_FOUND' })],
    ['a cause', new Error('SECRET', { cause: new Error('SECRET') })],
    ['an AggregateError', new AggregateError([new Error('SECRET')], 'SECRET')],
    ['null', null],
    ['undefined', undefined],
    ['a text', 'SECRET'],
    ['a number', 404],
    ['a bigint', 10n],
    ['a symbol', Symbol('SECRET')],
    ['a function', () => 'SECRET'],
    ['an object', { status: 400, message: 'SECRET' }],
    ['an object without prototype', Object.create(null)],
    ['a Response', new Response('SECRET', { status: 404 })],
    ['a promise', Promise.resolve('SECRET')],
    ['hostile getters', hostile],
    ['a revoked proxy', revoked()],
    ['a proxy whose traps throw', new Proxy({}, { get: throwing(new Error('no')), getPrototypeOf: throwing(1) })],
    ['a frozen error', Object.freeze(new Error('SECRET'))],
    ['an error in a circle', Object.assign(new Error('SECRET'), { self: null as unknown })],
  ]

  test.each(things)('%s is INTERNAL_SERVER_ERROR with an id that leads to the log', async (_, thrown) => {
    const reported: unknown[] = []
    const app = failing(throwing(thrown), ({ error }) => reported.push(error))
    const rejecting = failing(
      () => Promise.reject(thrown),
      ({ error }) => reported.push(error),
    )
    for (const one of [app, rejecting]) {
      for (const path of ['/api/v1/a', '/api/v1/~/a.q', '/api/v1/a/s']) {
        const { status, body, text } = await one.send(path)
        expect(status).toBe(500)
        expect(body).toEqual({
          data: null,
          error: { code: 'INTERNAL_SERVER_ERROR', message: expect.any(String), requestId: expect.any(String) },
        })
        expect(text).not.toContain('SECRET')
        expect(text).not.toContain('at ')
        const entry = one.logs.find(({ requestId }) => requestId === body.error.requestId)
        expect(entry).toMatchObject({ level: 'error', action: expect.stringMatching(/^a\.(q|s)$/) })
      }
    }
    expect(reported).toHaveLength(6)
    expect(reported.every((error) => Object.is(error, thrown))).toBe(true)
    expect((await app.router.caller().a.q.query()).error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', status: 500 })
  })

  test('its text goes to the log', async () => {
    const app = failing(throwing(new Error('the disk is full', { cause: new Error('ENOSPC') })))
    await app.send('/api/v1/a')
    expect(JSON.stringify(app.logs)).toContain('the disk is full')
    expect(JSON.stringify(app.logs)).toContain('ENOSPC')
  })

  test('in a procedure, in context(), in validation: the same', async () => {
    const inProcedure = failing(() => 1, undefined, throwing(new Error('SECRET')))
    const inContext = createTestApp(Igniter.context(throwing(new Error('SECRET')) as () => {}), (igniter) =>
      igniter.router({
        controllers: {
          a: igniter.controller({ path: '/a', actions: { q: igniter.query({ path: '/', handler: () => 1 }) } }),
        },
      }),
    )
    const schema = {
      '~standard': { version: 1 as const, vendor: 'own', validate: throwing(new Error('SECRET')) },
    }
    const inSchema = createTestApp(Igniter, (igniter) =>
      igniter.router({
        controllers: {
          a: igniter.controller({
            path: '/a',
            actions: { q: igniter.query({ path: '/', query: schema, handler: () => 1 }) },
          }),
        },
      }),
    )
    for (const app of [inProcedure, inContext, inSchema]) {
      const { status, text } = await app.send('/api/v1/a')
      expect(status).toBe(500)
      expect(text).not.toContain('SECRET')
      expect(JSON.stringify(app.logs)).toContain('SECRET')
    }
  })
})

describe('onError', () => {
  test('gets error, request and context, and not what was expected', async () => {
    const reports: ErrorReport[] = []
    const boom = new Error('boom')
    let thrown: unknown = boom
    const app = failing(
      () => {
        throw thrown
      },
      (report) => reports.push(report),
      () => ({ user: 'ann' }),
    )
    const { body } = await app.send('/api/v1/a')
    thrown = new IgniterError({ code: 'NOT_FOUND', message: 'x' })
    await app.send('/api/v1/a')
    await app.send('/api/v1/nothing')
    expect(reports).toHaveLength(1)
    expect(reports[0]?.error).toBe(boom)
    expect(reports[0]?.request.id).toBe(body.error.requestId)
    expect(reports[0]?.request.path).toBe('/api/v1/a')
    expect(reports[0]?.context).toMatchObject({ tenant: 't1', user: 'ann' })
  })

  test('what it throws is logged, and changes nothing', async () => {
    for (const onError of [
      throwing(new Error('reporting failed')),
      () => Promise.reject(new Error('reporting failed')),
    ]) {
      const app = failing(throwing(new Error('boom')), onError)
      expect((await app.send('/api/v1/a')).status).toBe(500)
      await app.clock.advance(0)
      expect(JSON.stringify(app.logs)).toContain('reporting failed')
    }
  })

  test('is not waited for', async () => {
    const app = failing(throwing(new Error('boom')), () => new Promise(() => {}))
    expect((await app.send('/api/v1/a')).status).toBe(500)
  })
})

describe('time', () => {
  const never = () => new Promise<never>(() => {})

  test('a handler that never ends is 503 TIMEOUT, and its signal aborts', async () => {
    let signal: AbortSignal | undefined
    const app = failing(({ request }) => {
      signal = request.signal
      return never()
    })
    const answer = app.send('/api/v1/a')
    await app.clock.advance(1_200)
    const { status, body } = await answer
    expect([status, body.error.code]).toEqual([503, 'TIMEOUT'])
    expect(signal?.aborted).toBe(true)
    expect(signal?.reason).toMatchObject({ code: 'TIMEOUT' })
    expect(app.clock.pending).toBe(0)
  })

  test('so is a procedure, a context and a stream that never begins', async () => {
    const procedure = failing(() => 1, undefined, never)
    const stream = failing(never)
    const context = createTestApp(Igniter.config({ timeout: 1_000 }).context(never as () => Promise<{}>), (igniter) =>
      igniter.router({
        controllers: {
          a: igniter.controller({ path: '/a', actions: { q: igniter.query({ path: '/', handler: () => 1 }) } }),
        },
      }),
    )
    for (const [app, path] of [
      [procedure, '/api/v1/a'],
      [stream, '/api/v1/a/s'],
      [context, '/api/v1/a'],
    ] as const) {
      const answer = app.send(path)
      await app.clock.advance(1_200)
      expect((await answer).status).toBe(503)
    }
  })

  test('0 is no limit', async () => {
    let finish = (_: number) => {}
    const app = failing(() => new Promise((resolve) => (finish = resolve)))
    const answer = app.send('/api/v1/a/unbound')
    await app.clock.advance(10_000_000)
    finish(1)
    expect((await answer).body.data).toBe(1)
  })

  test('a stream that has begun is not ended by it', async () => {
    const app = failing(async function* () {
      yield { data: 1 }
      await never()
    })
    const response = await app.fetch('/api/v1/a/s')
    const reader = response.body!.getReader()
    await reader.read()
    await app.clock.advance(5_000)
    let isOver = false
    void reader.closed.then(
      () => (isOver = true),
      () => (isOver = true),
    )
    await app.clock.advance(0)
    expect(isOver).toBe(false)
    await reader.cancel()
  })

  test('what comes late is dropped: no second answer, no effects, no open stream, no open body', async () => {
    const done: string[] = []
    let finish = () => {}
    const late =
      (run: Run): Run =>
      async (input) => {
        await new Promise<void>((resolve) => (finish = resolve))
        return run(input)
      }
    const lateOnes: [string, Run][] = [
      ['/api/v1/a', ({ response }) => response.success(1).afterSuccess(() => done.push('effect'))],
      ['/api/v1/a', throwing(new Error('late'))],
      ['/api/v1/a', () => new Response(new ReadableStream({ cancel: () => void done.push('cancelled') }))],
      [
        '/api/v1/a/s',
        ({ response }) => {
          const stream = response.stream()
          stream.onClose(() => done.push('closed'))
          return stream
        },
      ],
      [
        '/api/v1/a/s',
        async function* () {
          done.push('began')
          yield { data: 1 }
        },
      ],
    ]
    for (const [path, run] of lateOnes) {
      const app = failing(late(run))
      const answer = app.send(path)
      await app.clock.advance(1_200)
      expect((await answer).status).toBe(503)
      finish()
      await app.clock.advance(0)
    }
    expect(done).toEqual(['cancelled', 'closed'])
  })

  test('a handler that obeys its signal is not reported twice', async () => {
    const reports: unknown[] = []
    const app = failing(
      ({ request }) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason as Error))
        }),
      ({ error }) => reports.push(error),
    )
    const answer = app.send('/api/v1/a')
    await app.clock.advance(1_200)
    await answer
    await app.clock.advance(0)
    expect(reports).toHaveLength(1)
  })

  test('a client that leaves aborts the signal, and what that throws is no error of ours', async () => {
    const controller = new AbortController()
    const app = failing(
      ({ request }) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason as Error))
        }),
    )
    const answer = app.fetch('/api/v1/a', { signal: controller.signal })
    await app.clock.advance(0)
    controller.abort()
    await answer.catch(() => {})
    await app.clock.advance(0)
    expect(app.logs.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('logs', () => {
  test('hold no secret of the request, whatever fails', async () => {
    const secret = 'S3CR3T'
    const init = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        cookie: `session=${secret}; other=${secret}`,
        'x-api-key': secret,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ password: secret, nested: [{ token: secret }] }),
    }
    const handlers: Run[] = [
      ({ request }) => {
        throw Object.assign(new Error(`failed for ${request.headers.get('authorization')}`), {
          headers: Object.fromEntries(request.headers),
          body: request.body,
        })
      },
      ({ request }) => {
        throw new Error(`GET /x?access_token=${secret} Cookie: ${request.headers.get('cookie')}`)
      },
      ({ request, context }) => {
        context.logger.warn({ headers: request.headers, raw: request.raw, body: request.body }, 'look')
        throw { request: { headers: Object.fromEntries(request.headers) } }
      },
      ({ request, context }) => {
        context.logger.info({ query: request.query, url: `/a?token=${secret}` }, `authorization: Bearer ${secret}`)
        return 1
      },
      () => loop(secret),
    ]
    for (const handler of handlers) {
      const app = failing(handler)
      await app.send(`/api/v1/a?token=${secret}&password=${secret}`, init)
      await app.send('/api/v1/~/a.m', { ...init, body: JSON.stringify({ body: { password: secret } }) })
      expect(app.logs.length).toBeGreaterThan(0)
      expect(JSON.stringify(app.logs)).not.toContain(secret)
    }
  })

  test('what is refused before it reaches an action is no error of ours', async () => {
    const app = failing(() => 1)
    for (const [path, init] of [
      ['/api/v1/nothing', {}],
      ['/api/v1/a', { method: 'PATCH' }],
      ['/api/v1/a/%', {}],
      ['/api/v1/a', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }],
      ['/api/v1/a', { method: 'POST', body: 'x', headers: { 'content-type': 'image/png' } }],
      ['/api/v1/a', { method: 'POST', headers: { origin: 'https://evil.test' } }],
    ] as const) {
      expect((await app.send(path, init)).status).toBeGreaterThanOrEqual(400)
    }
    expect(app.logs.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
  })
})

function loop(secret: string): object {
  const circle: Record<string, unknown> = { password: secret }
  circle.self = circle
  return circle
}
