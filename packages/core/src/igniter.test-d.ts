import { describe, expectTypeOf, test } from 'vitest'
import { Igniter, type FrameworkContext, type Router } from './igniter.js'
import { toNextHandler } from './next.js'
import { serve, toNodeHandler } from './node.js'
import type { Realtime } from './realtime/realtime.js'
import type { UnvalidatedRequest } from './request.js'
import { MemoryStore } from './store/memory.js'

interface App {
  database: { find(id: string): string }
}

const declared = Igniter.context<App>().create()
const made = Igniter.context(async ({ request }) => {
  expectTypeOf(request).toEqualTypeOf<UnvalidatedRequest | undefined>()
  return { database: { find: (id: string) => id } }
}).create()
const list = declared.query({ handler: ({ context }) => context.database.find('1') })
const posts = declared.controller({ path: '/posts', actions: { list } })

describe('the context', () => {
  test('is what was declared or made, with what the framework adds', () => {
    declared.query({ handler: ({ context }) => expectTypeOf(context).toEqualTypeOf<App & FrameworkContext>() })
    made.query({
      handler: ({ context, realtime }) => {
        expectTypeOf(context.database.find('1')).toEqualTypeOf<string>()
        expectTypeOf(realtime).toEqualTypeOf<Realtime>()
      },
    })
    Igniter.create().query({ handler: ({ context }) => expectTypeOf(context).toExtend<FrameworkContext>() })
  })

  test('has no name of the framework', () => {
    // @ts-expect-error store
    Igniter.context<{ store: Map<string, string> }>()
    // @ts-expect-error telemetry
    Igniter.context(() => ({ database: 1, telemetry: 2 }))
    // @ts-expect-error jobs
    Igniter.context(async () => ({ jobs: [] }))
  })

  test('and the rest come in any order', () => {
    const store = new MemoryStore()
    const last = Igniter.store(store).config({ basePath: '/' }).realtime({}).context<App>().docs({}).create()
    expectTypeOf(last).toEqualTypeOf(declared)
    // @ts-expect-error no such option
    Igniter.config({ basepath: '/' })
    // @ts-expect-error an object is no store
    Igniter.store({ get: () => null })
  })
})

describe('doors', () => {
  const needing = declared.router({ controllers: { posts } })
  const having = made.router({ controllers: {} })
  const request = new Request('http://localhost')
  const context: App = { database: { find: (id) => id } }

  test('ask for the context where nothing makes it', () => {
    void needing.handler(request, { context })
    void needing.handler(request, { context: ({ request }) => ({ database: { find: () => String(request?.id) } }) })
    void needing.caller({ context: async () => context }).posts.list.query()
    void needing.start({ context })
    void serve(needing, { port: 0, context })
    toNodeHandler(needing, { context })
    toNextHandler(needing, { context })
    // @ts-expect-error which context?
    void needing.handler(request)
    // @ts-expect-error which context?
    needing.caller()
    // @ts-expect-error which context?
    void needing.start()
    // @ts-expect-error which context?
    void serve(needing)
    // @ts-expect-error which context?
    void serve(needing, { port: 0 })
    // @ts-expect-error which context?
    toNodeHandler(needing)
    // @ts-expect-error which context?
    toNextHandler(needing)
    // @ts-expect-error another context
    needing.caller({ context: { db: 1 } })
  })

  test('and not where something does', () => {
    void having.handler(request)
    having.caller()
    void having.start()
    void serve(having)
    void serve(having, { port: 0 })
    toNodeHandler(having)
    toNextHandler(having)
    // @ts-expect-error it is made for each request
    having.caller({ context })
  })

  test('take routers', () => {
    // @ts-expect-error a controller is no router
    void serve(posts)
    // @ts-expect-error a function is no router
    toNodeHandler(() => {})
  })
})

describe('realtime rules', () => {
  const auth = declared.procedure({ handler: () => ({ user: { id: 5 } }) })

  test('see what realtime.use added', () => {
    declared.router({
      controllers: { posts },
      realtime: {
        use: [auth()],
        identity: ({ context, request }) => {
          expectTypeOf(request).toEqualTypeOf<UnvalidatedRequest>()
          expectTypeOf(context.database).toEqualTypeOf<App['database']>()
          return context.user.id
        },
        scopes: async ({ context }) => [`user:${context.user.id}`],
        channels: {
          'chat:*': { authorize: ({ context, channel }) => channel === `chat:${context.user.id}` },
          news: () => true,
        },
      },
    })
  })

  test('and nothing else', () => {
    declared.router({
      controllers: { posts },
      realtime: {
        // @ts-expect-error nobody added a user
        identity: ({ context }) => context.user,
      },
    })
    declared.router({
      controllers: { posts },
      use: [auth()],
      realtime: {
        // @ts-expect-error procedures of actions don't run for realtime
        scopes: ({ context }) => [context.user],
      },
    })
  })

  test('give what is asked of them', () => {
    // @ts-expect-error scopes are a list of texts
    declared.router({ controllers: { posts }, realtime: { scopes: () => 'user:1' } })
    // @ts-expect-error an identity is a text or a number
    declared.router({ controllers: { posts }, realtime: { identity: () => ({ id: 1 }) } })
    // @ts-expect-error true or false
    declared.router({ controllers: { posts }, realtime: { channels: { news: () => 'yes' } } })
  })
})

describe('routers', () => {
  test('take controllers, and controllers take actions', () => {
    // @ts-expect-error an action is no controller
    declared.router({ controllers: { posts: { list } } })
    // @ts-expect-error a list is no record
    declared.router({ controllers: [posts] })
    // @ts-expect-error a function is no action
    declared.controller({ path: '/', actions: { list: () => null } })
    // @ts-expect-error a path is missing
    declared.controller({ actions: { list } })
    // @ts-expect-error misspelt
    declared.router({ controllers: { posts }, realtme: {} })
  })

  test('keep their types', () => {
    const router = declared.router({ controllers: { posts } })
    expectTypeOf(router).toExtend<Router<{ readonly posts: typeof posts }, { readonly context: unknown }>>()
  })
})
