import { Igniter } from '@igniter-js/core'
import { z } from 'zod'

const igniter = Igniter.context(() => ({})).create()
const user = z.object({ id: z.string(), role: z.enum(['admin', 'user']) })
const auth = igniter.procedure({ handler: () => ({ user: 1 }) })

// ✗ 'page' does not exist in type 'SchemaOf<
export const noSchema = igniter.query({ query: { page: 1 }, handler: () => null })

// ✗ 'paht' does not exist
export const misspelt = igniter.query({ paht: '/', handler: () => null })

// ✗ Property 'handler' is missing
export const noHandler = igniter.query({ path: '/' })

// ✗ "POST" | "PUT" | "PATCH" | "DELETE" ✗ "DELETE" | "PATCH" | "POST" | "PUT"
export const getting = igniter.mutation({ method: 'GET', handler: () => null })

// ✗ is not assignable to type 'SchemaOf<NoBody>'
export const bodyOfQuery = igniter.query({ body: user, handler: () => null })

// ✗ Property 'role' is missing
export const incomplete = igniter.query({ output: user, handler: ({ request }) => ({ id: request.id }) })

// ✗ Type '"root"' is not assignable to type '"admin" | "user"'
export const wrongRole = igniter.query({ output: user, handler: ({ request }) => ({ id: request.id, role: 'root' }) })

// ✗ Type 'number' is not assignable to type 'string'
export const wrongAnswer = igniter.query({
  output: user,
  handler: ({ response }) => response.success({ id: 1, role: 'user' }),
})

// ✗ Property 'pgae' does not exist on type '{ page: number; }'
export const misread = igniter.query({
  query: z.object({ page: z.number() }),
  handler: ({ request }) => request.query.pgae,
})

// ✗ Property 'id' does not exist on type '{ readonly post: string; }'
export const noParam = igniter.query({ path: '/:post', handler: ({ request }) => request.params.id })

// ✗ is not assignable to type 'Step<
export const uncalled = igniter.query({ use: [auth], handler: () => null })

// ✗ Type '"deleted"' is not assignable to type '"created"'
export const noEvent = igniter.query({
  stream: true,
  events: { created: z.object({ id: z.string() }) },
  handler: ({ response }) => {
    const stream = response.stream()
    void stream.send({ event: 'deleted', data: { id: '1' } })
    return stream
  },
})

// ✗ Type 'number' has no properties in common with type 'OpenEvent<unknown>'
export const bareYield = igniter.query({
  stream: true,
  handler: async function* () {
    yield 5
  },
})

// ✗ is not assignable to type 'MaybePromise<Streamed<
export const noStream = igniter.query({ stream: true, handler: () => ({ id: 1 }) })
