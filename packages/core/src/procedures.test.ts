import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Igniter } from './igniter.js'
import { createTestApp } from './testing/app.js'

type Run = (input: any) => unknown

/** One query and one mutation at `/a`, behind procedures that are given as functions, outermost first. */
function guarded(handler: Run, ...procedures: Run[]) {
  return createTestApp(Igniter, (igniter) => {
    const use = procedures.map((run, index) =>
      igniter.procedure({ name: `p${index}`, handler: (_: void, input) => run(input) as undefined })(),
    )
    return igniter.router({
      controllers: {
        a: igniter.controller({
          path: '/a',
          actions: {
            q: igniter.query({ path: '/', use, handler: handler as () => unknown }),
            m: igniter.mutation({
              path: '/',
              use,
              body: z.object({ n: z.number() }),
              handler: handler as () => unknown,
            }),
            s: igniter.query({ path: '/s', use, stream: true, handler: handler as never }),
          },
        }),
      },
    })
  })
}

const ask = (handler: Run, ...procedures: Run[]) => guarded(handler, ...procedures).send('/api/v1/a')

describe('order', () => {
  test('router, controller, action, each with what it uses; then validation, then the handler', async () => {
    const log: string[] = []
    const app = createTestApp(Igniter, (igniter) => {
      const step = (name: string, ...use: any[]) =>
        igniter.procedure({
          name,
          use,
          handler: async (_: void, { next }) => {
            log.push(`> ${name}`)
            const outcome = await next()
            log.push(`< ${name} ${outcome.statusCode}`)
          },
        })()
      return igniter.router({
        use: [step('router')],
        controllers: {
          a: igniter.controller({
            path: '/a',
            use: [step('controller', step('inner', step('innermost')))],
            actions: {
              m: igniter.mutation({
                path: '/',
                use: [step('first'), step('second')],
                body: z.string().refine(() => {
                  log.push('validate')
                  return true
                }),
                handler: () => {
                  log.push('handler')
                },
              }),
            },
          }),
        },
      })
    })
    const order = ['router', 'innermost', 'inner', 'controller', 'first', 'second']
    const wrapped = (status: number, ...middle: string[]) => [
      ...order.map((name) => `> ${name}`),
      ...middle,
      ...order.toReversed().map((name) => `< ${name} ${status}`),
    ]
    await app.send('/api/v1/a', { json: 'x' })
    expect(log).toEqual(wrapped(200, 'validate', 'handler'))
    log.length = 0
    await app.send('/api/v1/a', { json: 1 })
    expect(log).toEqual(wrapped(400))
  })

  test('synchronous procedures and handler answer in one turn', async () => {
    const log: string[] = []
    await ask(
      () => log.push('handler'),
      ({ response }) => void response.setHeader('x', '1'),
      () => {
        log.push('second')
        queueMicrotask(() => log.push('later'))
      },
    )
    expect(log).toEqual(['second', 'handler', 'later'])
  })

  test('unvalidated input is there, and the validated one after next()', async () => {
    const bodies: unknown[] = []
    const app = guarded(
      ({ request }) => request.body,
      async ({ request, next }) => {
        bodies.push(request.body)
        await next()
        bodies.push(request.body)
      },
    )
    expect((await app.send('/api/v1/a', { json: { n: 1, more: true } })).body.data).toEqual({ n: 1 })
    expect((await app.send('/api/v1/a', { json: { n: 'x' } })).body.error.code).toBe('VALIDATION_ERROR')
    expect(bodies).toEqual([{ n: 1, more: true }, { n: 1 }, { n: 'x' }, { n: 'x' }])
  })

  test('a guard is heard before a bad body is, and a body that it looks at is refused there', async () => {
    const refusing = guarded(
      () => 1,
      ({ response }) => response.unauthorized(),
    )
    const bad = { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }
    expect((await refusing.send('/api/v1/a', bad)).status).toBe(401)
    const looking = guarded(
      () => 1,
      ({ request }) => void request.body,
    )
    expect((await looking.send('/api/v1/a', bad)).status).toBe(400)
  })
})

describe('context', () => {
  test('what is returned is merged, the later wins, and the base is not changed', async () => {
    const base = { a: 0, base: true }
    const seen: unknown[] = []
    const app = createTestApp(
      Igniter.context(() => base),
      (igniter) => {
        const add = igniter.procedure({ handler: (extra: Record<string, unknown>) => extra })
        return igniter.router({
          use: [add({ a: 1, b: 1 })],
          controllers: {
            x: igniter.controller({
              path: '/x',
              use: [add({ b: 2, c: 2 })],
              actions: {
                q: igniter.query({
                  path: '/',
                  use: [add({ c: 3, d: 3 })],
                  handler: ({ context }) => {
                    const { store, telemetry, realtime, logger, ...own } = context as Record<string, unknown>
                    seen.push(store, telemetry, realtime, logger)
                    return own
                  },
                }),
              },
            }),
          },
        })
      },
    )
    expect((await app.send('/api/v1/x')).body.data).toEqual({ a: 1, b: 2, c: 3, d: 3, base: true })
    expect(seen.every((value) => value !== undefined)).toBe(true)
    expect(base).toEqual({ a: 0, base: true })
  })

  test('next(extra) adds too, also to a context that was looked at before', async () => {
    const { body } = await ask(
      ({ context }) => [context.one, context.two, context.three],
      ({ context, next }) => {
        void context.one
        return next({ one: 1, two: 1 })
      },
      ({ context, next }) => next({ two: context.one + 1 }),
      ({ context }) => ({ three: context.two + 1 }),
    )
    expect(body.data).toEqual([1, 2, 3])
  })

  test('requests do not see one another', async () => {
    const app = guarded(
      ({ context }) => ['ann', 'bob'].filter((name) => name in context),
      async ({ request }) => ({ [request.headers.get('x-name')]: true }),
    )
    const own = async (name: string) => (await app.send('/api/v1/a', { headers: { 'x-name': name } })).body.data
    expect(await Promise.all([own('ann'), own('bob'), own('ann')])).toEqual([['ann'], ['bob'], ['ann']])
  })

  test.each([undefined, null, 1, 'text', true, Symbol('x')])('%s adds nothing', async (nothing) => {
    expect(
      (
        await ask(
          () => 1,
          () => nothing,
        )
      ).body.data,
    ).toBe(1)
  })

  test.each(['store', 'jobs', 'telemetry', 'realtime', 'logger'])('%s is the framework’s name', async (name) => {
    for (const procedure of [() => ({ [name]: 1 }), ({ next }: any) => next({ [name]: 1 })]) {
      const app = guarded(() => 1, procedure)
      const { status, body } = await app.send('/api/v1/a')
      expect([status, body.error.code]).toEqual([500, 'INTERNAL_SERVER_ERROR'])
      expect(JSON.stringify(app.logs)).toContain(`gives \\"${name}\\"`)
    }
  })
})

describe('ending the request', () => {
  test.each([
    ['a failure', ({ response }: any) => response.forbidden('No.'), 403],
    ['a promise of one', async ({ response }: any) => response.forbidden('No.'), 403],
    ['a success', ({ response }: any) => response.accepted('early'), 202],
    ['a Response', () => new Response('raw', { status: 418 }), 418],
  ])('by %s', async (_, procedure, status) => {
    let ran = 0
    const count = () => ++ran
    const answer = await ask(count, procedure, count)
    expect([answer.status, ran]).toEqual([status, 0])
  })

  test('response without an answer does not end it', async () => {
    const { status, headers } = await ask(
      () => 1,
      ({ response }) => response.setHeader('x-a', '1'),
    )
    expect([status, headers.get('x-a')]).toEqual([200, '1'])
  })

  test('by a stream, whose end is clean at GET and at HEAD', async () => {
    let ended = 0
    const app = guarded(
      () => 1,
      ({ response }) => {
        const stream = response.stream()
        stream.onClose(() => ended++)
        void stream.send({ data: 'from the procedure' })
        stream.close()
        return stream
      },
    )
    expect((await app.send('/api/v1/a/s')).text).toContain('data: "from the procedure"')
    await app.send('/api/v1/a/s', { method: 'HEAD' })
    expect(ended).toBe(2)
  })

  test('by throwing', async () => {
    let ran = 0
    for (const procedure of [
      () => {
        throw new Error('secret')
      },
      async () => {
        throw new Error('secret')
      },
    ]) {
      const { status, text } = await ask(() => ++ran, procedure)
      expect(status).toBe(500)
      expect(text).not.toContain('secret')
    }
    expect(ran).toBe(0)
  })
})

describe('next()', () => {
  test('resolves to how the rest ended', async () => {
    const outcomes: unknown[] = []
    const watch: Run = async ({ next }) => {
      const { ok, statusCode, data, error } = await next()
      outcomes.push([ok, statusCode, data, error?.code ?? null])
    }
    await ask(() => 1, watch)
    await ask(() => undefined, watch)
    await ask(({ response }) => response.created(2), watch)
    await ask(({ response }) => response.notFound(), watch)
    await ask(() => new Response('x', { status: 418 }), watch)
    await ask(({ response }) => response.notFound(), watch, watch)
    await ask(async () => Promise.reject(new Error('x')), watch)
    await guarded(() => 1, watch).send('/api/v1/a', { json: {} })
    expect(outcomes).toEqual([
      [true, 200, 1, null],
      [true, 200, null, null],
      [true, 201, 2, null],
      [false, 404, null, 'NOT_FOUND'],
      [true, 418, null, null],
      [false, 404, null, 'NOT_FOUND'],
      [false, 404, null, 'NOT_FOUND'],
      [false, 500, null, 'INTERNAL_SERVER_ERROR'],
      [false, 400, null, 'VALIDATION_ERROR'],
    ])
  })

  test('never rejects', async () => {
    const { status } = await ask(
      () => 1,
      async ({ next }) => void (await next()),
      () => {
        throw null
      },
    )
    expect(status).toBe(500)
  })

  test('called twice is a mistake that is told, and runs nothing twice', async () => {
    let ran = 0
    const app = guarded(
      () => ++ran,
      async ({ next }) => {
        await next()
        await next()
      },
    )
    expect((await app.send('/api/v1/a')).status).toBe(500)
    expect(ran).toBe(1)
    expect(JSON.stringify(app.logs)).toContain('called next() twice')
  })

  test('not awaited: the answer waits for the rest all the same', async () => {
    let finish = (_: number) => {}
    const app = guarded(
      () => new Promise((resolve) => (finish = resolve)),
      ({ next }) => void next(),
    )
    const answer = app.send('/api/v1/a')
    await app.clock.advance(0)
    finish(7)
    expect((await answer).body.data).toBe(7)
  })

  test('called when the procedure is over runs nothing', async () => {
    let ran = 0
    let late: Promise<unknown> = Promise.resolve()
    const app = guarded(
      async () => {
        await app.clock.advance(0)
        return ++ran
      },
      ({ next }) => {
        const callLater = async () => {
          await null
          return next()
        }
        late = callLater()
        late.catch(() => {})
      },
    )
    expect((await app.send('/api/v1/a')).body.data).toBe(1)
    await expect(late).rejects.toThrow('called next() after it had returned')
    expect(ran).toBe(1)
  })

  test('what is thrown after it, awaited or not, fails the request once the rest has ended', async () => {
    const log: string[] = []
    const slow = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      log.push('handler')
      return 1
    }
    for (const procedure of [
      async ({ next }: any) => {
        await next()
        throw new Error('after')
      },
      async ({ next }: any) => {
        void next()
        throw new Error('after')
      },
      ({ next }: any) => {
        void next()
        throw new Error('after')
      },
    ]) {
      log.length = 0
      const { status } = await ask(slow, procedure)
      expect(status).toBe(500)
      expect(log).toEqual(['handler'])
    }
  })

  test('the answer of a procedure that wrapped the rest replaces the rest’s', async () => {
    const stale = async ({ next, response }: any) => {
      const outcome = await next()
      return outcome.ok ? undefined : response.success('fallback')
    }
    expect((await ask(() => 1, stale)).body.data).toBe(1)
    const saved = await ask(() => Promise.reject(new Error('down')), stale)
    expect([saved.status, saved.body]).toEqual([200, { data: 'fallback', error: null }])
    const replaced = await ask(
      ({ response }) => response.status(201).success(1),
      async ({ next, response }) => {
        await next()
        return response.conflict('Too late.')
      },
    )
    expect([replaced.status, replaced.body.error.code]).toEqual([409, 'CONFLICT'])
    const raw = await ask(
      () => 1,
      async ({ next }) => {
        await next()
        return new Response('raw')
      },
    )
    expect(raw.text).toBe('raw')
    const headers = await ask(
      () => 1,
      async ({ next, response }) => {
        await next()
        return response.setHeader('x-time', '5')
      },
    )
    expect([headers.body.data, headers.headers.get('x-time')]).toEqual([1, '5'])
  })

  test('a stream that a procedure replaces is ended', async () => {
    let ended = 0
    const app = guarded(
      ({ response }) => {
        const stream = response.stream()
        stream.onClose(() => ended++)
        return stream
      },
      async ({ next, response }) => {
        await next()
        return response.forbidden()
      },
    )
    expect((await app.send('/api/v1/a/s')).status).toBe(403)
    expect(ended).toBe(1)
  })
})

test('options reach the handler, and may be left out where all of them may be', async () => {
  const app = createTestApp(Igniter, (igniter) => {
    const need = igniter.procedure({ handler: (options: { role: string }) => ({ role: options.role }) })
    const may = igniter.procedure({
      handler: (options: { loud?: boolean } | undefined) => ({ loud: options?.loud ?? false }),
    })
    return igniter.router({
      controllers: {
        a: igniter.controller({
          path: '/a',
          actions: {
            q: igniter.query({
              path: '/',
              use: [need({ role: 'admin' }), may()],
              handler: ({ context }) => [context.role, context.loud],
            }),
          },
        }),
      },
    })
  })
  expect((await app.send('/api/v1/a')).body.data).toEqual(['admin', false])
})
