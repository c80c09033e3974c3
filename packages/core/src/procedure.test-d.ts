import { describe, expectTypeOf, test } from 'vitest'
import type { ActionTypes, Mutation, Query } from './action.js'
import { Igniter } from './igniter.js'
import type { ProcedureInput, Step } from './procedure.js'
import { rateLimit } from './rate-limit.js'
import type { Store } from './store/store.js'

interface User {
  id: string
  isAdmin: boolean
}
interface App {
  users: Map<string, User>
  locale: string
}

const igniter = Igniter.context<App>().create()
declare function typesOf<T extends ActionTypes>(action: Query<T> | Mutation<T>): T
declare function added<A>(step: Step<A>): A

const auth = igniter.procedure({
  name: 'auth',
  handler: async ({ role }: { role?: 'admin' }, { request, context, response }) => {
    const user = context.users.get(request.cookies.get('session') ?? '')
    if (user === undefined) return response.unauthorized()
    if (role === 'admin' && !user.isAdmin) return response.error({ code: 'NOT_ADMIN', message: 'Admins only.' })
    return { user }
  },
})

describe('options', () => {
  test('may be left out where all of them may be', () => {
    expectTypeOf(auth).parameters.toEqualTypeOf<[options?: { role?: 'admin' }]>()
    auth()
    auth({ role: 'admin' })
    // @ts-expect-error no such role
    auth({ role: 'root' })
    // @ts-expect-error no such option
    auth({ required: true })
  })

  test('are required where one of them is', () => {
    const tenant = igniter.procedure({ handler: ({ header }: { header: string }) => ({ tenant: header }) })
    tenant({ header: 'x-tenant' })
    // @ts-expect-error which header?
    tenant()
    const level = igniter.procedure({ handler: (minimum: number) => ({ minimum }) })
    level(1)
    // @ts-expect-error which level?
    level()
  })

  test('are none where the handler asks for none', () => {
    const plain = igniter.procedure({ handler: () => ({ now: new Date() }) })
    expectTypeOf(plain).parameters.toEqualTypeOf<[]>()
    const unused = igniter.procedure({ handler: (_, { request }) => ({ trace: request.id }) })
    expectTypeOf(unused).parameters.toEqualTypeOf<[]>()
    // @ts-expect-error it takes no options
    unused({ a: 1 })
  })
})

describe('what a procedure adds', () => {
  test('is in the context of what comes after it, beside what was there', () => {
    igniter.query({
      use: [auth()],
      handler: ({ context }) => {
        expectTypeOf(context.user).toEqualTypeOf<User>()
        expectTypeOf(context.locale).toEqualTypeOf<string>()
        expectTypeOf(context.store).toEqualTypeOf<Store>()
      },
    })
    igniter.query({
      handler: ({ context }) => {
        // @ts-expect-error nobody added it
        void context.user
      },
    })
  })

  test('is partial where it may also give nothing', () => {
    const perhaps = igniter.procedure({
      handler: (_, { context }) => {
        const user = context.users.get('1')
        return user && { user }
      },
    })
    expectTypeOf(added(perhaps())).toEqualTypeOf<{ user?: User }>()
    const orNull = igniter.procedure({
      handler: async (_, { context }) => (context.users.size > 0 ? { count: 1 } : null),
    })
    expectTypeOf(added(orNull())).toEqualTypeOf<{ count?: number }>()
    const nothing = igniter.procedure({ handler: () => {} })
    expectTypeOf(added(nothing())).toEqualTypeOf<{}>()
  })

  test('is laid over what was there under the same key', () => {
    const locale = igniter.procedure({ handler: () => ({ locale: { language: 'pt' } }) })
    igniter.query({
      use: [locale()],
      handler: ({ context }) => expectTypeOf(context.locale).toEqualTypeOf<{ language: string }>(),
    })
    const number = igniter.procedure({ handler: () => ({ locale: 5 }) })
    igniter.query({
      use: [locale(), number()],
      handler: ({ context }) => expectTypeOf(context.locale).toEqualTypeOf<number>(),
    })
    const perhaps = igniter.procedure({ handler: () => (Math.random() > 0.5 ? { locale: 5 } : undefined) })
    igniter.query({
      use: [perhaps()],
      handler: ({ context }) => expectTypeOf(context.locale).toEqualTypeOf<string | number | undefined>(),
    })
  })

  test('may be one of several', () => {
    const caller = igniter.procedure({
      handler: (_, { context }) => {
        const user = context.users.get('1')
        return user ? { kind: 'user' as const, user } : { kind: 'guest' as const }
      },
    })
    igniter.query({
      use: [caller()],
      handler: ({ context }) => {
        if (context.kind === 'user') expectTypeOf(context.user).toEqualTypeOf<User>()
        expectTypeOf(context.locale).toEqualTypeOf<string>()
      },
    })
  })

  test('may be given to next', () => {
    const timed = igniter.procedure({
      handler: async (_, { next }) => {
        const outcome = await next({ begun: 5 })
        expectTypeOf(outcome.statusCode).toEqualTypeOf<number>()
        return outcome
      },
    })
    igniter.query({ use: [timed()], handler: ({ context }) => expectTypeOf(context.begun).toEqualTypeOf<number>() })
    const wrapping = igniter.procedure({ handler: (_, { next }) => next() })
    expectTypeOf(added(wrapping())).toEqualTypeOf<{}>()
  })

  test('is no name of the framework', () => {
    // @ts-expect-error store
    igniter.procedure({ handler: () => ({ store: 5 }) })
    // @ts-expect-error logger
    igniter.procedure({ handler: async () => ({ user: 1, logger: console }) })
    // @ts-expect-error jobs
    igniter.procedure({ handler: (_, { next }) => next({ jobs: {} }) })
  })
})

describe('refusals', () => {
  test('become codes of the actions', () => {
    const query = igniter.query({ use: [auth()], handler: ({ response }) => response.notFound() })
    expectTypeOf(typesOf(query).errors).toEqualTypeOf<'UNAUTHORIZED' | 'NOT_ADMIN' | 'NOT_FOUND'>()
    const limited = igniter.mutation({ use: [rateLimit({ limit: 5, windowSeconds: 60 })], handler: () => null })
    expectTypeOf(typesOf(limited).errors).toEqualTypeOf<'TOO_MANY_REQUESTS'>()
  })
})

describe('use', () => {
  const admin = igniter.procedure({
    use: [auth({ role: 'admin' })],
    handler: (_, { context }) => {
      expectTypeOf(context.user).toEqualTypeOf<User>()
      return { admin: context.user.id }
    },
  })

  test('of a procedure adds its context and its codes', () => {
    const query = igniter.query({
      use: [admin()],
      handler: ({ context }) => {
        expectTypeOf(context.admin).toEqualTypeOf<string>()
        expectTypeOf(context.user).toEqualTypeOf<User>()
      },
    })
    expectTypeOf(typesOf(query).errors).toEqualTypeOf<'UNAUTHORIZED' | 'NOT_ADMIN'>()
  })

  test('takes procedures that were called', () => {
    // @ts-expect-error write auth()
    igniter.query({ use: [auth], handler: () => null })
    // @ts-expect-error a handler is no procedure
    igniter.query({ use: [async () => {}], handler: () => null })
    // @ts-expect-error a list
    igniter.query({ use: auth(), handler: () => null })
    // @ts-expect-error write auth()
    igniter.controller({ path: '/', use: [auth], actions: {} })
  })
})

test('a procedure sees the request before validation', () => {
  igniter.procedure({
    handler: (_, { request }) => {
      expectTypeOf(request.body).toBeUnknown()
      expectTypeOf(request.query).toBeUnknown()
      expectTypeOf(request.params).toEqualTypeOf<Readonly<Record<string, string>>>()
    },
  })
  expectTypeOf<ProcedureInput<App>['context']>().toEqualTypeOf<App>()
})
