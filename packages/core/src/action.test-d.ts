import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { ActionTypes, Mutation, Query } from './action.js'
import type { RequestHeaders } from './headers.js'
import { Igniter } from './igniter.js'
import type { RawQuery } from './request.js'
import type { EventStream, ReceivedEvent, StreamEvent } from './stream.js'

interface Post {
  id: string
  title: string
}

const igniter = Igniter.context(() => ({ posts: new Map<string, Post>() })).create()

/** The types that an action carries. */
declare function typesOf<T extends ActionTypes>(action: Query<T> | Mutation<T>): T

describe('params', () => {
  test('come from the path', () => {
    igniter.query({
      path: '/posts/:post/comments/:comment',
      handler: ({ request }) => {
        expectTypeOf(request.params).toEqualTypeOf<{ readonly post: string; readonly comment: string }>()
        // @ts-expect-error no such param
        void request.params.id
      },
    })
    const query = igniter.query({ path: '/:id', handler: () => null })
    expectTypeOf(typesOf(query).params).toEqualTypeOf<{ readonly id: string }>()
  })

  test('are none without a path, without a name in it, and where a colon begins no segment', () => {
    igniter.query({ handler: ({ request }) => expectTypeOf(request.params).toEqualTypeOf<{}>() })
    igniter.query({ path: '/posts', handler: ({ request }) => expectTypeOf(request.params).toEqualTypeOf<{}>() })
    igniter.query({ path: '/at/12:30', handler: ({ request }) => expectTypeOf(request.params).toEqualTypeOf<{}>() })
  })

  test('are what their schema makes of them, and callers give what it takes', () => {
    const query = igniter.query({
      path: '/:id',
      params: z.object({ id: z.coerce.number() }),
      handler: ({ request }) => expectTypeOf(request.params).toEqualTypeOf<{ id: number }>(),
    })
    expectTypeOf(typesOf(query).params).toEqualTypeOf<{ id: unknown }>()
  })
})

describe('schemas', () => {
  test('handlers get the output side, callers give the input side', () => {
    const mutation = igniter.mutation({
      query: z.object({ page: z.number().default(1), role: z.enum(['admin', 'user']).optional() }),
      headers: z.object({ 'x-tenant': z.string() }),
      body: z.object({
        at: z.iso.datetime().transform((text) => new Date(text)),
        tags: z.array(z.string()).default([]),
      }),
      handler: ({ request }) => {
        expectTypeOf(request.query).toEqualTypeOf<{ page: number; role?: 'admin' | 'user' | undefined }>()
        expectTypeOf(request.headers).toEqualTypeOf<{ 'x-tenant': string }>()
        expectTypeOf(request.body).toEqualTypeOf<{ at: Date; tags: string[] }>()
        // @ts-expect-error no such field
        void request.query.limit
      },
    })
    const types = typesOf(mutation)
    expectTypeOf(types.query).toEqualTypeOf<{ page?: number | undefined; role?: 'admin' | 'user' | undefined }>()
    expectTypeOf(types.headers).toEqualTypeOf<{ 'x-tenant': string }>()
    expectTypeOf(types.body).toEqualTypeOf<{ at: string; tags?: string[] | undefined }>()
  })

  test('of every library', () => {
    igniter.query({
      query: v.object({ page: v.optional(v.number(), 1) }),
      handler: ({ request }) => expectTypeOf(request.query).toEqualTypeOf<{ page: number }>(),
    })
    igniter.query({
      query: type({ page: 'number = 1' }),
      handler: ({ request }) => expectTypeOf(request.query.page).toEqualTypeOf<number>(),
    })
  })

  test('without one, parts are what came', () => {
    const mutation = igniter.mutation({
      handler: ({ request }) => {
        expectTypeOf(request.query).toEqualTypeOf<RawQuery>()
        expectTypeOf(request.headers).toEqualTypeOf<RequestHeaders>()
        expectTypeOf(request.body).toBeUnknown()
      },
    })
    expectTypeOf(typesOf(mutation)).toEqualTypeOf<{
      params: {}
      query: unknown
      headers: unknown
      body: unknown
      data: null
      errors: never
      events: never
    }>()
  })

  test('nothing else is one', () => {
    // @ts-expect-error an object is no schema
    igniter.query({ query: { page: 1 }, handler: () => null })
    // @ts-expect-error a function is no schema
    igniter.mutation({ body: (value: unknown) => value, handler: () => null })
    // @ts-expect-error an object is no schema
    igniter.query({ output: { id: 'string' }, handler: () => null })
  })

  test('a query has no body and no method', () => {
    igniter.query({ handler: ({ request }) => expectTypeOf(request.body).toBeUndefined() })
    // @ts-expect-error a query has no body
    igniter.query({ body: z.object({ a: z.string() }), handler: () => null })
    // @ts-expect-error a query answers GET
    igniter.query({ method: 'POST', handler: () => null })
    // @ts-expect-error GET changes nothing
    igniter.mutation({ method: 'GET', handler: () => null })
    igniter.mutation({ method: 'DELETE', handler: () => null })
  })

  test('misspelt options do not compile', () => {
    // @ts-expect-error no such option
    igniter.query({ paht: '/', handler: () => null })
    // @ts-expect-error a handler is missing
    igniter.query({ path: '/' })
  })
})

describe('data and errors', () => {
  test('are what the handler gives', () => {
    const query = igniter.query({
      handler: async ({ context, response }) => {
        const post = context.posts.get('1')
        if (post === undefined) return response.notFound()
        if (post.title === '') return response.error({ code: 'UNTITLED', message: 'It has no title.', status: 409 })
        return response.success(post)
      },
    })
    expectTypeOf(typesOf(query).data).toEqualTypeOf<Post>()
    expectTypeOf(typesOf(query).errors).toEqualTypeOf<'NOT_FOUND' | 'UNTITLED'>()
  })

  test('of plain values, of nothing and of a Response', () => {
    expectTypeOf(typesOf(igniter.query({ handler: () => 5 })).data).toEqualTypeOf<number>()
    expectTypeOf(typesOf(igniter.query({ handler: async () => [1, 'a'] })).data).toEqualTypeOf<(string | number)[]>()
    expectTypeOf(typesOf(igniter.query({ handler: async () => {} })).data).toEqualTypeOf<null>()
    expectTypeOf(typesOf(igniter.query({ handler: () => new Response() })).data).toEqualTypeOf<Response>()
    const perhaps = igniter.query({ handler: ({ context }) => context.posts.get('1') })
    expectTypeOf(typesOf(perhaps).data).toEqualTypeOf<Post | null>()
    const either = igniter.query({ handler: ({ response }) => (Math.random() > 0.5 ? response.noContent() : 'text') })
    expectTypeOf(typesOf(either).data).toEqualTypeOf<string | null>()
  })

  test('of a handler that only refuses', () => {
    const query = igniter.query({ handler: ({ response }) => response.forbidden() })
    expectTypeOf(typesOf(query).data).toBeNever()
    expectTypeOf(typesOf(query).errors).toEqualTypeOf<'FORBIDDEN'>()
  })
})

describe('output', () => {
  const output = z.object({ id: z.string(), role: z.enum(['admin', 'user']), at: z.date().optional() })

  test('is what callers get, and what handlers must give', () => {
    const plain = igniter.query({ output, handler: ({ request }) => ({ id: request.id, role: 'admin' }) })
    expectTypeOf(typesOf(plain).data).toEqualTypeOf<{ id: string; role: 'admin' | 'user'; at?: Date | undefined }>()
    igniter.query({ output, handler: async ({ response }) => response.created({ id: '1', role: 'user' }) })
    const refusing = igniter.query({
      output,
      handler: async ({ context, response }) =>
        context.posts.size === 0 ? response.notFound() : { id: '1', role: 'user' },
    })
    expectTypeOf(typesOf(refusing).errors).toEqualTypeOf<'NOT_FOUND'>()
    igniter.query({ output, handler: () => new Response() })
    // Without a parameter it is read before the schema is.
    igniter.query({ output, handler: () => ({ id: '1', role: 'admin' as const }) })
  })

  test('handlers give the input side, callers get the output side', () => {
    const query = igniter.query({
      output: z.object({ at: z.iso.datetime().transform((text) => new Date(text)), page: z.number().default(1) }),
      handler: () => ({ at: '2026-01-01T00:00:00Z' }),
    })
    expectTypeOf(typesOf(query).data).toEqualTypeOf<{ at: Date; page: number }>()
  })

  test('anything else does not compile', () => {
    // @ts-expect-error the role is missing
    igniter.query({ output, handler: () => ({ id: '1' }) })
    // @ts-expect-error the id is a text
    igniter.query({ output, handler: async () => ({ id: 1, role: 'admin' as const }) })
    // @ts-expect-error the id is a text, in an answer too
    igniter.query({ output, handler: ({ response }) => response.success({ id: 1, role: 'admin' as const }) })
    // @ts-expect-error no such role
    igniter.query({ output, handler: () => ({ id: '1', role: 'root' }) })
    // @ts-expect-error nothing at all
    igniter.query({ output, handler: () => {} })
  })
})

describe('streams', () => {
  const events = { created: z.object({ id: z.number().default(0) }), message: z.string() }

  test('of response.stream()', () => {
    const open = igniter.query({
      stream: true,
      handler: ({ response }) => {
        const stream = response.stream()
        expectTypeOf(stream).toEqualTypeOf<EventStream<StreamEvent>>()
        return stream
      },
    })
    expectTypeOf(typesOf(open).events).toEqualTypeOf<ReceivedEvent>()
    expectTypeOf(typesOf(open).data).toBeNever()
  })

  test('with schemas: sends the input side, callers get the output side', () => {
    const query = igniter.query({
      stream: true,
      events,
      handler: async ({ response }) => {
        const stream = response.stream()
        void stream.send({ event: 'created', data: {} })
        void stream.send({ data: 'unnamed is message' })
        // @ts-expect-error no such event
        void stream.send({ event: 'deleted', data: {} })
        // @ts-expect-error the data of another event
        void stream.send({ event: 'created', data: 'text' })
        return stream
      },
    })
    expectTypeOf(typesOf(query).events).toEqualTypeOf<
      ReceivedEvent<'created', { id: number }> | ReceivedEvent<'message', string>
    >()
  })

  test('of a generator', () => {
    const counted = igniter.query({
      stream: true,
      handler: async function* ({ request }) {
        while (!request.signal.aborted) yield { event: 'tick' as const, data: 1 }
      },
    })
    expectTypeOf(typesOf(counted).events).toEqualTypeOf<ReceivedEvent<'tick', number>>()
    const unnamed = igniter.query({
      stream: true,
      handler: async function* () {
        yield { data: new Date() }
      },
    })
    expectTypeOf(typesOf(unnamed).events).toEqualTypeOf<ReceivedEvent<string, Date>>()
    igniter.query({
      stream: true,
      events,
      handler: async function* ({ request }) {
        yield { event: 'created', data: { id: 1 } }
        yield { data: request.id }
      },
    })
  })

  test('a stream may be refused', () => {
    const query = igniter.query({
      stream: true,
      handler: ({ response, context }) => (context.posts.size === 0 ? response.notFound() : response.stream()),
    })
    expectTypeOf(typesOf(query).errors).toEqualTypeOf<'NOT_FOUND'>()
    expectTypeOf(typesOf(query).events).toEqualTypeOf<ReceivedEvent>()
  })

  test('what is no stream does not compile', () => {
    // @ts-expect-error a value is no stream
    igniter.query({ stream: true, handler: () => ({ id: '1' }) })
    // @ts-expect-error an answer is no stream
    igniter.query({ stream: true, handler: ({ response }) => response.success('text') })
    igniter.query({
      stream: true,
      // @ts-expect-error generators yield events, not bare values
      handler: async function* () {
        yield 5
      },
    })
    igniter.query({
      stream: true,
      events,
      // @ts-expect-error no such event
      handler: async function* () {
        yield { event: 'deleted' as const, data: { id: 1 } }
      },
    })
    // @ts-expect-error an event has a schema
    igniter.query({ stream: true, events: { created: { id: 1 } }, handler: ({ response }) => response.stream() })
  })
})
