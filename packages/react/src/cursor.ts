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

/** Undefined for data that nobody has fetched through this package; empty where it is not known how fresh it is. */
export const cursorIn = ({ state }: Query): string | undefined => (state as CursorState).igniterCursor

export const setCursor = (query: Query, igniterCursor: string): void =>
  query.setState({ igniterCursor } as Partial<QueryState>)

/** Whether data with `cursor` holds what has happened up to `event`; no, where either is not known. */
export const covers = (cursor = '', event = ''): boolean => (compareCursors(cursor, event) ?? -1) >= 0

/** Fetches that have brought an answer, by their signals. */
const fetched = new WeakSet<AbortSignal>()

interface Fetch {
  readonly client: QueryClient
  readonly queryKey: QueryKey
  readonly signal: AbortSignal
}

/** Notes that an answer of this fetch covers `cursor`. A query of several pages covers as much as the oldest of them. */
export function keepCursor({ client, queryKey, signal }: Fetch, cursor: string): void {
  const query = client.getQueryCache().get(client.defaultQueryOptions({ queryKey }).queryHash)
  if (!query) return
  const isMore = fetched.has(signal) || Object(query.state.fetchMeta).fetchMore
  fetched.add(signal)
  if (!isMore || !covers(cursor, cursorIn(query))) setCursor(query, cursor)
}
