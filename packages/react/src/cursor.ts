/**
 * The cursor of a query's data, the log position that it covers (`igniter-cursor`). It is kept in the query's state, as
 * one more field beside `dataUpdatedAt`: TanStack carries the state along whole, so that dehydration, persistence and
 * any serializer of theirs bring it to where the data goes. options.ts writes it, join.ts reads it.
 */
import { compareCursors } from '@igniter-js/core/protocol'
import type { Query, QueryClient, QueryKey, QueryState } from '@tanstack/react-query'

interface CursorState {
  readonly igniterCursor?: string
}

/** Undefined for data that this package did not fetch, here or on a server; empty where the server did not say. */
export const cursorIn = (state: object): string | undefined => (state as CursorState).igniterCursor

/** Whether data with `cursor` holds what has happened up to `event`. */
export const covers = (cursor: string | undefined, event: string): boolean =>
  (compareCursors(cursor ?? '', event) ?? -1) >= 0

/** The earlier one; empty when nobody knows which that is. */
const earlier = (a: string, b: string): string => {
  const order = compareCursors(a, b)
  return order === null ? '' : order < 0 ? a : b
}

/** Of the pages that a fetch has brought so far, by the signal of the fetch. */
const fetched = new WeakMap<AbortSignal, string>()

interface Fetch {
  readonly client: QueryClient
  readonly queryKey: QueryKey
  readonly signal: AbortSignal
}

/** Notes that an answer of this fetch covers `cursor`. A query of several pages covers as much as the oldest of them. */
export function keepCursor({ client, queryKey, signal }: Fetch, cursor: string): void {
  const query: Query | undefined = client.getQueryCache().get(client.defaultQueryOptions({ queryKey }).queryHash)
  if (!query) return
  const isMore = Object(query.state.fetchMeta).fetchMore
  const before = isMore ? cursorIn(query.state) : fetched.get(signal)
  const igniterCursor = before === undefined ? cursor : earlier(before, cursor)
  fetched.set(signal, igniterCursor)
  query.setState({ igniterCursor } as Partial<QueryState>)
}
