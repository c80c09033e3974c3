/** Keys and options, as applications see them on `api`. */
import { hashKey, QueryClient, skipToken } from '@tanstack/react-query'
import { describe, expect, test } from 'vitest'
import { type Board, createBoard, openWindow } from '../test/board.js'
import { createIgniterReact } from './index.js'

/** A client of a server of its own. */
const open = () => openWindow(createBoard()).api

describe('query keys', () => {
  test('are [controller, action, input]', () => {
    const api = open()
    expect(api.posts.page.queryKey({ query: { number: 2 } })).toEqual(['posts', 'page', { query: { number: 2 } }])
    expect(api.posts.get.queryKey({ params: { id: '1' } })).toEqual(['posts', 'get', { params: { id: '1' } }])
    expect(api.posts.list.queryKey()).toEqual(['posts', 'list', {}])
    expect(api.posts.list.queryOptions({ query: {} }).queryKey).toEqual(['posts', 'list', { query: {} }])
    expect(api.posts.rename.mutationOptions().mutationKey).toEqual(['posts', 'rename'])
  })

  test('without input match every input', async () => {
    const api = open()
    const cache = new QueryClient()
    const keys = [undefined, { query: { after: 1n } }].map((input) => api.posts.list.queryKey(input))
    for (const key of keys) cache.setQueryData(key, [])
    cache.setQueryData(api.posts.listAll.queryKey(), [])
    expect(cache.getQueriesData({ queryKey: api.posts.list.queryKey() })).toHaveLength(2)
    expect(cache.getQueriesData({ queryKey: api.posts.list.queryKey(), exact: true })).toHaveLength(1)
  })

  test('can be hashed whatever the input holds, and differ where it does', () => {
    const api = open()
    const inputs = [{ after: 1n }, { after: 2n }, { tags: new Set(['a']) }, { tags: new Set(['b']) }, {}]
    const hashes = inputs.map((query) => hashKey(api.posts.list.queryKey({ query })))
    expect(new Set(hashes).size).toBe(inputs.length)
    const input = { query: { after: undefined, tags: new Set(['a']) } }
    expect(api.posts.list.queryKey(input)).toEqual(['posts', 'list', { query: { tags: { $set: ['a'] } } }])
  })

  test('hold nothing that is undefined, however it was written', () => {
    const api = open()
    const key = hashKey(api.posts.list.queryKey({ query: {} }))
    expect(hashKey(api.posts.list.queryKey({ query: { after: undefined } }))).toBe(key)
    expect(api.posts.list.queryKey({ query: { after: undefined } })).toEqual(['posts', 'list', { query: {} }])
  })

  test('name what cannot be sent', () => {
    const api = open()
    const input = { query: { after: (() => {}) as never } }
    expect(() => api.posts.list.queryKey(input)).toThrow('cannot send a function at "query.after"')
  })
})

describe('options', () => {
  test('keep what they are given, but for the key and the function', () => {
    const api = open()
    const given = { staleTime: 5, queryKey: ['mine'], queryFn: () => [] as string[] }
    const options = api.posts.list.queryOptions({}, given)
    expect(options).toMatchObject({ staleTime: 5, queryKey: ['posts', 'list', {}] })
    expect(options.queryFn).not.toBe(given.queryFn)
  })

  test('fetch the data, or throw the error', async () => {
    const { api, cache } = openWindow(createBoard())
    expect(await cache.query(api.posts.get.queryOptions({ params: { id: '1' } }))).toEqual({
      title: 'one',
      at: new Date(0),
    })
    await expect(cache.query(api.posts.get.queryOptions({ params: { id: '7' } }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      status: 404,
      message: 'There is no such post.',
    })
  })

  test('ask once: whether to try again is TanStack’s', async () => {
    const window = openWindow(createBoard())
    window.isOffline = true
    let asked = 0
    const options = window.api.posts.list.queryOptions({}, { retry: () => ++asked < 3, retryDelay: 0 })
    await expect(window.cache.query(options)).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
    expect(asked).toBe(3)
  })

  test('pass the signal on', async () => {
    const window = openWindow(createBoard())
    window.isHolding = true
    const options = window.api.posts.list.queryOptions()
    const fetching = window.cache.query(options)
    await expect.poll(() => window.calls).toEqual(['posts.list'])
    await window.cache.cancelQueries()
    await expect(fetching).rejects.toThrow()
    expect(window.calls).toEqual(['posts.list', '-posts.list'])
    window.release()
  })

  test('mutate, or throw the error', async () => {
    const api = open()
    const { mutationFn } = api.posts.rename.mutationOptions()
    expect(await mutationFn({ params: { id: '3' }, body: { title: 'drei' } })).toBe('drei')
    const nothing = { params: { id: '3' }, body: {} } as never
    await expect(mutationFn(nothing)).rejects.toMatchObject({ code: 'VALIDATION_ERROR', status: 400 })
  })

  test('of a skipped query have nothing to fetch with', () => {
    const api = open()
    const options = api.posts.list.queryOptions(skipToken as never)
    expect(options).toMatchObject({ queryKey: ['posts', 'list', {}], queryFn: skipToken })
  })
})

describe('the client', () => {
  test('has all of the plain one', async () => {
    const api = open()
    expect((await api.posts.get.query({ params: { id: '1' } })).data?.title).toBe('one')
    expect(api.$realtime.state).toBe('idle')
    expect(String((await api.posts.rename.mutate({ params: { id: '2' }, body: { title: 'zwei' } })).data)).toBe('zwei')
  })

  test('is given again as the same, for dependencies of hooks', () => {
    const api = open()
    expect(api.posts.list).toBe(api.posts.list)
    expect(api.posts.list.useQuery).toBe(api.posts.list.useQuery)
  })

  test('reads its options when it needs them, as the plain one does', async () => {
    const seen: (string | null)[] = []
    const options = {
      baseURL: 'http://localhost',
      headers: { 'x-user': 'ann' },
      fetch: (_: string, { headers }: RequestInit) => {
        seen.push(new Headers(headers).get('x-user'))
        return Response.json({ data: [], error: null })
      },
    }
    const { posts } = createIgniterReact<Board['router']>(options)
    await posts.list.query()
    options.headers = { 'x-user': 'bob' }
    await posts.list.query()
    expect(seen).toEqual(['ann', 'bob'])
  })
})
