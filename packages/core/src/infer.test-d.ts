import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { health } from './health.js'
import { Igniter } from './igniter.js'
import type { ActionKey, CallError, CallResult, CommonCode, InferInput, InferOutput } from './infer.js'
import type { ReceivedEvent } from './stream.js'

const igniter = Igniter.context(() => ({})).create()
const auth = igniter.procedure({
  handler: (_, { response }) => (Math.random() > 0.5 ? response.unauthorized() : { user: 1 }),
})
const paid = igniter.procedure({
  handler: (_, { response }) => response.error({ code: 'UNPAID', message: 'Pay first.', status: 402 }),
})

const members = igniter.controller({
  path: '/orgs/:org/members',
  use: [paid()],
  actions: {
    list: igniter.query({
      query: z.object({ page: z.number().default(1) }),
      handler: ({ request }) => ({ page: request.query.page }),
    }),
    get: igniter.query({
      path: '/:id',
      use: [auth()],
      handler: ({ request, response }) =>
        request.params.id === '' ? response.notFound() : response.success({ id: request.params.id, at: new Date() }),
    }),
    create: igniter.mutation({
      path: '/',
      body: z.object({ name: z.string(), role: z.enum(['admin', 'user']).default('user') }),
      handler: ({ request, response }) => response.created(request.body),
    }),
    feed: igniter.query({
      stream: true,
      events: { joined: z.object({ id: z.string() }) },
      handler: ({ response }) => response.stream(),
    }),
    remove: igniter.mutation({ path: '/:id', method: 'DELETE', handler: () => {} }),
  },
})
const notes = igniter.controller({
  path: '/notes',
  actions: {
    list: igniter.query({ handler: () => [] as string[] }),
    add: igniter.mutation({ handler: ({ request }) => request.body }),
  },
})
const router = igniter.router({ controllers: { members, notes, health: health() } })
const guarded = igniter.router({ controllers: { members, notes }, use: [auth()] })
const caller = router.caller()

describe('calls', () => {
  test('take params of the controller and of the action, query and body', () => {
    void caller.members.list.query({ params: { org: 'a' } })
    void caller.members.list.query({ params: { org: 'a' }, query: { page: 2 } })
    void caller.members.get.query({ params: { org: 'a', id: '1' } }, { headers: { a: 'b' } })
    void caller.members.create.mutate({ params: { org: 'a' }, body: { name: 'Ana' } })
    void caller.notes.list.query()
    void caller.notes.list.query({})
    void caller.notes.add.mutate({ body: { anything: true } })
    // @ts-expect-error params are missing
    void caller.members.list.query()
    // @ts-expect-error one of the params is missing
    void caller.members.get.query({ params: { id: '1' } })
    // @ts-expect-error no such param
    void caller.members.list.query({ params: { org: 'a', id: '1' } })
    // @ts-expect-error a page is a number
    void caller.members.list.query({ params: { org: 'a' }, query: { page: '2' } })
    // @ts-expect-error the body is missing
    void caller.members.create.mutate({ params: { org: 'a' } })
    // @ts-expect-error no such role
    void caller.members.create.mutate({ params: { org: 'a' }, body: { name: 'Ana', role: 'root' } })
    // @ts-expect-error a query has no body
    void caller.notes.list.query({ body: {} })
    // @ts-expect-error misspelt
    void caller.notes.list.query({ qeury: {} })
  })

  test('are queries, mutations or streams', () => {
    // @ts-expect-error a query
    void caller.notes.list.mutate
    // @ts-expect-error a mutation
    void caller.notes.add.query
    // @ts-expect-error a stream
    void caller.members.feed.query
    // @ts-expect-error no such action
    void caller.notes.remove
    // @ts-expect-error no such controller
    void caller.posts
  })

  test('give data or an error, told apart by error', async () => {
    const result = await caller.members.get.query({ params: { org: 'a', id: '1' } })
    expectTypeOf(result).toEqualTypeOf<CallResult<{ id: string; at: Date }, 'NOT_FOUND' | 'UNAUTHORIZED' | 'UNPAID'>>()
    if (result.error) {
      expectTypeOf(result.data).toBeNull()
      expectTypeOf(result.error.code).toEqualTypeOf<'NOT_FOUND' | 'UNAUTHORIZED' | 'UNPAID' | CommonCode>()
      // @ts-expect-error no such code
      void (result.error.code === 'NOT_FUOND')
      return
    }
    expectTypeOf(result.data).toEqualTypeOf<{ id: string; at: Date }>()
    const { data, error } = await caller.notes.list.query()
    if (error === null) expectTypeOf(data).toEqualTypeOf<string[]>()
    // @ts-expect-error data may be null
    void data.length
  })

  test('know the codes of the controller and of the router', async () => {
    const { error } = await caller.members.list.query({ params: { org: 'a' } })
    expectTypeOf(error).toEqualTypeOf<CallError<'UNPAID'> | null>()
    const { error: refused } = await guarded.caller().notes.list.query()
    expectTypeOf(refused).toEqualTypeOf<CallError<'UNAUTHORIZED'> | null>()
    const { error: both } = await guarded.caller().members.list.query({ params: { org: 'a' } })
    expectTypeOf(both).toEqualTypeOf<CallError<'UNAUTHORIZED' | 'UNPAID'> | null>()
    const { error: ill } = await caller.health.ready.query()
    expectTypeOf(ill).toEqualTypeOf<CallError<'SERVICE_UNAVAILABLE'> | null>()
  })

  test('streams give their events', async () => {
    for await (const event of caller.members.feed.stream({ params: { org: 'a' } })) {
      expectTypeOf(event).toEqualTypeOf<ReceivedEvent<'joined', { id: string }>>()
    }
  })
})

describe('inference by key', () => {
  type App = typeof router

  test('of input and output', () => {
    type Create = InferInput<App, 'members.create'>
    expectTypeOf<Create['body']>().toEqualTypeOf<{ name: string; role?: 'admin' | 'user' | undefined }>()
    expectTypeOf<Create['params']>().toEqualTypeOf<{ readonly org: string }>()
    expectTypeOf<InferInput<App, 'members.get'>['params']>().toEqualTypeOf<{
      readonly id: string
      readonly org: string
    }>()
    expectTypeOf<InferOutput<App, 'members.create'>>().toEqualTypeOf<{ name: string; role: 'admin' | 'user' }>()
    expectTypeOf<InferOutput<App, 'members.remove'>>().toEqualTypeOf<null>()
    expectTypeOf<InferOutput<App, 'members.feed'>>().toEqualTypeOf<ReceivedEvent<'joined', { id: string }>>()
    expectTypeOf<InferOutput<typeof guarded, 'notes.list'>>().toEqualTypeOf<string[]>()
  })

  test('knows every key and no other', () => {
    expectTypeOf<ActionKey<App>>().toEqualTypeOf<
      | 'members.list'
      | 'members.get'
      | 'members.create'
      | 'members.feed'
      | 'members.remove'
      | 'notes.list'
      | 'notes.add'
      | 'health.live'
      | 'health.ready'
    >()
    // @ts-expect-error no such action
    void (0 as unknown as InferInput<App, 'members.nothing'>)
    // @ts-expect-error a controller is no action
    void (0 as unknown as InferOutput<App, 'members'>)
  })
})
