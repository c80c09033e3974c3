/** Realtime and cache joined, against a real server and TanStack's own cache; no DOM is needed for it. */
import { dehydrate, hydrate, InfiniteQueryObserver, QueryClient } from '@tanstack/react-query'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Board, createBoard, openWindow, until } from '../test/board.js'

const fresh = { staleTime: Infinity }

/** What JSON brings across. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value))

describe('a revalidation', () => {
  test('fetches again what is shown and matches, each once, and nothing else', async () => {
    const board = createBoard()
    const { api, cache, calls, join, show } = openWindow(board)
    const list = api.posts.list.queryOptions({}, fresh)
    const after = api.posts.list.queryOptions({ query: { after: 1n } }, fresh)
    const all = api.posts.listAll.queryOptions({}, fresh)
    const one = api.posts.get.queryOptions({ params: { id: '1' } }, fresh)
    for (const options of [list, list, after, all, one]) show(options)
    await join()
    await until(() => !cache.isFetching())
    expect(calls.splice(0).sort()).toEqual(['posts.get', 'posts.list', 'posts.list', 'posts.listAll'])

    await board.change(2n, 'zwei', ['posts.list'])
    await until(() => cache.getQueryData(after.queryKey)?.includes('zwei'))
    await until(() => cache.getQueryData(list.queryKey)?.includes('zwei'))
    expect(calls.splice(0)).toEqual(['posts.list', 'posts.list'])

    await board.change(1n, 'eins', [{ key: 'posts.get', params: { id: 2 } }])
    await board.change(1n, 'uno', [
      { key: 'posts.get', params: { id: 1 } },
      { key: 'posts.list', query: { after: 1n } },
    ])
    await until(() => cache.getQueryData(one.queryKey)?.title === 'uno')
    await until(() => !cache.isFetching())
    expect(calls.sort()).toEqual(['posts.get', 'posts.list'])
    expect(cache.getQueryData(list.queryKey)).toContain('one')
  })

  test('marks what is not shown, which is fetched when it is shown again', async () => {
    const board = createBoard()
    const { api, cache, calls, join, show } = openWindow(board)
    const list = api.posts.list.queryOptions({}, fresh)
    show(api.posts.listAll.queryOptions({}, fresh))
    const hide = show(list)
    await join()
    await until(() => !cache.isFetching())
    hide()
    calls.length = 0
    await board.change(1n, 'uno', ['posts'])
    await until(() => calls.includes('posts.listAll'))
    expect(cache.getQueryState(list.queryKey)?.isInvalidated).toBe(true)
    expect(calls).toEqual(['posts.listAll'])
    show(list)
    await until(() => cache.getQueryData(list.queryKey)?.includes('uno'))
  })

  test('of one’s own mutation is done by its answer, and not again by its event', async () => {
    const board = createBoard()
    const { api, cache, calls, join, show } = openWindow(board)
    const list = api.posts.list.queryOptions({}, fresh)
    show(list)
    await join()
    await until(() => !cache.isFetching())
    calls.length = 0
    await api.posts.rename.mutate({ params: { id: '1' }, body: { title: 'uno' } })
    expect(calls).toEqual(['posts.list'])
    await until(() => cache.getQueryData(list.queryKey)?.includes('uno'))
    // Events come in order: had the first been taken, it would show before this one does.
    await board.change(2n, 'dos', ['posts.list'])
    await until(() => cache.getQueryData(list.queryKey)?.includes('dos'))
    expect(calls).toEqual(['posts.list', 'posts.list'])
  })

  test('leaves alone what is disabled, and queries of others', async () => {
    const board = createBoard()
    const { api, cache, calls, join, show } = openWindow(board)
    let others = 0
    const other = { queryKey: ['something', 'else'], queryFn: () => ++others, ...fresh }
    show(api.posts.list.queryOptions({}, { ...fresh, enabled: false }))
    show(other)
    show(api.posts.listAll.queryOptions({}, fresh))
    await join()
    await until(() => !cache.isFetching())
    await board.change(1n, 'uno', ['posts'])
    await until(() => cache.getQueryData(api.posts.listAll.queryKey())?.includes('uno'))
    api.$realtime.reset()
    await until(() => !cache.isFetching() && calls.length === 3)
    expect(calls).toEqual(['posts.listAll', 'posts.listAll', 'posts.listAll'])
    expect(others).toBe(1)
  })
})

describe('an infinite query', () => {
  test('is fetched again for any of its pages, and only for those', async () => {
    const board = createBoard()
    const { api, cache, calls, join } = openWindow(board)
    const options = api.posts.page.infiniteQueryOptions((number: number) => ({ query: { number } }), {
      initialPageParam: 1,
      getNextPageParam: ({ number }) => number + 1,
      staleTime: Infinity,
    })
    const observer = new InfiniteQueryObserver(cache, options)
    onTestFinished(observer.subscribe(() => {}))
    await join()
    await until(() => !cache.isFetching())
    await observer.fetchNextPage()
    calls.length = 0
    await board.change(3n, 'drei', [{ key: 'posts.page', query: { number: 3 } }])
    await board.change(2n, 'zwei', [{ key: 'posts.page', query: { number: 2 } }])
    await until(() => cache.getQueryData(options.queryKey)?.pages[1]?.title === 'zwei')
    expect(calls).toEqual(['posts.page', 'posts.page'])
  })

  test('does not share its key with the single query', () => {
    const { api } = openWindow(createBoard())
    const input = { query: { number: 1 } }
    const options = { initialPageParam: 1, getNextPageParam: () => undefined }
    expect(api.posts.page.infiniteQueryOptions(() => input, options).queryKey).toEqual([
      ...api.posts.page.queryKey(input),
      'infinite',
    ])
  })
})

describe('races', () => {
  test('a slow old answer is cancelled by what came later', async () => {
    const board = createBoard()
    const window = openWindow(board)
    const { api, cache, calls } = window
    const list = api.posts.list.queryOptions({}, fresh)
    window.show(list)
    await window.join()
    await until(() => !cache.isFetching())
    calls.length = 0
    window.isHolding = true
    void cache.refetchQueries()
    await until(() => calls.length === 1)
    await board.change(1n, 'uno', ['posts.list'])
    await until(() => calls.length === 3)
    expect(calls).toEqual(['posts.list', '-posts.list', 'posts.list'])
    window.release()
    await until(() => !cache.isFetching())
    expect(cache.getQueryData(list.queryKey)).toContain('uno')
  })

  test('a first answer that was on its way is followed by a second, and no third', async () => {
    const board = createBoard()
    const window = openWindow(board)
    const { api, cache, calls } = window
    const list = api.posts.list.queryOptions({}, fresh)
    window.show(api.posts.listAll.queryOptions({}, fresh))
    await window.join()
    await until(() => !cache.isFetching())
    window.isHolding = true
    window.show(list)
    await until(() => calls.includes('posts.list'))
    await board.change(1n, 'uno', ['posts'])
    await until(() => calls.length === 3)
    let isFound = false
    onTestFinished(api.$realtime.onRevalidate((_, cursor) => (isFound ||= !cursor)))
    window.release()
    window.isHolding = true
    // The client finds out by itself that the first answer was too old, and says so.
    await until(() => isFound)
    window.release()
    await until(() => cache.getQueryData(list.queryKey)?.includes('uno') && !cache.isFetching())
    expect(calls).toEqual(['posts.listAll', 'posts.list', 'posts.listAll', 'posts.list'])
  })

  test('an event that the data covers already is no reason to fetch', async () => {
    const board = createBoard()
    const window = openWindow(board)
    const { api, cache, calls } = window
    const list = api.posts.list.queryOptions({}, fresh)
    window.show(list)
    window.show(api.posts.listAll.queryOptions({}, fresh))
    await window.join()
    await until(() => !cache.isFetching())
    window.isDeaf = true
    await board.change(1n, 'uno', ['posts'])
    calls.length = 0
    await cache.refetchQueries({ queryKey: list.queryKey })
    expect(cache.getQueryData(list.queryKey)).toContain('uno')
    window.release()
    await until(() => cache.getQueryData(api.posts.listAll.queryKey())?.includes('uno'))
    expect(calls).toEqual(['posts.list', 'posts.listAll'])
  })

  test('a refetch that the application cancels stays cancelled', async () => {
    const board = createBoard()
    const window = openWindow(board)
    const { api, cache, calls } = window
    const list = api.posts.list.queryOptions({}, fresh)
    window.show(list)
    window.show(api.posts.listAll.queryOptions({}, fresh))
    await window.join()
    await until(() => !cache.isFetching())
    calls.length = 0
    window.isHolding = true
    await board.change(1n, 'uno', ['posts.list'])
    await until(() => calls.length === 1)
    await cache.cancelQueries({ queryKey: list.queryKey })
    cache.setQueryData(list.queryKey, ['mine'])
    window.release()
    await board.change(2n, 'dos', ['posts.listAll'])
    await until(() => cache.getQueryData(api.posts.listAll.queryKey())?.includes('dos'))
    expect(cache.getQueryData(list.queryKey)).toEqual(['mine'])
    expect(calls).toEqual(['posts.list', '-posts.list', 'posts.listAll'])
  })

  test('changes that never cease do not keep answers from being shown', async () => {
    const board = createBoard()
    const window = openWindow(board)
    const { api, cache, calls } = window
    const list = api.posts.list.queryOptions({}, fresh)
    window.show(list)
    await window.join()
    await until(() => !cache.isFetching())
    const seen: unknown[] = []
    onTestFinished(
      cache.getQueryCache().subscribe(({ type, query }) => {
        if (type === 'updated' && query.state.data !== seen.at(-1)) seen.push(query.state.data)
      }),
    )
    calls.length = 0
    window.isHolding = true
    await board.change(1n, 'v1', ['posts.list'])
    await until(() => calls.length === 1)
    await board.change(1n, 'v2', ['posts.list'])
    await until(() => calls.length === 3)
    // From here on, the fetch that took the place of the first may end.
    let heard = 0
    onTestFinished(api.$realtime.onRevalidate(() => heard++))
    await board.change(1n, 'v3', ['posts.list'])
    await until(() => heard === 1)
    expect(calls).toEqual(['posts.list', '-posts.list', 'posts.list'])
    window.release()
    await until(() => cache.getQueryData(list.queryKey)?.includes('v3') && !cache.isFetching())
    expect(calls.splice(0)).toEqual(['posts.list', '-posts.list', 'posts.list', 'posts.list'])
    expect(seen.flat()).toContain('v2')

    // Once answers have been shown, a fetch gives way again.
    window.isHolding = true
    await board.change(1n, 'v4', ['posts.list'])
    await until(() => calls.length === 1)
    await board.change(1n, 'v5', ['posts.list'])
    await until(() => calls.length === 3)
    expect(calls).toEqual(['posts.list', '-posts.list', 'posts.list'])
    window.release()
  })

  test('a reset fetches again what is shown, also what is under way', async () => {
    const board = createBoard()
    const window = openWindow(board)
    const { api, cache, calls } = window
    window.show(api.posts.list.queryOptions({}, fresh))
    await window.join()
    await until(() => !cache.isFetching())
    calls.length = 0
    window.isHolding = true
    void cache.refetchQueries()
    await until(() => calls.length === 1)
    api.$realtime.reset()
    expect(calls).toEqual(['posts.list', '-posts.list', 'posts.list'])
    window.release()
  })
})

describe('failures', () => {
  test('what could not be loaded is loaded once live; what the server refused is not asked again', async () => {
    const board = createBoard()
    const window = openWindow(board)
    const { api, cache, calls } = window
    const list = api.posts.list.queryOptions({}, fresh)
    const nothing = api.posts.get.queryOptions({ params: { id: '7' } }, fresh)
    window.show(nothing)
    await until(() => cache.getQueryState(nothing.queryKey)?.status === 'error')
    window.isOffline = true
    window.show(list)
    await until(() => cache.getQueryState(list.queryKey)?.status === 'error')
    expect(cache.getQueryState(list.queryKey)?.error).toMatchObject({ code: 'NETWORK_ERROR', status: 0 })
    expect(cache.getQueryState(nothing.queryKey)?.error).toMatchObject({ code: 'NOT_FOUND', status: 404 })
    window.isOffline = false
    await window.join()
    await until(() => cache.getQueryData(list.queryKey))
    expect(calls).toEqual(['posts.get', 'posts.list'])
  })
})

describe('data of a server that rendered', () => {
  const render = async (board: Board) => {
    const { api, cache } = openWindow(board)
    await cache.query(api.posts.list.queryOptions())
    await cache.query(api.posts.list.queryOptions({ query: { after: 1n, tags: new Set(['a']) } }))
    const pages = api.posts.page.infiniteQueryOptions((number: number) => ({ query: { number } }), {
      initialPageParam: 1,
      getNextPageParam: ({ number }) => number + 1,
    })
    await cache.infiniteQuery({ ...pages, pages: 2 })
    expect(api.$realtime.state).toBe('idle')
    return sent(dehydrate(cache))
  }

  test('is not fetched again when nothing has changed', async () => {
    const board = createBoard()
    const { api, cache, calls, join, show } = openWindow(board)
    hydrate(cache, await render(board))
    show(api.posts.list.queryOptions({}, fresh))
    await join()
    await api.posts.listAll.query()
    expect(calls).toEqual(['posts.listAll'])
    expect(cache.getQueryData(api.posts.list.queryKey())).toEqual(['one', 'two', 'three'])
  })

  test('is fetched again for what changed before the page was live', async () => {
    const board = createBoard()
    const { api, cache, calls, join, show } = openWindow(board)
    const state = await render(board)
    await board.change(2n, 'zwei', ['posts.list'])
    hydrate(cache, state)
    const after = api.posts.list.queryOptions({ query: { after: 1n, tags: new Set(['a']) } }, fresh)
    show(after)
    expect(cache.getQueryData(after.queryKey)).toEqual(['two', 'three'])
    await join()
    await until(() => cache.getQueryData(after.queryKey)?.includes('zwei'))
    expect(calls).toEqual(['posts.list'])
    expect(cache.getQueryState(api.posts.list.queryKey())?.isInvalidated).toBe(true)
  })

  test('that comes to a page that is live already is fetched again if it is too old', async () => {
    const board = createBoard()
    const { api, cache, calls, join, show } = openWindow(board)
    show(api.posts.listAll.queryOptions({}, fresh))
    await join()
    await until(() => !cache.isFetching())
    const state = await render(board)
    let heard = 0
    onTestFinished(api.$realtime.onRevalidate(() => heard++))
    await board.change(1n, 'uno', ['posts.page'])
    await until(() => heard > 0)
    calls.length = 0
    hydrate(cache, state)
    show(api.posts.list.queryOptions({}, fresh))
    const pages = ['posts', 'page', { query: { number: 1 } }, 'infinite']
    await until(() => cache.getQueryState(pages)?.isInvalidated)
    expect(calls).toEqual([])
    expect(cache.getQueryState(api.posts.list.queryKey())?.isInvalidated).toBe(false)
  })

  test('that replaces what a live page has is fetched again if it is too old', async () => {
    const board = createBoard()
    const { api, cache, join, show } = openWindow(board)
    const key = api.posts.list.queryKey()
    const hide = show(api.posts.list.queryOptions({}, fresh))
    await join()
    await until(() => !cache.isFetching())
    hide()
    const state = await render(board)
    await board.change(1n, 'uno', ['posts.list'])
    await until(() => cache.getQueryState(key)?.isInvalidated)
    hydrate(cache, state)
    expect(cache.getQueryState(key)?.isInvalidated).toBe(false)
    await until(() => cache.getQueryState(key)?.isInvalidated)
  })

  test('that streams in without its cursor is fetched again once', async () => {
    const board = createBoard()
    const server = openWindow(board)
    const { api, cache, calls, join, show } = openWindow(board)
    const list = api.posts.list.queryOptions({}, fresh)
    server.isHolding = true
    void server.cache.query(server.api.posts.list.queryOptions())
    await until(() => server.calls.length > 0)
    hydrate(cache, dehydrate(server.cache, { shouldDehydrateQuery: () => true }))
    show(list)
    await join()
    server.release()
    await until(() => cache.getQueryData(list.queryKey))
    await until(() => calls.length > 0 && !cache.isFetching())
    api.$realtime.reset()
    await until(() => calls.length === 2 && !cache.isFetching())
    expect(calls).toEqual(['posts.list', 'posts.list'])
  })

  test('that streamed in before anyone looked is fetched again when somebody does', async () => {
    const board = createBoard()
    const server = openWindow(board)
    const { api, cache, calls, join, show } = openWindow(board)
    show(api.posts.listAll.queryOptions({}, fresh))
    await join()
    void server.cache.query(server.api.posts.list.queryOptions())
    hydrate(cache, dehydrate(server.cache, { shouldDehydrateQuery: () => true }))
    await until(() => cache.getQueryData(api.posts.list.queryKey()) && !cache.isFetching())
    expect(calls).toEqual(['posts.listAll'])
    show(api.posts.list.queryOptions({}, fresh))
    await until(() => calls.length === 2)
  })

  test('that the application gives itself is fetched again once live', async () => {
    const board = createBoard()
    const { api, cache, calls, join, show } = openWindow(board)
    const list = api.posts.list.queryOptions({}, { ...fresh, initialData: ['of long ago'] })
    show(list)
    expect(calls).toEqual([])
    await join()
    await until(() => cache.getQueryData(list.queryKey)?.includes('one'))
    expect(calls).toEqual(['posts.list'])
  })

  test('that is being fetched anyway is not fetched twice', async () => {
    const board = createBoard()
    const window = openWindow(board)
    const { api, cache, calls } = window
    const list = api.posts.list.queryOptions({}, { initialData: ['of long ago'] })
    window.isHolding = true
    window.show(list)
    await window.join()
    let isTold = false
    onTestFinished(api.$realtime.onRevalidate((_, cursor) => (isTold ||= !cursor)))
    await until(() => isTold)
    window.release()
    await until(() => cache.getQueryData(list.queryKey)?.includes('one'))
    expect(calls).toEqual(['posts.list'])
  })

  test('keeps the oldest cursor of its pages', async () => {
    const board = createBoard()
    const { api, cache } = openWindow(board)
    const options = api.posts.page.infiniteQueryOptions((number: number) => ({ query: { number } }), {
      initialPageParam: 1,
      getNextPageParam: ({ number }) => number + 1,
    })
    const observer = new InfiniteQueryObserver(cache, options)
    await observer.refetch()
    const cursor = () => (cache.getQueryState(options.queryKey) as { igniterCursor?: string }).igniterCursor
    const first = cursor()
    expect(first).toMatch(/^\w+\.\d+/)
    await board.change(1n, 'uno', ['posts.page'])
    await observer.fetchNextPage()
    expect(cursor()).toBe(first)
    await observer.refetch()
    expect(cursor()).not.toBe(first)
  })
})

test('data that the application puts into the cache itself is left alone', async () => {
  const board = createBoard()
  const { api, cache, calls, join, show } = openWindow(board)
  show(api.posts.listAll.queryOptions({}, fresh))
  await join()
  await until(() => !cache.isFetching())
  const key = api.posts.get.queryKey({ params: { id: '1' } })
  cache.setQueryData(key, { title: 'mine', at: new Date(0) })
  show(api.posts.get.queryOptions({ params: { id: '1' } }, fresh))
  cache.setQueryData(key, { title: 'still mine', at: new Date(0) })
  await board.change(1n, 'uno', ['posts.listAll'])
  await until(() => cache.getQueryData(api.posts.listAll.queryKey())?.includes('uno'))
  expect(cache.getQueryData(key)?.title).toBe('still mine')
  expect(calls).toEqual(['posts.listAll', 'posts.listAll'])
})

test('two clients in one cache keep to their own', async () => {
  const cache = new QueryClient()
  const [one, two] = [openWindow(createBoard(), cache), openWindow(createBoard(), cache)]
  one.show(one.api.posts.list.queryOptions({}, fresh))
  two.show(two.api.posts.listAll.queryOptions({}, fresh))
  await Promise.all([one.join(), two.join()])
  await until(() => !cache.isFetching())
  one.api.$realtime.reset()
  await until(() => !cache.isFetching())
  expect([one.calls, two.calls]).toEqual([['posts.list', 'posts.list'], ['posts.listAll']])
})
