import { Igniter } from '@igniter-js/core'
import { serve } from '@igniter-js/core/node'

interface App {
  users: Map<string, { id: string }>
}

// ✗ 'store' is a name of the framework's own context: choose another
export const reserved = Igniter.context<{ store: Map<string, string> }>()

// ✗ 'logger' is a name of the framework's own context: choose another
export const reservedByFactory = Igniter.context(() => ({ database: 1, logger: console }))

const igniter = Igniter.context<App>().create()

// ✗ 'telemetry' is a name of the framework's own context: choose another
export const reservedByProcedure = igniter.procedure({ handler: () => ({ telemetry: 1 }) })

// ✗ Property 'user' does not exist on type
export const unguarded = igniter.query({ handler: ({ context }) => context.user })

// ✗ Property 'locale' does not exist on type
export const unscoped = igniter.mutation({
  handler: ({ response }) => response.success(1).revalidate(['a'], (context) => [context.locale]),
})

const router = igniter.router({ controllers: {} })

// ✗ Expected 2 arguments, but got 1
void serve(router)

// ✗ Property 'context' is missing
void serve(router, { port: 0 })

// ✗ Expected 1 arguments, but got 0
router.caller()

// ✗ is not assignable to type 'ContextGiven<App>'
router.caller({ context: {} })

// ✗ Expected 2 arguments, but got 1
void router.handler(new Request('http://localhost'))
