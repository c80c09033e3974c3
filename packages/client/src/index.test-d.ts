import type { Action, ActionTypes, Controller, Mutation, Query, RouterTypes } from '@igniter-js/core'
import { describe, expectTypeOf, test } from 'vitest'
import { createIgniterCalls, createIgniterClient, type Client, type ClientErrorCode } from './index.js'

interface Defaults extends ActionTypes {
  params: {}
  body: undefined
  errors: never
  events: never
}
type Bag<T> = Omit<Defaults, keyof T> & T
type List = Bag<{
  query: { page?: number; role?: 'admin' | 'user' }
  data: { id: bigint }[]
}>
type Get = Bag<{
  params: { id: string }
  data: { id: string } | null
  errors: 'GONE'
}>
type Create = Bag<{
  body: { title: string; file?: File }
  data: { id: string; at: Date }
}>
type Raw = Bag<{
  data: Response
}>
type Feed = Bag<{
  data: null
  events: { event: 'tick'; data: number } | { event: 'end'; data: Date }
}>
type AppRouter = RouterTypes<{
  posts: Controller<
    '/posts',
    { list: Query<List>; get: Query<Get>; create: Mutation<Create>; raw: Query<Raw>; feed: Query<Feed> }
  >
  members: Controller<'/orgs/:org/members', { list: Query<List> }>
}>

const api = createIgniterClient<AppRouter>({ baseURL: 'http://localhost' })

describe('calls', () => {
  test('give data or an error, told apart by error', async () => {
    const { data, error } = await api.posts.list.query({ query: { page: 2, role: 'admin' } })
    if (error) {
      expectTypeOf(data).toEqualTypeOf<null>()
      expectTypeOf(error.status).toEqualTypeOf<number>()
    } else expectTypeOf(data).toEqualTypeOf<{ id: bigint }[]>()
    expectTypeOf((await api.posts.raw.query()).data).toEqualTypeOf<Response | null>()
  })

  test('know the codes of the action, of the server and of the client', async () => {
    const { error } = await api.posts.get.query({ params: { id: '1' } })
    if (error?.code === 'GONE' || error?.code === 'NETWORK_ERROR' || error?.code === 'VALIDATION_ERROR') return
    // @ts-expect-error no such code
    if (error?.code === 'NETWORK_EROR') return
    expectTypeOf<ClientErrorCode>().toEqualTypeOf<'NETWORK_ERROR' | 'ABORTED' | 'PARSE_ERROR'>()
  })

  test('take a signal and headers', () => {
    void api.posts.list.query({}, { signal: new AbortController().signal, headers: { a: 'b' } })
    void api.posts.list.query(undefined, { headers: [['a', 'b']] })
    // @ts-expect-error a signal is no controller
    void api.posts.list.query({}, { signal: new AbortController() })
    // @ts-expect-error no such option
    void api.posts.list.query({}, { timeout: 5 })
  })

  test('wrong uses do not compile', () => {
    // @ts-expect-error no such controller
    void api.nothing
    // @ts-expect-error no such action
    void api.posts.nothing
    // @ts-expect-error a query cannot be mutated
    void api.posts.list.mutate
    // @ts-expect-error a mutation cannot be queried
    void api.posts.create.query
    // @ts-expect-error a stream is not awaited
    void api.posts.feed.query
    // @ts-expect-error an action is no function
    void api.posts.list()
    // @ts-expect-error no such role
    void api.posts.list.query({ query: { role: 'root' } })
    // @ts-expect-error a page is a number
    void api.posts.list.query({ query: { page: '2' } })
    // @ts-expect-error query queries belong under `query`
    void api.posts.list.query({ page: 2 })
    // @ts-expect-error params are missing
    void api.posts.get.query()
    // @ts-expect-error params are missing
    void api.posts.get.query({})
    // @ts-expect-error the controller's param is missing
    void api.members.list.query({ query: {} })
    // @ts-expect-error a body is missing
    void api.posts.create.mutate()
    // @ts-expect-error the title is missing
    void api.posts.create.mutate({ body: {} })
    // @ts-expect-error a query has no body
    void api.posts.list.query({ body: {} })
  })
})

test('streams give their events', async () => {
  for await (const event of api.posts.feed.stream()) {
    if (event.event === 'tick') expectTypeOf(event.data).toEqualTypeOf<number>()
    else expectTypeOf(event.data).toEqualTypeOf<Date>()
  }
})

describe('realtime', () => {
  test('states and handlers', () => {
    expectTypeOf(api.$realtime.state).toEqualTypeOf<'idle' | 'connecting' | 'live' | 'offline' | 'denied'>()
    expectTypeOf(api.$realtime.onRevalidate(() => {})).toEqualTypeOf<() => void>()
    api.$realtime.channel('a').on((data) => expectTypeOf(data).toEqualTypeOf<unknown>(), { event: 'typing' })
    // @ts-expect-error scopes are texts
    api.$realtime.declareScopes([1])
    // @ts-expect-error a handler is missing
    api.$realtime.channel('a').on()
  })

  test('is not there without it', () => {
    const calls = createIgniterCalls<AppRouter>()
    expectTypeOf(calls.posts.list.query).toEqualTypeOf(api.posts.list.query)
    // @ts-expect-error calls only
    void calls.$realtime
    // @ts-expect-error no streams
    void calls.posts.feed
  })
})

test('options', () => {
  createIgniterClient<AppRouter>()
  createIgniterClient<AppRouter>({
    headers: { a: 'b' },
    retries: 0,
    credentials: 'include',
  })
  createIgniterClient<AppRouter>({ headers: () => new Headers(), fetch, onDenied: async () => {} })
  // @ts-expect-error no such option
  createIgniterClient<AppRouter>({ baseUrl: 'http://localhost' })
  // @ts-expect-error a router's type is needed
  createIgniterClient<string>()
  expectTypeOf<Client<AppRouter>['posts']>().toHaveProperty('list')
  expectTypeOf<Action>().not.toBeAny()
})
