import { describe, expectTypeOf, test } from 'vitest'
import { Igniter } from './igniter.js'
import type { Failure, ResponseBuilder, Result } from './response.js'

interface Context {
  readonly user: { readonly id: string }
}

declare const response: ResponseBuilder<Context>

describe('the chain', () => {
  test('keeps the type of the answer, whatever comes after it', () => {
    const answer = response
      .created({ id: 1 })
      .status(202)
      .setHeader('x-a', 'b')
      .setCookie('a', 'b')
      .deleteCookie('c')
      .revalidate(['posts.list'])
      .afterSuccess(() => {})
    expectTypeOf(answer).toEqualTypeOf<Result<{ id: number }, Context>>()
  })

  test('goes on to any answer, whatever came before it', () => {
    const chain = response.revalidate(['posts']).status(202).setHeader('x-a', ['b', 'c'])
    expectTypeOf(chain.success([1])).toEqualTypeOf<Result<number[], Context>>()
    expectTypeOf(chain.noContent()).toEqualTypeOf<Result<null, Context>>()
    expectTypeOf(chain.notFound().setHeader('x-a', 'b')).toEqualTypeOf<Failure<'NOT_FOUND'>>()
    expectTypeOf(chain.error({ code: 'GONE', message: 'It is gone.' })).toEqualTypeOf<Failure<'GONE'>>()
    expectTypeOf(response.success()).toEqualTypeOf<Result<null, Context>>()
  })

  test('wrong uses do not compile', () => {
    // @ts-expect-error keys are a list
    response.revalidate('posts.list')
    // @ts-expect-error a key is a text or says its `key`
    response.revalidate([{ params: { id: '1' } }])
    // @ts-expect-error created what?
    response.created()
    // @ts-expect-error a status is a number
    response.status('201')
    // @ts-expect-error an error has a message
    response.error({ code: 'GONE' })
    // @ts-expect-error no such status
    response.redirect('/', { status: 200 })
    // @ts-expect-error one answer is enough
    response.success(1).created(2)
  })
})

test('scopes may be a function of the final context', () => {
  response.revalidate(['posts'], ['user:1']).revalidate([{ key: 'posts.get', params: { id: '1' } }])
  response.success(1).revalidate(['posts'], ({ user }) => [`user:${user.id}`])
  // @ts-expect-error no such key
  response.revalidate(['posts'], ({ account }) => [account])
  // @ts-expect-error scopes are a list
  response.revalidate(['posts'], ({ user }) => user.id)
})

test('which holds what procedures added', () => {
  const igniter = Igniter.context<{ tenant: string }>().create()
  const auth = igniter.procedure({ handler: async () => ({ user: { id: 5 } }) })
  igniter.mutation({
    use: [auth()],
    handler: ({ response }) =>
      response.success(1).revalidate(['posts'], (context) => {
        expectTypeOf(context.user).toEqualTypeOf<{ id: number }>()
        expectTypeOf(context.tenant).toEqualTypeOf<string>()
        return []
      }),
  })
})
