/**
 * Joins realtime and cache: what the server says has changed is fetched again if it is shown, and marked stale if not.
 * No knowledge of React; IgniterProvider calls it.
 */
import type { Realtime } from '@igniter-js/client'
import type { Query, QueryCacheNotifyEvent, QueryClient } from '@tanstack/react-query'
import { covers, cursorIn } from './cursor.js'
import { inputsOf, matches, sourceOf } from './key.js'

/** Begins to listen; gives the undo. To be called where there is a screen, never on a server that renders. */
export function joinCache(realtime: Realtime, client: QueryClient): () => void {
  const cache = client.getQueryCache()
  /** Fetches that took the place of another one: they may finish, however much happens meanwhile. */
  const restarted = new WeakSet<Query>()
  /** What is to be fetched again once the fetch under way has ended, and the cursor that its data must cover. */
  const again = new WeakMap<Query, string>()

  /** Data that came from elsewhere and does not say how fresh it is. */
  const unknown = new WeakSet<Query>()

  /** Of this client, or of nobody that is known: hydrated and not shown yet, or written by hand with a key like ours. */
  const mayBeOurs = (query: Query) => (sourceOf(query)?.realtime ?? realtime) === realtime
  const isOurs = (query: Query) =>
    mayBeOurs(query) && (sourceOf(query) !== undefined || cursorIn(query.state) !== undefined)

  /** Whether `query` must be fetched now to cover `cursor`. */
  const isDue = (query: Query, cursor: string): boolean => {
    const { data, fetchStatus } = query.state
    if (covers(cursorIn(query.state), cursor)) return false
    if (fetchStatus !== 'fetching') return true
    // It is about an answer that has come, so what is under way was asked for later. An infinite query asks page by page.
    if (!cursor && query.queryKey[3] !== 'infinite') return false
    if (data === undefined || restarted.has(query)) {
      again.set(query, cursor)
      return false
    }
    restarted.add(query)
    return true
  }

  /** A fetch under way is cancelled: its answer would be too old. */
  const refresh = (queries: readonly Query[]) =>
    void client.invalidateQueries({ predicate: (query) => queries.includes(query) })

  /** Has the connection begin where data from elsewhere ends, or the data fetched again if that is too late. */
  const track = (query: Query) => {
    const source = sourceOf(query)
    const cursor = cursorIn(query.state) ?? (source && unknown.has(query) ? '' : undefined)
    if (cursor === undefined || !mayBeOurs(query)) return
    const key = (source?.path ?? query.queryKey.slice(0, 2)).join('.')
    for (const input of inputsOf(query, source)) {
      realtime.track({ key, params: input?.params, query: input?.query }, cursor)
    }
  }

  const onData = (query: Query) => {
    if (query.state.data === undefined) return
    if (cursorIn(query.state) === undefined) unknown.add(query)
    track(query)
  }

  const onCacheEvent = (event: QueryCacheNotifyEvent) => {
    const { type, query } = event
    if (type === 'added') onData(query)
    if (type === 'observerAdded' && unknown.has(query)) track(query)
    if (type !== 'updated') return
    const { action } = event
    // Hydration into a query that was there. A fetch that is cancelled sets the state, too, and with it the status.
    if (action.type === 'setState' && 'data' in action.state && !('fetchStatus' in action.state)) onData(query)
    if (action.type === 'error' || (action.type === 'success' && !action.manual)) {
      // Without a cursor it was hydrated on its way; our own fetches have been tracked by the client.
      if (cursorIn(query.state) === undefined) onData(query)
      else unknown.delete(query)
      restarted.delete(query)
      const cursor = again.get(query)
      again.delete(query)
      if (cursor !== undefined) queueMicrotask(() => isDue(query, cursor) && refresh([query]))
    }
  }

  /** What could not be loaded can be now; and data that doesn't say how fresh it is may have missed something. */
  const onLive = () => {
    const all = cache.getAll().filter(isOurs)
    for (const query of all) if (unknown.has(query)) track(query)
    refresh(all.filter(({ state: { error } }) => error && !isAnswer(error)))
  }

  const undos = [
    cache.subscribe(onCacheEvent),
    realtime.onRevalidate((keys, cursor) =>
      refresh(cache.getAll().filter((query) => mayBeOurs(query) && matches(keys, query) && isDue(query, cursor))),
    ),
    realtime.onReset(() => refresh(cache.getAll().filter(isOurs))),
    realtime.onState((state) => state === 'live' && onLive()),
  ]
  cache.getAll().forEach(onData)
  return () => undos.forEach((undo) => undo())
}

/** Whether the server has judged: the same question would get the same answer. */
const isAnswer = (error: Error & { readonly status?: number }): boolean =>
  error.status !== undefined && error.status > 0 && error.status < 500
