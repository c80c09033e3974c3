/**
 * Joins realtime and cache: what the server says has changed is fetched again if it is shown, and marked stale if not.
 * No knowledge of React; IgniterProvider calls it.
 */
import type { Realtime } from '@igniter-js/client'
import type { Query, QueryCacheNotifyEvent, QueryClient } from '@tanstack/react-query'
import { covers, cursorIn, setCursor } from './cursor.js'
import { inputsOf, matches, sourceOf } from './key.js'

/** Begins to listen; gives the undo. To be called where there is a screen, never on a server that renders. */
export function joinCache(realtime: Realtime, client: QueryClient): () => void {
  const cache = client.getQueryCache()
  /**
   * How much data a query had when a fetch of it was cancelled for a later one: that one may end, however much happens
   * meanwhile.
   */
  const restarted = new WeakMap<Query, number>()

  /** Of this client; or hydrated and not shown yet, so that nobody knows. */
  const isOurs = (query: Query) => !query.options.queryFn || sourceOf(query)?.realtime === realtime

  /** Cancels what is under way: its answer would be too old. */
  const refresh = (isStale: (query: Query) => unknown) => {
    const stale = cache.getAll().filter(isStale)
    void client.invalidateQueries({ predicate: (query) => stale.includes(query) })
  }

  /** Whether `query` must be fetched now to cover `cursor`. */
  const isDue = (query: Query, cursor: string): boolean => {
    const { fetchStatus, dataUpdateCount } = query.state
    if (covers(cursorIn(query), cursor)) return false
    if (fetchStatus !== 'fetching') return true
    // The client finds an answer that came too old, and says so without a cursor: what is under way then was asked for
    // later. An infinite query has many answers, and begins anew.
    if (!query.queryKey[3] && (!cursor || restarted.get(query) === dataUpdateCount)) return false
    restarted.set(query, dataUpdateCount)
    return true
  }

  /** Has the connection begin where data from elsewhere ends, or the data fetched again if that is too late. */
  const track = (query: Query) => {
    const cursor = cursorIn(query)
    if (cursor !== undefined)
      realtime.track({ ...inputsOf(query)[0], key: query.queryKey.slice(0, 2).join('.') }, cursor)
  }

  const onData = (query: Query) => {
    if (query.state.data === undefined || !isOurs(query)) return
    if (cursorIn(query) === undefined) setCursor(query, '')
    track(query)
  }

  const onCacheEvent = (event: QueryCacheNotifyEvent) => {
    const { query } = event
    const action = event.type === 'updated' ? event.action : undefined
    // Data has come from elsewhere: to a new query; on its way, since our own fetches leave a cursor; or to a query that
    // was there. A fetch that is cancelled sets the state, too, but with the fetch's status.
    if (
      event.type === 'added' ||
      (action?.type === 'success' && !action.manual && cursorIn(query) === undefined) ||
      (action?.type === 'setState' && 'data' in action.state && !('fetchStatus' in action.state))
    ) {
      onData(query)
    }
  }

  const undos = [
    cache.subscribe(onCacheEvent),
    realtime.onRevalidate((keys, cursor) => refresh((query) => matches(keys, query) && isDue(query, cursor))),
    realtime.onReset(() => refresh(isOurs)),
    realtime.onState((state) => {
      if (state !== 'live') return
      cache.getAll().forEach((query) => cursorIn(query) || track(query))
      // What could not be loaded can be now; what the server refused (4xx) it would refuse again.
      refresh((query) => isOurs(query) && query.state.error && !`${Object(query.state.error).status}`.startsWith('4'))
    }),
  ]
  cache.getAll().forEach(onData)
  return () => undos.forEach((undo) => undo())
}
