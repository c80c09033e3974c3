import type { ClientErrorCode } from '@igniter-js/client'
import type { ActionTypes, CallError, Controller, Mutation, Query, RouterTypes } from '@igniter-js/core'
import {
  type InfiniteData,
  QueryClient,
  skipToken,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useSuspenseQuery,
} from '@tanstack/react-query'
import { createElement } from 'react'
import { describe, expectTypeOf, test } from 'vitest'
import { createIgniterReact, IgniterProvider, useConnectionState, useRealtime } from './index.js'

interface Defaults extends ActionTypes {
  params: {}
  body: undefined
  errors: never
  events: never
}
type Bag<T> = Omit<Defaults, keyof T> & T
interface Post {
  id: bigint
  title: string
}
type List = Bag<{ query: { page?: number; before?: bigint; role?: 'admin' | 'user' }; data: Post[] }>
type Get = Bag<{ params: { id: string }; data: Post | null; errors: 'GONE' }>
type Create = Bag<{ body: { title: string; file?: File }; data: { id: string; at: Date }; errors: 'TAKEN' }>
type Clear = Bag<{ data: null }>
type Feed = Bag<{
  query: { room: string }
  data: null
  events: { event: 'tick'; data: number } | { event: 'end'; data: Date }
}>
type Log = Bag<{ data: null; events: { event: string; data: string } }>
type AppRouter = RouterTypes<{
  posts: Controller<
    '/posts',
    {
      list: Query<List>
      get: Query<Get>
      create: Mutation<Create>
      clear: Mutation<Clear>
      feed: Query<Feed>
      log: Query<Log>
    }
  >
  members: Controller<'/orgs/:org/members', { list: Query<List> }>
}>

type ListError = CallError<ClientErrorCode>
type GetError = CallError<'GONE' | ClientErrorCode>

const api = createIgniterReact<AppRouter>({ baseURL: 'http://localhost' })
const cache = new QueryClient()

describe('queries', () => {
  test('have the data and the error of the action', () => {
    const { data, error } = api.posts.list.useQuery({ query: { page: 2 } })
    expectTypeOf(data).toEqualTypeOf<Post[] | undefined>()
    expectTypeOf(error).toEqualTypeOf<ListError | null>()
    const got = api.posts.get.useQuery({ params: { id: '1' } })
    if (got.isSuccess) expectTypeOf(got.data).toEqualTypeOf<Post | null>()
    if (got.isError) expectTypeOf(got.error.code).toEqualTypeOf<GetError['code']>()
    if (got.isPending) expectTypeOf(got.data).toEqualTypeOf<undefined>()
    // @ts-expect-error no such code
    if (got.error?.code === 'GONNE') return
  })

  test('take the options of TanStack', () => {
    const options = { enabled: false, staleTime: 5, retry: 2 } as const
    expectTypeOf(api.posts.list.useQuery({}, options).data).toEqualTypeOf<Post[] | undefined>()
    expectTypeOf(api.posts.list.useQuery(undefined, options).data).toEqualTypeOf<Post[] | undefined>()
    const selected = api.posts.list.useQuery({}, { select: (posts) => posts.length })
    expectTypeOf(selected.data).toEqualTypeOf<number | undefined>()
    expectTypeOf(api.posts.list.useQuery({}, { initialData: [] }).data).toEqualTypeOf<Post[]>()
    expectTypeOf(api.posts.list.useQuery({}, { initialData: () => [] }).data).toEqualTypeOf<Post[]>()
    expectTypeOf(api.posts.list.useQuery({}, { placeholderData: (before) => before }).data).toEqualTypeOf<
      Post[] | undefined
    >()
    api.posts.get.useQuery({ params: { id: '1' } }, { retry: (count, error) => count < 2 && error.code !== 'GONE' })
    api.posts.get.useQuery({ params: { id: '1' } }, { throwOnError: (error) => error.status >= 500 })
    api.posts.list.useQuery({}, { refetchInterval: (query) => (query.state.data?.length ? 1000 : false) })
  })

  test('may be skipped', () => {
    const id = undefined as string | undefined
    expectTypeOf(api.posts.get.useQuery(id ? { params: { id } } : skipToken).data).toEqualTypeOf<
      Post | null | undefined
    >()
    api.posts.list.useQuery(skipToken)
    // @ts-expect-error what suspends cannot be skipped
    api.posts.list.useSuspenseQuery(skipToken)
  })

  test('suspend', () => {
    expectTypeOf(api.posts.list.useSuspenseQuery().data).toEqualTypeOf<Post[]>()
    expectTypeOf(api.posts.list.useSuspenseQuery({}, { select: (posts) => posts[0] }).data).toEqualTypeOf<
      Post | undefined
    >()
    // @ts-expect-error what suspends cannot be disabled
    api.posts.list.useSuspenseQuery({}, { enabled: false })
  })

  test('wrong uses do not compile', () => {
    // @ts-expect-error no such controller
    void api.nothing
    // @ts-expect-error no such action
    void api.posts.nothing
    // @ts-expect-error a query is no mutation
    void api.posts.list.useMutation
    // @ts-expect-error a query is no stream
    void api.posts.list.useStream
    // @ts-expect-error no such hook
    void api.posts.list.useQuerys
    // @ts-expect-error params are missing
    api.posts.get.useQuery()
    // @ts-expect-error params are missing
    api.posts.get.useQuery({})
    // @ts-expect-error an id is a text
    api.posts.get.useQuery({ params: { id: 1 } })
    // @ts-expect-error the controller's param is missing
    api.members.list.useQuery({ query: {} })
    // @ts-expect-error a page is a number
    api.posts.list.useQuery({ query: { page: '2' } })
    // @ts-expect-error no such role
    api.posts.list.useQuery({ query: { role: 'root' } })
    // @ts-expect-error the query belongs under `query`
    api.posts.list.useQuery({ page: 2 })
    // @ts-expect-error no such field
    api.posts.list.useQuery({ query: { pag: 2 } })
    // @ts-expect-error a query has no body
    api.posts.list.useQuery({ body: {} })
    // @ts-expect-error no such option
    api.posts.list.useQuery({}, { stalTime: 5 })
    // @ts-expect-error the key is made by the package
    api.posts.list.useQuery({}, { queryKey: ['mine'] })
    // @ts-expect-error the function is made by the package
    api.posts.list.useQuery({}, { queryFn: () => [] })
    // @ts-expect-error options come second
    api.posts.list.useQuery({ enabled: false })
    // @ts-expect-error initial data is the action's
    api.posts.list.useQuery({}, { initialData: [{ id: 1 }] })
    // @ts-expect-error data may be missing
    void api.posts.list.useQuery().data.length
    // @ts-expect-error no such field in the data
    void api.posts.list.useSuspenseQuery().data[0]?.titel
    // @ts-expect-error the error has no such field
    void api.posts.list.useQuery().error?.reason
    // @ts-expect-error a hook is called on the action
    api.posts.useQuery()
  })
})

describe('infinite queries', () => {
  test('make the input of each page', () => {
    const options = {
      initialPageParam: undefined as bigint | undefined,
      getNextPageParam: (posts: Post[]) => posts.at(-1)?.id,
    }
    const query = api.posts.list.useInfiniteQuery((before) => ({ query: { before } }), options)
    expectTypeOf(query.data).toEqualTypeOf<InfiniteData<Post[], bigint | undefined> | undefined>()
    expectTypeOf(query.error).toEqualTypeOf<ListError | null>()
    const inferred = api.posts.list.useInfiniteQuery((page: number) => ({ query: { page } }), {
      initialPageParam: 1,
      getNextPageParam: (posts, _, page) => (posts.length > 0 ? page + 1 : undefined),
      select: ({ pages }) => pages.flat(),
    })
    expectTypeOf(inferred.data).toEqualTypeOf<Post[] | undefined>()
    expectTypeOf(
      api.posts.list.useSuspenseInfiniteQuery((page) => ({ query: { page } }), {
        initialPageParam: 1,
        getNextPageParam: () => undefined,
      }).data.pages,
    ).toEqualTypeOf<Post[][]>()
    useInfiniteQuery(
      api.posts.list.infiniteQueryOptions((page: number) => ({ query: { page } }), {
        initialPageParam: 1,
        getNextPageParam: () => 2,
      }),
    )
  })

  test('wrong uses do not compile', () => {
    const input = (page: number) => ({ query: { page } })
    // @ts-expect-error options are missing
    api.posts.list.useInfiniteQuery(input)
    // @ts-expect-error the first page's parameter is missing
    api.posts.list.useInfiniteQuery(input, { getNextPageParam: () => 2 })
    // @ts-expect-error how to get on is missing
    api.posts.list.useInfiniteQuery(input, { initialPageParam: 1 })
    // @ts-expect-error a page's parameter is a number
    api.posts.list.useInfiniteQuery(input, { initialPageParam: '1', getNextPageParam: () => 2 })
    // @ts-expect-error input is a function of the page
    api.posts.list.useInfiniteQuery({ query: { page: 1 } }, { initialPageParam: 1, getNextPageParam: () => 2 })
    // @ts-expect-error a page is a number
    api.posts.list.useInfiniteQuery((page: string) => ({ query: { page } }), {
      initialPageParam: '1',
      getNextPageParam: () => '2',
    })
  })
})

describe('keys and options', () => {
  test('know what is behind them', async () => {
    const key = api.posts.get.queryKey({ params: { id: '1' } })
    expectTypeOf(cache.getQueryData(key)).toEqualTypeOf<Post | null | undefined>()
    cache.setQueryData(key, (post) => post && { ...post, title: 'New' })
    expectTypeOf(cache.getQueryState(key)?.error).toEqualTypeOf<GetError | null | undefined>()
    await cache.invalidateQueries({ queryKey: api.posts.list.queryKey() })

    const options = api.posts.list.queryOptions({ query: { page: 1 } }, { staleTime: 5 })
    expectTypeOf(cache.getQueryData(options.queryKey)).toEqualTypeOf<Post[] | undefined>()
    expectTypeOf(await cache.query(options)).toEqualTypeOf<Post[]>()
    expectTypeOf(await cache.query({ ...options, staleTime: 'static' })).toEqualTypeOf<Post[]>()
    expectTypeOf(useQuery(options).data).toEqualTypeOf<Post[] | undefined>()
    expectTypeOf(useQuery(options).error).toEqualTypeOf<ListError | null>()
    expectTypeOf(useSuspenseQuery(options).data).toEqualTypeOf<Post[]>()
    expectTypeOf(useQuery({ ...options, enabled: false }).data).toEqualTypeOf<Post[] | undefined>()
    const [list, one] = useQueries({ queries: [options, api.posts.get.queryOptions({ params: { id: '1' } })] })
    expectTypeOf(list.data).toEqualTypeOf<Post[] | undefined>()
    expectTypeOf(one.data).toEqualTypeOf<Post | null | undefined>()
    await cache.infiniteQuery(
      api.posts.list.infiniteQueryOptions((page: number) => ({ query: { page } }), {
        initialPageParam: 1,
        getNextPageParam: () => 2,
      }),
    )
  })

  test('wrong uses do not compile', () => {
    // @ts-expect-error params are missing
    api.posts.get.queryOptions()
    // @ts-expect-error an id is a text
    api.posts.get.queryKey({ params: { id: 1 } })
    // @ts-expect-error data is the action's
    cache.setQueryData(api.posts.get.queryKey({ params: { id: '1' } }), { title: 'New' })
    // @ts-expect-error a mutation has no query key
    void api.posts.create.queryKey
  })
})

describe('mutations', () => {
  test('take the input, give the data', async () => {
    const create = api.posts.create.useMutation({
      onSuccess: (data, input) => {
        expectTypeOf(data.at).toEqualTypeOf<Date>()
        expectTypeOf(input.body.title).toEqualTypeOf<string>()
      },
      onError: (error) => expectTypeOf(error.code).toEqualTypeOf<CallError<'TAKEN' | ClientErrorCode>['code']>(),
    })
    create.mutate({ body: { title: 'New' } })
    expectTypeOf(await create.mutateAsync({ body: { title: 'New' } })).toEqualTypeOf<{ id: string; at: Date }>()
    expectTypeOf(create.error).toEqualTypeOf<CallError<'TAKEN' | ClientErrorCode> | null>()
    api.posts.clear.useMutation().mutate()
    api.posts.clear.useMutation().mutate({})
    expectTypeOf(useMutation(api.posts.create.mutationOptions()).data?.id).toEqualTypeOf<string | undefined>()
    api.posts.create.useMutation({
      onMutate: () => ({ before: 1 }),
      onError: (_error, _input, shown) => expectTypeOf(shown).toEqualTypeOf<{ before: number } | undefined>(),
    })
  })

  test('wrong uses do not compile', () => {
    // @ts-expect-error a mutation is no query
    void api.posts.create.useQuery
    // @ts-expect-error a mutation does not suspend
    void api.posts.create.useSuspenseQuery
    // @ts-expect-error the body is missing
    api.posts.create.useMutation().mutate()
    // @ts-expect-error the title is missing
    api.posts.create.useMutation().mutate({ body: {} })
    // @ts-expect-error a title is a text
    api.posts.create.useMutation().mutate({ body: { title: 1 } })
    // @ts-expect-error the body belongs under `body`
    api.posts.create.useMutation().mutate({ title: 'New' })
    // @ts-expect-error no such code
    if (api.posts.create.useMutation().error?.code === 'TAKE') return
    // @ts-expect-error the function is made by the package
    api.posts.create.useMutation({ mutationFn: async () => ({ id: '1', at: new Date() }) })
    // @ts-expect-error input is given to mutate
    api.posts.create.useMutation({ body: { title: 'New' } })
  })
})

describe('streams', () => {
  test('give their events', () => {
    const { event, events, error, status } = api.posts.feed.useStream({ query: { room: 'a' } })
    if (event?.event === 'tick') expectTypeOf(event.data).toEqualTypeOf<number>()
    expectTypeOf(events[0]).toEqualTypeOf<{ event: 'tick'; data: number } | { event: 'end'; data: Date } | undefined>()
    expectTypeOf(error).toEqualTypeOf<CallError | null>()
    expectTypeOf(status).toEqualTypeOf<'idle' | 'pending' | 'live' | 'ended' | 'error'>()
    api.posts.log.useStream()
    api.posts.log.useStream(skipToken)
    api.posts.log.useStream({}, { onEvent: ({ data }) => expectTypeOf(data).toEqualTypeOf<string>(), keep: 5 })
  })

  test('wrong uses do not compile', () => {
    // @ts-expect-error a stream is no query
    void api.posts.feed.useQuery
    // @ts-expect-error the room is missing
    api.posts.feed.useStream()
    // @ts-expect-error no such option
    api.posts.log.useStream({}, { limit: 5 })
    // @ts-expect-error no such event
    if (api.posts.feed.useStream({ query: { room: 'a' } }).event?.event === 'tock') return
  })
})

describe('realtime', () => {
  test('hooks', () => {
    expectTypeOf(useConnectionState()).toEqualTypeOf<'idle' | 'connecting' | 'live' | 'offline' | 'denied'>()
    useRealtime('chat:1', (data, { event }) => {
      expectTypeOf(data).toEqualTypeOf<unknown>()
      expectTypeOf(event).toEqualTypeOf<string | undefined>()
    })
    useRealtime(null, () => {}, { event: 'typing', onRefused: () => {} })
    // @ts-expect-error a handler is missing
    useRealtime('chat:1')
    // @ts-expect-error a channel is a text
    useRealtime(1, () => {})
  })

  test('the provider', () => {
    createElement(IgniterProvider, { client: api })
    createElement(IgniterProvider, { client: api, queryClient: cache, scopes: ['user:1'] })
    // @ts-expect-error a client is missing
    createElement(IgniterProvider, {})
    // @ts-expect-error a cache is no client
    createElement(IgniterProvider, { client: cache })
    // @ts-expect-error scopes are texts
    createElement(IgniterProvider, { client: api, scopes: [1] })
  })
})

test('all of the plain client is there', async () => {
  const { data, error } = await api.posts.list.query({ query: { page: 2 } })
  if (!error) expectTypeOf(data).toEqualTypeOf<Post[]>()
  for await (const event of api.posts.log.stream()) expectTypeOf(event.data).toEqualTypeOf<string>()
  expectTypeOf((await api.posts.create.mutate({ body: { title: 'New' } })).data?.at).toEqualTypeOf<Date | undefined>()
  expectTypeOf(api.$realtime.state).toEqualTypeOf<'idle' | 'connecting' | 'live' | 'offline' | 'denied'>()
  // @ts-expect-error how often a query is tried again is TanStack's
  createIgniterReact<AppRouter>({ retries: 2 })
  // @ts-expect-error no such option
  createIgniterReact<AppRouter>({ baseUrl: 'http://localhost' })
  // @ts-expect-error a router's type is needed
  createIgniterReact<string>()
})
