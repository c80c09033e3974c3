import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { RequestHeaders } from '../headers.js'
import { Igniter } from '../igniter.js'
import { consoleLogger } from '../logger.js'
import type { ReadyFrame } from '../protocol.js'
import { toBlocks } from '../testing/blocks.js'
import { createTestClock } from '../testing/clock.js'
import { createSinkRecorder } from '../testing/recorder.js'
import type { Connection } from './connection.js'
import { Endpoint, type EndpointCall } from './endpoint.js'
import { Hub } from './hub.js'
import { MemoryLog } from './log.js'
import type { RealtimeRules } from './rules.js'

interface User {
  id: string
  roles: string[]
}
type Context = { user?: User }
type Asked = Partial<EndpointCall['request']> & { lastEventId?: string }

const rules: RealtimeRules<Context> = {
  identity: ({ context }) => context.user?.id,
  scopes: ({ context }) => (context.user ? [`user:${context.user.id}`, ...context.user.roles] : []),
  channels: {
    news: () => true,
    'chat:*': { authorize: ({ context, channel }) => context.user?.roles.includes(channel) === true },
    'chat:lobby': () => true,
    'chat:private:*': () => false,
  },
}

function setup(own: RealtimeRules<Context> = rules) {
  const clock = createTestClock()
  const lines: { level: string; msg: string }[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  const logger = consoleLogger({ pretty: false, clock, write })
  const hub = new Hub({ log: new MemoryLog({ clock }), clock, logger })
  const endpoint = new Endpoint({ hub, rules: own as RealtimeRules, clock, logger })
  const toCall = (request: Asked = {}, user?: User): EndpointCall => ({
    request: {
      query: {},
      body: undefined,
      headers: new Headers(
        request.lastEventId ? { 'last-event-id': request.lastEventId } : {},
      ) as unknown as RequestHeaders,
      ip: null,
      params: {},
      ...request,
    },
    context: { user },
  })
  const watch = (connection: Connection) => {
    const sink = createSinkRecorder()
    connection.start(sink)
    const blocks = () => toBlocks(sink.text)
    return { connection, sink, blocks, ready: JSON.parse(blocks()[0]?.data as string) as ReadyFrame }
  }
  return {
    clock,
    hub,
    lines,
    endpoint,
    toCall,
    watch,
    open: async (request: Asked = {}, user?: User) => watch(await endpoint.open(toCall(request, user))),
    change: (connection: string, body: unknown, user?: User) =>
      (async () => endpoint.change(toCall({ params: { connection }, body }, user)))(),
  }
}

const ann: User = { id: 'ann', roles: ['role:admin', 'chat:42'] }
const bob: User = { id: 'bob', roles: [] }

describe('open', () => {
  test('answers at once when the rules do', () => {
    const { endpoint, toCall } = setup()
    expect(endpoint.open(toCall())).not.toBeInstanceOf(Promise)
  })

  test('grants all that the server says when nothing is declared', async () => {
    const { open } = setup()
    expect((await open({}, ann)).ready.scopes).toEqual({ granted: ['user:ann', 'role:admin', 'chat:42'], denied: [] })
    expect((await open()).ready.scopes).toEqual({ granted: [], denied: [] })
  })

  test('what is declared only narrows', async () => {
    const { open } = setup()
    const { ready } = await open({ query: { scope: ['role:admin', 'user:bob'] } }, ann)
    expect(ready.scopes).toEqual({ granted: ['role:admin'], denied: ['user:bob'] })
    expect((await open({ query: { scope: 'user:ann' } })).ready.scopes).toEqual({ granted: [], denied: ['user:ann'] })
  })

  test('the most specific channel rule decides', async () => {
    const { open } = setup()
    const channel = [
      'news',
      'news2',
      'chat:42',
      'chat:43',
      'chat:lobby',
      'chat:private:42',
      'chat:',
      'chat:*',
      'constructor',
    ]
    const { ready } = await open({ query: { channel } }, { id: 'x', roles: ['chat:42', 'chat:private:42'] })
    expect(ready.channels.granted).toEqual(['news', 'chat:42', 'chat:lobby'])
    expect(ready.channels.denied).toEqual(['news2', 'chat:43', 'chat:private:42', 'chat:', 'chat:*', 'constructor'])
  })

  test('takes its wishes from a body too', async () => {
    const { hub, open } = setup()
    const cursor = hub.cursor
    void hub.publish('news', 'missed')
    const { ready, blocks } = await open({ body: { channels: ['news', 'none'], scopes: ['user:ann'], cursor } }, ann)
    expect(ready.channels).toEqual({ granted: ['news'], denied: ['none'] })
    expect(ready.scopes).toEqual({ granted: ['user:ann'], denied: [] })
    expect(blocks().map(({ event }) => event)).toEqual(['ready', 'message'])
  })

  test('Last-Event-ID wins over the cursor with which the client first came', async () => {
    const { hub, open } = setup()
    const cursor = hub.cursor
    const lastEventId = hub.publish('news', 1) as string
    void hub.publish('news', 2)
    const count = async (request: Asked) => (await open(request)).blocks().length - 1
    expect(await count({ query: { channel: 'news', cursor } })).toBe(2)
    expect(await count({ query: { channel: 'news', cursor }, lastEventId })).toBe(1)
    expect(await count({ query: { channel: 'news' }, lastEventId })).toBe(1)
    expect(await count({ query: { channel: 'news', cursor: '' } })).toBe(0)
    expect((await open({ query: { cursor: 'nonsense' } })).blocks()[1]).toMatchObject({ event: 'reset' })
  })

  test('is judged by the grants of today, replay included', async () => {
    const { hub, open } = setup()
    const cursor = hub.cursor
    void hub.revalidate(['of ann'], ['user:ann'])
    void hub.publish('chat:42', 'of ann')
    expect((await open({ query: { cursor, channel: 'chat:42' } }, ann)).blocks()).toHaveLength(3)
    expect((await open({ query: { cursor, channel: 'chat:42' } }, bob)).blocks()).toHaveLength(1)
  })

  test.each([
    ['query', { query: { cursor: ['a', 'b'] } }, 'cursor'],
    ['body', { body: 'text' }, ''],
    ['body', { body: [] }, ''],
    ['body', { body: { channels: 'news' } }, 'channels'],
    ['body', { body: { channels: [1] } }, 'channels'],
    ['body', { body: { scopes: { length: 1 } } }, 'scopes'],
    ['body', { body: { scopes: [null] } }, 'scopes'],
    ['body', { body: { cursor: 5 } }, 'cursor'],
  ] as const)('malformed %s %j is a validation error that names the field', async (part, request, path) => {
    const { open } = setup()
    await expect(open(request as never)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      status: 400,
      details: [{ in: part, path, message: expect.any(String) }],
    })
  })

  test('too many or too long names are refused', async () => {
    const { open } = setup()
    const many = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`)
    await open({ query: { channel: many(100), scope: many(100) } })
    await open({ query: { channel: Array.from({ length: 200 }, () => 'same') } })
    await open({ body: { channels: ['x'.repeat(256), 'ö'.repeat(128)] } })
    const refused: Asked[] = [
      { query: { channel: many(101) } },
      { query: { scope: many(101) } },
      { body: { channels: ['x'.repeat(257)] } },
      { body: { scopes: ['ö'.repeat(129)] } },
    ]
    for (const request of refused) {
      await expect(open(request)).rejects.toMatchObject({ code: 'BAD_REQUEST', status: 400 })
    }
  })
})

describe('rules that fail grant nothing, and say so once', () => {
  type Failure = [how: string, rule: () => unknown]
  const failures: Failure[] = [
    [
      'throws',
      () => {
        throw new Error('no database')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database'))],
    ['gives something else', () => ({ length: 1, 0: 'user:ann' })],
    ['takes for ever', () => new Promise(() => {})],
  ]

  test.each<Failure>([...failures, ['gives nothing', () => undefined], ['gives a mixed list', () => ['user:ann', 7]]])(
    'scopes: %s',
    async (_, scopes) => {
      const { clock, endpoint, toCall, watch, lines } = setup({ ...rules, scopes: scopes as never })
      const opening = endpoint.open(toCall({ query: { channel: 'news', scope: 'user:ann' } }, ann))
      await clock.advance(5_000)
      const { ready } = watch(await opening)
      expect(ready.scopes).toEqual({ granted: [], denied: ['user:ann'] })
      expect(ready.channels.granted).toEqual(['news'])
      expect(lines.map(({ level }) => level)).toEqual(['error'])
      const held = endpoint.scopesOf(toCall({}, ann))
      await clock.advance(5_000)
      expect(await held).toEqual([])
      expect(lines).toHaveLength(2)
    },
  )

  test.each<Failure>([...failures, ['gives an empty text', () => ''], ['gives NaN', () => NaN]])(
    'identity: %s, and then nothing at all is granted',
    async (_, identity) => {
      const queries: Record<string, string>[] = [{}, { scope: 'user:ann' }]
      for (const query of queries) {
        const { clock, endpoint, toCall, watch, lines } = setup({ ...rules, identity: identity as never })
        const opening = endpoint.open(toCall({ query: { channel: 'news', ...query } }, ann))
        await clock.advance(5_000)
        const { ready } = watch(await opening)
        expect(ready.scopes.granted).toEqual([])
        expect(ready.channels).toEqual({ granted: [], denied: ['news'] })
        expect(lines.map(({ level }) => level)).toEqual(['error'])
      }
    },
  )

  test.each<Failure>([
    ...failures,
    ['gives nothing', () => undefined],
    ['gives 1', () => 1],
    ['gives "true"', () => 'true'],
  ])('a channel: %s', async (_, authorize) => {
    const { clock, endpoint, toCall, watch, lines } = setup({
      ...rules,
      channels: { ...rules.channels, odd: authorize as never },
    })
    const opening = endpoint.open(toCall({ query: { channel: ['odd', 'news'] } }, ann))
    await clock.advance(5_000)
    const { ready } = watch(await opening)
    expect(ready.channels).toEqual({ granted: ['news'], denied: ['odd'] })
    expect(ready.scopes.granted).toContain('user:ann')
    expect(lines.map(({ level }) => level)).toEqual(['error'])
  })

  test('a rule that fails after its time is not an unhandled rejection, and leaves no timer', async () => {
    let fail = (_: Error) => {}
    const late = new Promise<never>((_, reject) => {
      fail = reject
    })
    const { clock, endpoint, toCall, lines } = setup({ scopes: () => late })
    const held = endpoint.scopesOf(toCall())
    await clock.advance(5_000)
    expect(await held).toEqual([])
    fail(new Error('late'))
    await clock.advance(1)
    expect(lines).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  test('without a scopes rule nobody holds any, and the log says so once', async () => {
    const { open, lines, endpoint, toCall } = setup({})
    for (let n = 0; n < 3; n++) expect((await open({ query: { scope: 'a' } })).ready.scopes.granted).toEqual([])
    expect(endpoint.scopesOf(toCall())).toEqual([])
    expect(lines).toMatchObject([{ level: 'warn' }])
  })

  test('what a failing rule says is in the log, what the client sent is not', async () => {
    const { open, lines } = setup({ channels: { 'room:*': () => Promise.reject(new Error('no database')) } })
    await open({ query: { channel: 'room:secret-7' } })
    expect(JSON.stringify(lines)).toContain('no database')
    expect(JSON.stringify(lines)).not.toContain('secret-7')
  })
})

describe('mistakes in the rules stop the start', () => {
  test.each([
    [{ channels: { 'a*b': () => true } }, /a\*b/],
    [{ channels: { '**': () => true } }, /\*\*/],
    [{ channels: { a: true } }, /"a"/],
    [{ channels: { a: { authorize: 'yes' } } }, /authorize/],
    [{ identity: 'me' }, /identity/],
    [{ scopes: ['a'] }, /scopes/],
  ])('%j', (bad, message) => {
    expect(() => setup(bad as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_DEFINITION', message: expect.stringMatching(message) }),
    )
  })

  test('a channel without authorize is closed, and the log says so', async () => {
    const { open, lines } = setup({ scopes: () => [], channels: { 'typed:*': { schema: z.string() } } })
    expect(lines).toMatchObject([{ level: 'warn', msg: expect.stringContaining('typed:*') }])
    expect((await open({ query: { channel: 'typed:1' } })).ready.channels.denied).toEqual(['typed:1'])
  })
})

describe('change', () => {
  test('subscribes and unsubscribes on the live connection, and is live when it answers', async () => {
    const { hub, open, change } = setup()
    const { connection, blocks } = await open({ query: { channel: 'chat:lobby' } }, ann)
    const grants = await change(
      connection.id,
      { subscribe: ['news', 'chat:42', 'chat:43', 'none'], unsubscribe: ['chat:lobby'] },
      ann,
    )
    expect(grants).toEqual({ granted: ['news', 'chat:42'], denied: ['chat:43', 'none'] })
    void hub.publish('chat:42', 1)
    void hub.publish('chat:43', 'closed')
    void hub.publish('chat:lobby', 'left')
    expect(
      blocks()
        .slice(1)
        .map(({ data }) => JSON.parse(data as string).data),
    ).toEqual([1])
    expect(await change(connection.id, {}, ann)).toEqual({ granted: [], denied: [] })
    await change(connection.id, { subscribe: ['news'], unsubscribe: ['news'] }, ann)
    expect([...connection.channels].sort()).toEqual(['chat:42', 'news'])
  })

  test('a channel that is no longer allowed is taken away', async () => {
    const { open, change } = setup()
    const { connection } = await open({ query: { channel: 'chat:42' } }, ann)
    const demoted = { ...ann, roles: [] }
    expect(await change(connection.id, { subscribe: ['chat:42'] }, demoted)).toEqual({
      granted: [],
      denied: ['chat:42'],
    })
    expect([...connection.channels]).toEqual([])
  })

  test('a wrong id, another identity and a connection that is over give the same answer', async () => {
    const { open, change } = setup()
    const { connection, sink } = await open({}, ann)
    const anonymous = await open()
    const answer = async (id: string, user?: User) => {
      const error = await change(id, { subscribe: ['news'] }, user).catch((thrown: unknown) => thrown)
      const { code, status, message, details } = error as Record<string, unknown>
      return { code, status, message, details }
    }
    const answers = [
      await answer('0'.repeat(48), ann),
      await answer('', ann),
      await answer('__proto__', ann),
      await answer(connection.id, bob),
      await answer(connection.id),
      await answer(anonymous.connection.id, ann),
    ]
    sink.leave()
    answers.push(await answer(connection.id, ann))
    expect(answers[0]).toMatchObject({ code: 'NOT_FOUND', status: 404 })
    for (const one of answers) expect(one).toEqual(answers[0])
    await change(anonymous.connection.id, { subscribe: ['news'] })
  })

  test('one that ends while the rules are asked is not brought back', async () => {
    let allow = (_: boolean) => {}
    const asked = new Promise<boolean>((resolve) => {
      allow = resolve
    })
    const { hub, open, change } = setup({ ...rules, channels: { slow: () => asked } })
    const { connection, sink } = await open({}, ann)
    const changing = change(connection.id, { subscribe: ['slow'] }, ann)
    hub.disconnect({ identity: 'ann' })
    allow(true)
    await expect(changing).rejects.toMatchObject({ status: 404 })
    void hub.publish('slow', 'secret')
    expect(sink.text).not.toContain('secret')
  })

  test('a connection has at most 100 channels', async () => {
    const { open, change } = setup({ channels: { '*': () => true } })
    const channel = Array.from({ length: 99 }, (_, n) => `n${n}`)
    const { connection } = await open({ query: { channel } })
    await change(connection.id, { subscribe: ['one more', 'n1'] })
    await expect(change(connection.id, { subscribe: ['too many'] })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(connection.channels.size).toBe(100)
    await change(connection.id, { subscribe: ['another'], unsubscribe: ['n1'] })
  })

  test.each([null, undefined, 'text', [], { subscribe: 'news' }, { unsubscribe: [1] }])(
    'malformed %j',
    async (body) => {
      const { change } = setup()
      await expect(change('whatever', body)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    },
  )
})

describe('attacks', () => {
  test('1,000 forged scope and channel claims bring no foreign event and no other answer', async () => {
    const { hub, open, lines } = setup()
    const forged: Awaited<ReturnType<typeof open>>[] = []
    for (let n = 0; n < 1_000; n++) {
      const tricks = [
        'user:ann',
        ' user:ann',
        'user:ann\u0000',
        '*',
        'user:*',
        'USER:ANN',
        'user:bob,user:ann',
        '__proto__',
      ]
      const scope = [tricks[n % tricks.length] as string, `user:${n}`]
      const channel = ['chat:42', 'chat:private:1', `secret:${n}`, '*', 'chat:*']
      const user = n % 2 ? { id: `forger${n}`, roles: [] } : undefined
      forged.push(
        await open(n % 3 ? { query: { scope, channel } } : { body: { scopes: scope, channels: channel } }, user),
      )
    }
    const { blocks } = await open({ query: { channel: 'chat:42' } }, ann)
    void hub.revalidate(['of ann'], ['user:ann'])
    void hub.publish('chat:42', 'of ann')
    expect(blocks()).toHaveLength(3)
    for (const one of forged) {
      expect(one.ready.scopes.granted).toEqual([])
      expect(one.ready.channels.granted).toEqual([])
      expect(one.blocks()).toHaveLength(1)
    }
    expect(lines).toEqual([])
  })

  test('a session that ends while its connection opens gets no stream', async () => {
    let answer = (_: string[]) => {}
    const asked = new Promise<string[]>((resolve) => {
      answer = resolve
    })
    const { hub, open } = setup({ ...rules, scopes: () => asked })
    const opening = open({}, ann)
    hub.disconnect({ identity: 'ann' })
    answer(['user:ann'])
    await expect(opening).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 })
    expect(hub.connections()).toEqual([])
  })
})

describe('what travels on a channel', () => {
  const withSchema = () => {
    const igniter = Igniter.logger(consoleLogger({ level: 'silent' })).create()
    const router = igniter.router({
      controllers: {},
      realtime: {
        channels: {
          'chat:*': { schema: z.object({ text: z.string().trim() }), authorize: () => true },
          'chat:raw': {
            schema: z.object({ text: z.string().refine(async (text) => text !== 'no') }),
            authorize: () => true,
          },
          open: () => true,
        },
      },
    })
    return { igniter, router }
  }

  test('has to fit its schema, and is what the schema makes of it', async () => {
    const { igniter, router } = withSchema()
    const response = await router.handler(new Request('http://x/api/v1/~/realtime?channel=chat:1'))
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await igniter.realtime.publish('chat:1', { text: ' hi ', secret: 1 })
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('{"channel":"chat:1","data":{"text":"hi"}}')
    await expect(igniter.realtime.publish('chat:1', { text: 5 })).rejects.toThrow(/channel "chat:1": text: /)
    await expect(igniter.realtime.publish('chat:raw', { text: 'no' })).rejects.toMatchObject({ code: 'INVALID_EVENT' })
    await expect(igniter.realtime.publish('open', { text: 5 })).resolves.toBeUndefined()
    await router.close()
  })

  test('a schema that is none stops at start-up', () => {
    const channels = { news: { schema: {}, authorize: () => true } }
    expect(() => Igniter.create().router({ controllers: {}, realtime: { channels } })).toThrow(
      'realtime.channels["news"].schema: this is no schema.',
    )
  })
})
