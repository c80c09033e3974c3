import { describe, expect, test } from 'vitest'
import { Igniter } from './igniter.js'
import { parseRevalidateHeader } from './protocol.js'
import { toBlocks } from './testing/blocks.js'
import { createTestApp, type TestApp } from './testing/app.js'

type Run = (input: any) => unknown
interface Rules {
  readonly use?: Run
  readonly scopes?: (input: { context: any; request: any }) => unknown
}

/** A mutation at `/posts` that runs `handler`, beside the queries that it may revalidate. */
function changing(handler: Run, { use = () => {}, scopes = () => [] }: Rules = {}) {
  return createTestApp(
    Igniter.context(() => ({ org: 'o1' })),
    (igniter) => {
      const auth = igniter.procedure({
        name: 'auth',
        handler: (_: void, { request }) => {
          const user = request.headers.get('x-user')
          return user === null ? {} : { user }
        },
      })
      const rule = igniter.procedure({ name: 'rule', handler: (_: void, input) => use(input) as undefined })
      return igniter.router({
        controllers: {
          posts: igniter.controller({
            path: '/posts',
            use: [auth()],
            actions: {
              list: igniter.query({ path: '/', handler: () => [] }),
              listAll: igniter.query({ handler: () => [] }),
              change: igniter.mutation({ path: '/', handler: handler as () => unknown }),
              feed: igniter.mutation({ path: '/feed', stream: true, handler: handler as never }),
            },
          }),
        },
        realtime: { use: [auth(), rule()], scopes: scopes as () => string[] },
      })
    },
  )
}

/** Opens a realtime connection and collects its frames. */
async function listen(app: TestApp<unknown>, user?: string) {
  const response = await app.fetch('/api/v1/~/realtime', user === undefined ? {} : { headers: { 'x-user': user } })
  const reader = response.body!.getReader()
  let text = ''
  const pump = async (): Promise<void> => {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
      text += new TextDecoder().decode(chunk.value)
  }
  void pump().catch(() => {})
  return {
    /** Keys that have been told so far. */
    told: async (): Promise<unknown[]> => {
      await app.clock.advance(60)
      return toBlocks(text)
        .filter(({ event }) => event === 'revalidate')
        .flatMap(({ data }) => (JSON.parse(data as string) as { keys: unknown[] }).keys)
    },
    close: () => reader.cancel(),
  }
}

const post = (app: TestApp<unknown>, user?: string) =>
  app.send('/api/v1/posts', { method: 'POST', ...(user === undefined ? {} : { headers: { 'x-user': user } }) })
const notices = (headers: Headers) => parseRevalidateHeader(headers.get('igniter-revalidate'))
const errors = (app: TestApp<unknown>) => app.logs.filter(({ level }) => level === 'error')

describe('revalidate', () => {
  test.each([
    ['before the answer', ({ response }: any) => response.revalidate(['posts.list']).created(1)],
    ['after the answer', ({ response }: any) => response.created(1).revalidate(['posts.list'])],
    [
      'beside it',
      ({ response }: any) => {
        response.revalidate(['posts.list'])
        return response.created(1)
      },
    ],
    [
      'with a plain value',
      ({ response }: any) => {
        response.status(201).revalidate(['posts.list'])
        return 1
      },
    ],
    [
      'with a Response',
      ({ response }: any) => response.revalidate(['posts.list']) && new Response('{"data":1}', { status: 201 }),
    ],
  ])('%s', async (_, handler) => {
    const app = changing(handler)
    const listener = await listen(app)
    const { status, body, headers } = await post(app)
    expect([status, body.data]).toEqual([201, 1])
    expect(await listener.told()).toEqual(['posts.list'])
    expect(notices(headers)).toEqual([{ id: expect.stringMatching(/^[0-9a-z]+\.\d+$/), keys: ['posts.list'] }])
  })

  test('keys may be objects, and several calls are several notices', async () => {
    const app = changing(({ response }) =>
      response
        .revalidate(['posts', { key: 'posts.list', params: { id: 1 }, query: { page: 2 } }])
        .success(1)
        .revalidate(['posts.listAll']),
    )
    const listener = await listen(app)
    const { headers } = await post(app)
    const [first, second, ...more] = notices(headers)
    expect([first?.keys, second?.keys, more]).toEqual([
      ['posts', { key: 'posts.list', params: { id: 1 }, query: { page: 2 } }],
      ['posts.listAll'],
      [],
    ])
    expect(first?.id).not.toBe(second?.id)
    expect(await listener.told()).toHaveLength(3)
  })

  test('happens only below 400', async () => {
    const handlers: Run[] = [
      ({ response }) => response.revalidate(['posts']).badRequest(),
      ({ response }) => response.notFound().revalidate(['posts']),
      ({ response }) => {
        response.revalidate(['posts']).created(1)
        throw new Error('after all')
      },
      ({ response }) => response.revalidate(['posts']).success(1).status(422),
      ({ response }) => {
        response.revalidate(['posts'])
        return new Response('no', { status: 409 })
      },
    ]
    for (const handler of handlers) {
      const app = changing(handler)
      const listener = await listen(app)
      const { status, headers } = await post(app)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(headers.get('igniter-revalidate')).toBeNull()
      expect(await listener.told()).toEqual([])
    }
    const moved = changing(({ response }) => response.revalidate(['posts']).redirect('/x'))
    const listener = await listen(moved)
    expect((await post(moved)).status).toBe(302)
    expect(await listener.told()).toEqual(['posts'])
  })

  test('happens through the caller and under /~/ alike', async () => {
    const app = changing(({ response }) => response.revalidate(['posts']).success(1))
    const listener = await listen(app)
    await app.router.caller().posts.change.mutate()
    const { headers } = await app.send('/api/v1/~/posts.change', { method: 'POST' })
    expect(notices(headers)).toHaveLength(1)
    expect(await listener.told()).toEqual(['posts', 'posts'])
  })

  test('what a procedure recorded happens too, unless it or the handler failed', async () => {
    const app = createTestApp(Igniter, (igniter) => {
      const step = igniter.procedure({ handler: (_: void, { response }) => void response.revalidate(['a']) })
      return igniter.router({
        controllers: {
          a: igniter.controller({
            path: '/a',
            actions: {
              m: igniter.mutation({
                path: '/',
                use: [step()],
                handler: ({ request, response }) => (request.body === 1 ? 1 : response.conflict()),
              }),
            },
          }),
        },
      })
    })
    expect(notices((await app.send('/api/v1/a', { json: 1 })).headers)).toHaveLength(1)
    expect(notices((await app.send('/api/v1/a', { json: 2 })).headers)).toHaveLength(0)
  })

  test('a key that no action has is a warning that names the closest', async () => {
    const app = changing(({ response }) => response.revalidate(['posts.lst']).success(1))
    await post(app)
    await post(app)
    const warnings = app.logs.filter(({ level }) => level === 'warn').map(({ msg }) => msg)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('posts.list')
  })

  test.each([['posts.list'], [null], [[1]], [['']], [[{}]], [[{ key: 'posts', params: { f: () => 1 } }]], [undefined]])(
    'keys %j tell nobody, are logged, and the answer stands',
    async (keys) => {
      const app = changing(({ response }) => response.revalidate(keys).success(1))
      const listener = await listen(app)
      const { status, headers } = await post(app)
      expect([status, headers.get('igniter-revalidate')]).toEqual([200, null])
      expect(await listener.told()).toEqual([])
      expect(errors(app)).toHaveLength(1)
    },
  )

  test('no keys and no scopes are nobody’s business', async () => {
    const app = changing(({ response }) => response.revalidate([]).revalidate(['posts'], []).success(1))
    const { status, headers } = await post(app)
    expect([status, headers.get('igniter-revalidate'), errors(app)]).toEqual([200, null, []])
  })
})

describe('scopes', () => {
  const byUser: Rules = { scopes: ({ context }) => (context.user ? [`user:${context.user}`, 'all'] : []) }

  test('only connections that hold one are told', async () => {
    const app = changing(({ response }) => response.revalidate(['posts'], ['user:ann', 'user:bob']).success(1), byUser)
    const [ann, bob, eve, nobody] = await Promise.all([
      listen(app, 'ann'),
      listen(app, 'bob'),
      listen(app, 'eve'),
      listen(app),
    ])
    await post(app, 'eve')
    expect([await ann.told(), await bob.told(), await eve.told(), await nobody.told()]).toEqual([
      ['posts'],
      ['posts'],
      [],
      [],
    ])
  })

  test('a function gets the final context', async () => {
    const seen: unknown[] = []
    const scopes = (context: any) => {
      seen.push([context.org, context.user, typeof context.store.get])
      return [`user:${context.user}`]
    }
    for (const given of [scopes, async (context: any) => scopes(context)]) {
      const app = changing(({ response }) => response.revalidate(['posts'], given).success(1), byUser)
      const ann = await listen(app, 'ann')
      await post(app, 'ann')
      expect(await ann.told()).toEqual(['posts'])
    }
    expect(seen).toEqual([
      ['o1', 'ann', 'function'],
      ['o1', 'ann', 'function'],
    ])
  })

  test('the caller’s header names only what it may know', async () => {
    const app = changing(
      ({ response }) =>
        response
          .revalidate(['posts.list'], ['user:bob'])
          .revalidate(['posts'])
          .revalidate(['posts.listAll'], ['user:bob', 'user:ann'])
          .success(1),
      byUser,
    )
    const keys = async (user?: string) => notices((await post(app, user)).headers).map((notice) => notice.keys[0])
    expect(await keys('ann')).toEqual(['posts', 'posts.listAll'])
    expect(await keys('bob')).toEqual(['posts.list', 'posts', 'posts.listAll'])
    expect(await keys('eve')).toEqual(['posts'])
    expect(await keys()).toEqual(['posts'])
  })

  test.each([
    ['throws', () => explode()],
    ['rejects', async () => explode()],
    ['gives nothing', () => undefined],
    ['gives null', async () => null],
    ['gives a text', () => 'user:ann'],
    ['gives a set', () => new Set(['user:ann'])],
    ['gives something else among texts', () => ['user:ann', 1]],
    ['gives a revoked proxy', () => revoked()],
  ])('a function that %s: nobody is told, one error is logged, the answer stands', async (_, scopes) => {
    const app = changing(({ response }) => response.revalidate(['posts'], scopes).created(1), byUser)
    const [ann, nobody] = await Promise.all([listen(app, 'ann'), listen(app)])
    const { status, body, headers } = await post(app, 'ann')
    expect([status, body.data, headers.get('igniter-revalidate')]).toEqual([201, 1, null])
    expect([await ann.told(), await nobody.told()]).toEqual([[], []])
    expect(errors(app)).toHaveLength(1)
    expect(errors(app)[0]).toMatchObject({ action: 'posts.change', requestId: expect.any(String) })
  })

  test('a function that takes 30 s is not waited for', async () => {
    const app = changing(({ response }) => {
      const slow = () => new Promise<string[]>((resolve) => void app.clock.after(30_000, () => resolve(['user:ann'])))
      return response.revalidate(['posts'], slow).revalidate(['posts.list'], ['user:ann']).created(1)
    }, byUser)
    const ann = await listen(app, 'ann')
    const answer = post(app, 'ann')
    await app.clock.advance(5_001)
    const { status, headers } = await answer
    expect([status, notices(headers).map(({ keys }) => keys)]).toEqual([201, [['posts.list']]])
    await app.clock.advance(30_000)
    expect(await ann.told()).toEqual(['posts.list'])
    expect(errors(app)).toHaveLength(1)
  })

  test('rules that fail let the caller know of nothing scoped, and of everything else', async () => {
    const handler: Run = ({ response }) =>
      response.revalidate(['posts'], ['user:ann']).revalidate(['posts.list']).success(1)
    const rules: Rules[] = [
      { scopes: explode },
      { scopes: async () => explode() },
      { scopes: () => 'user:ann' },
      { use: explode, scopes: () => ['user:ann'] },
      { use: ({ response }) => response.unauthorized(), scopes: () => ['user:ann'] },
    ]
    for (const rule of rules) {
      const app = changing(handler, rule)
      const { status, headers } = await post(app, 'ann')
      expect([status, notices(headers).map(({ keys }) => keys)]).toEqual([200, [['posts.list']]])
    }
    const hanging = changing(handler, { use: () => new Promise(() => {}), scopes: () => ['user:ann'] })
    const answer = post(hanging, 'ann')
    await hanging.clock.advance(5_001)
    expect(notices((await answer).headers)).toHaveLength(1)
  })

  test('a guard of realtime that throws UNAUTHORIZED is no error of ours', async () => {
    const { IgniterError } = await import('./error.js')
    const app = changing(({ response }) => response.revalidate(['posts'], ['user:ann']).success(1), {
      use: () => {
        throw new IgniterError({ code: 'UNAUTHORIZED', message: 'Sign in.' })
      },
    })
    expect((await post(app)).status).toBe(200)
    expect(errors(app)).toEqual([])
  })

  test('many notices leave room for the rest of the head', async () => {
    const keys = Array.from({ length: 60 }, (_, id) => ({ key: 'posts.list', params: { id, name: 'x'.repeat(20) } }))
    const app = changing(({ response }) => {
      for (let i = 0; i < 20; i++) response.revalidate(keys)
      return response.success(1)
    })
    const { headers } = await post(app)
    const text = headers.get('igniter-revalidate') ?? ''
    expect(text.length).toBeLessThan(9_000)
    expect(notices(headers).length).toBeGreaterThan(0)
  })
})

describe('afterSuccess', () => {
  test('runs in order, one after the other, after the revalidations and before the answer leaves', async () => {
    const log: string[] = []
    const app = changing(({ response }) =>
      response
        .afterSuccess(async () => {
          await app.clock.advance(0)
          log.push('first')
        })
        .revalidate(['posts'], () => {
          log.push('scopes')
          return ['a']
        })
        .success(1)
        .afterSuccess(() => log.push('second')),
    )
    await post(app)
    log.push('answered')
    expect(log).toEqual(['scopes', 'first', 'second', 'answered'])
  })

  test('what it throws is logged, stops no other, and changes nothing', async () => {
    const log: string[] = []
    const app = changing(({ response }) =>
      response
        .success(1)
        .afterSuccess(explode)
        .afterSuccess(async () => explode())
        .afterSuccess('not a function')
        .afterSuccess(() => log.push('last')),
    )
    const { status, body } = await post(app)
    expect([status, body.data, log]).toEqual([200, 1, ['last']])
    expect(errors(app)).toHaveLength(3)
    expect(errors(app)[0]?.msg).toContain('posts.change: afterSuccess failed. The answer stands.')
  })

  test('runs only below 400', async () => {
    let ran = 0
    const count = () => ++ran
    await post(changing(({ response }) => response.afterSuccess(count).conflict()))
    await post(
      changing(({ response }) => {
        response.afterSuccess(count)
        throw new Error('x')
      }),
    )
    expect(ran).toBe(0)
  })

  test('one that never ends holds the answer no longer than the time limit, and does not spoil it', async () => {
    const app = changing(({ response }) => response.created(1).afterSuccess(() => new Promise(() => {})))
    const answer = post(app)
    await app.clock.advance(34_000)
    const { status, body } = await answer
    expect([status, body.data]).toEqual([201, 1])
    expect(errors(app)).toHaveLength(1)
    expect(errors(app)[0]?.msg).toContain('what follows its answer took longer than 30000 ms')
  })

  test('runs when a stream begins', async () => {
    const log: string[] = []
    const app = changing(({ response }) => {
      response.afterSuccess(() => log.push('effect')).revalidate(['posts'])
      return (async function* () {
        log.push('begins')
        yield { data: 1 }
      })()
    })
    const { text, headers } = await app.send('/api/v1/posts/feed', { method: 'POST' })
    expect(text).toContain('data: 1')
    expect(log).toEqual(['effect', 'begins'])
    expect(notices(headers)).toHaveLength(1)
  })
})

function explode(): never {
  throw new Error('boom')
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {})
  revoke()
  return proxy
}
