import { describe, expect, test } from 'vitest'
import { Igniter } from './igniter.js'
import { consoleLogger } from './logger.js'
import { MemoryStore } from './store/memory.js'
import { createTestClock } from './testing/clock.js'
import { createTestApp } from './testing/app.js'

const silent = consoleLogger({ level: 'silent' })

/** A router whose one action tells what its context holds. */
const telling = (igniter: any, tell: (context: any) => unknown = (context) => Object.keys(context).toSorted()) =>
  igniter.router({
    controllers: {
      a: igniter.controller({
        path: '/a',
        actions: {
          tell: igniter.query({ path: '/', handler: ({ context }: any) => tell(context) }),
          blind: igniter.query({ path: '/blind', handler: () => 'ok' }),
        },
      }),
    },
  })
const ask = async (router: any, path = '/api/v1/a', options?: object) => {
  const response = await router.handler(new Request(`http://app.test${path}`), options)
  return { status: response.status, ...(await response.json()) }
}

describe('the builder', () => {
  const store = () => new MemoryStore({ clock: createTestClock() })

  test('takes its parts in any order', async () => {
    const parts: ((builder: any) => any)[] = [
      (builder) => builder.context(() => ({ own: 1 })),
      (builder) => builder.config({ basePath: '/x' }),
      (builder) => builder.store(store()),
      (builder) => builder.logger(silent),
      (builder) => builder.realtime({ heartbeat: 1_000 }),
      (builder) => builder.docs({ info: { title: 'x' } }),
    ]
    for (let turn = 0; turn < parts.length; turn++) {
      const order = [...parts.slice(turn), ...parts.slice(0, turn)]
      const igniter = order.reduce((builder, part) => part(builder), Igniter as any).create()
      const { data } = await ask(telling(igniter), '/x/a')
      expect(data).toEqual(['logger', 'own', 'realtime', 'store', 'telemetry'])
    }
  })

  test('each call gives a new one and changes none', async () => {
    const base = Igniter.logger(silent)
    const left = base.config({ basePath: '/left' })
    const right = base.config({ basePath: '/right' })
    expect((await ask(telling(left.create()), '/left/a')).status).toBe(200)
    expect((await ask(telling(right.create()), '/right/a')).status).toBe(200)
    expect((await ask(telling(base.create()), '/left/a')).status).toBe(404)
    expect((await ask(telling(Igniter.logger(silent).create()), '/api/v1/a')).status).toBe(200)
  })

  test('config may come in pieces; the later wins', async () => {
    const igniter = Igniter.logger(silent).config({ basePath: '/a', rpc: false }).config({ basePath: '/b' }).create()
    expect((await ask(telling(igniter), '/b/a')).status).toBe(200)
    expect((await ask(telling(igniter), '/b/~/a.tell')).status).toBe(404)
  })

  test('does nothing but remember', () => {
    let made = 0
    const factory = () => {
      made++
      return {}
    }
    const clock = createTestClock()
    const igniter = Igniter.context(factory).config({ clock }).logger(silent).create()
    telling(igniter)
    expect([made, clock.pending]).toEqual([0, 0])
  })

  test('two applications share nothing', async () => {
    const [one, two] = [Igniter.logger(silent).create(), Igniter.logger(silent).create()]
    await one.store.set('key', 1, 60)
    expect(await two.store.get('key')).toBeNull()
    expect(one.realtime).not.toBe(two.realtime)
  })

  test('gives the parts that handlers see', async () => {
    const own = store()
    const igniter = Igniter.logger(silent).store(own).create()
    expect(igniter.store).toBe(own)
    const router = telling(igniter, (context) => [
      context.store === igniter.store,
      context.realtime === igniter.realtime,
      context.telemetry === igniter.telemetry,
      typeof context.logger.info,
    ])
    expect((await ask(router)).data).toEqual([true, true, true, 'function'])
  })

  test('the logger of a context names request and action', async () => {
    const app = createTestApp(Igniter, (igniter) => telling(igniter, (context) => context.logger.info('hello')))
    await app.send('/api/v1/a')
    expect(app.logs.at(-1)).toMatchObject({
      level: 'info',
      msg: 'hello',
      action: 'a.tell',
      requestId: expect.any(String),
    })
  })
})

describe('context', () => {
  const own = (context: any) => ({ own: context.own ?? null })

  test('a factory is asked for each request, with it', async () => {
    const seen: unknown[] = []
    let count = 0
    const igniter = Igniter.logger(silent)
      .context(async ({ request }) => {
        seen.push([request?.method, request?.path, request?.headers.get('x-own') ?? null])
        return { own: ++count }
      })
      .create()
    const router = telling(igniter, own)
    expect((await ask(router)).data).toEqual({ own: 1 })
    expect((await ask(router, '/api/v1/~/a.tell')).data).toEqual({ own: 2 })
    expect((await router.caller().a.tell.query()).data).toEqual({ own: 3 })
    expect(seen).toEqual([
      ['GET', '/api/v1/a', null],
      ['GET', '/api/v1/a', null],
      ['GET', '/api/v1/a', null],
    ])
  })

  test('without a factory the door says it: a value, or how to make one', async () => {
    const router = telling(Igniter.logger(silent).context<{ own: number }>().create(), own)
    expect((await ask(router, undefined, { context: { own: 1 } })).data).toEqual({ own: 1 })
    expect((await ask(router, undefined, { context: () => ({ own: 2 }) })).data).toEqual({ own: 2 })
    expect((await ask(router, undefined, { context: async () => ({ own: 3 }) })).data).toEqual({ own: 3 })
    expect((await router.caller({ context: { own: 4 } }).a.tell.query()).data).toEqual({ own: 4 })
  })

  test('an instance keeps its methods and is not changed', async () => {
    class Services {
      readonly db = 'main'
      name(): string {
        return `${this.db} database`
      }
    }
    const services = new Services()
    const igniter = Igniter.logger(silent).context<Services>().create()
    const router = telling(igniter, (context) => [context.name(), context instanceof Services])
    expect((await ask(router, undefined, { context: services })).data).toEqual(['main database', true])
    expect(Object.keys(services)).toEqual(['db'])
  })

  test('what a handler writes into it stays with the request', async () => {
    const base = { own: 1 }
    const router = telling(
      Igniter.logger(silent)
        .context(() => base)
        .create(),
      (context) => ({ own: context.own++ }),
    )
    expect((await ask(router)).data).toEqual({ own: 1 })
    expect((await ask(router)).data).toEqual({ own: 1 })
  })

  test.each(['store', 'jobs', 'telemetry', 'realtime', 'logger'])(
    '%s is the framework’s name: found at the first request, even if nobody looks',
    async (name) => {
      const taken = { [name]: 1 } as never
      for (const [builder, options] of [
        [Igniter.context(() => taken), undefined],
        [Igniter.context(async () => taken), undefined],
        [Igniter.context<object>(), { context: taken }],
        [Igniter.context<object>(), { context: () => taken }],
      ] as const) {
        const logs: string[] = []
        const logger = consoleLogger({ pretty: false, write: (line) => logs.push(line) })
        const router = telling(builder.logger(logger).create())
        for (const path of ['/api/v1/a/blind', '/api/v1/a', '/api/v1/a/blind']) {
          const { status, error } = await ask(router, path, options)
          expect([status, error.code]).toEqual([500, 'INTERNAL_SERVER_ERROR'])
        }
        expect(logs[0]).toContain(`context(): gives \\"${name}\\", a name that the framework uses`)
        expect(logs[0]).toContain('Choose another name.')
      }
    },
  )

  test.each(['text', 5, true])('%j is no context', async (value) => {
    const logs: string[] = []
    const logger = consoleLogger({ pretty: false, write: (line) => logs.push(line) })
    const router = telling(
      Igniter.logger(logger)
        .context(() => value as never)
        .create(),
    )
    expect((await ask(router)).status).toBe(500)
    expect(logs[0]).toContain('Give an object.')
  })

  test.each([undefined, null])('%s is an empty one', async (value) => {
    const router = telling(
      Igniter.logger(silent)
        .context(() => value as never)
        .create(),
      own,
    )
    expect((await ask(router)).data).toEqual({ own: null })
  })
})

describe('the router', () => {
  test('start does nothing twice, close is the same promise', async () => {
    const router = telling(Igniter.logger(silent).create())
    await router.start()
    await router.start()
    expect(router.close()).toBe(router.close())
    await router.close()
  })

  test('close lets running work finish before the store closes', async () => {
    let finish = () => {}
    const order: string[] = []
    const app = createTestApp(Igniter, (igniter) =>
      telling(igniter, async (context) => {
        await new Promise<void>((resolve) => (finish = resolve))
        order.push(String(await context.store.get('key')))
        return 1
      }),
    )
    await app.store.set('key', 'still there', 60)
    const viaHttp = app.send('/api/v1/a')
    await app.clock.advance(0)
    const finishHttp = finish
    const viaCaller = app.router.caller().a.tell.query()
    await app.clock.advance(0)
    const closing = app.close().then(() => order.push('closed'))
    await app.clock.advance(0)
    expect(order).toEqual([])
    finishHttp()
    expect((await viaHttp).body.data).toBe(1)
    expect(order).toEqual(['still there'])
    finish()
    expect((await viaCaller).data).toBe(1)
    await closing
    expect(order).toEqual(['still there', 'still there', 'closed'])
  })

  test('close does not wait for ever', async () => {
    const app = createTestApp(Igniter.config({ timeout: 0 }), (igniter) =>
      telling(igniter, () => new Promise(() => {})),
    )
    void app.send('/api/v1/a')
    await app.clock.advance(0)
    let isClosed = false
    const closing = app.close().then(() => (isClosed = true))
    await app.clock.advance(9_000)
    expect(isClosed).toBe(false)
    await app.clock.advance(2_000)
    await closing
  })
})
