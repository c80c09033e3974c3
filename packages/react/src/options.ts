/**
 * Options for TanStack Query, made of an action's calls: keys and functions for queries, infinite queries and mutations.
 * The hooks of react.ts use them; applications do for prefetching, `useQueries` and the like.
 */
import { type CallInput, type CallOptions, cursorOf, type Realtime } from '@igniter-js/client'
import type { CallResult } from '@igniter-js/core'
import { type QueryFunctionContext, skipToken } from '@tanstack/react-query'
import { keepCursor } from './cursor.js'
import { type Path, toQueryKey, withSource } from './key.js'

type AnyCall = (input?: CallInput, options?: CallOptions) => Promise<CallResult<unknown, string>>

/** An action of a client, its types forgotten. */
export interface ActionCalls {
  readonly realtime: Realtime
  readonly path: Path
  /** Only those that fit the action lead to an answer. */
  readonly calls: {
    readonly query: AnyCall
    readonly mutate: AnyCall
    readonly stream: (input?: CallInput, options?: CallOptions) => AsyncIterable<unknown>
  }
}

/** The data of an answer; throws the error that was answered instead. */
async function fetchData({ calls }: ActionCalls, input: CallInput | undefined, context: QueryFunctionContext) {
  const result = await calls.query(input, { signal: context.signal })
  if (result.error) throw result.error
  keepCursor(context, cursorOf(result) ?? '')
  return result.data
}

export function toQueryOptions(action: ActionCalls, input?: CallInput | typeof skipToken, extras?: object) {
  const { realtime, path } = action
  if (input === skipToken) return { ...extras, queryKey: toQueryKey(path), queryFn: skipToken }
  const queryFn = (context: QueryFunctionContext) => fetchData(action, input, context)
  const source = { realtime, path, inputOf: () => input }
  return { ...extras, queryKey: toQueryKey(path, input), queryFn: withSource(queryFn, source) }
}

/** `pageInput` makes the input of a page from its parameter. The key holds that of the first page. */
export function toInfiniteQueryOptions(
  action: ActionCalls,
  pageInput: (page: unknown) => CallInput,
  extras: { readonly initialPageParam: unknown },
) {
  const { realtime, path } = action
  const inputOf = (page = extras.initialPageParam) => pageInput(page)
  const queryFn = (context: QueryFunctionContext) => fetchData(action, inputOf(context.pageParam), context)
  const queryKey = toQueryKey(path, inputOf(), 'infinite')
  return { ...extras, queryKey, queryFn: withSource(queryFn, { realtime, path, inputOf }) }
}

export const toMutationOptions = ({ path, calls }: ActionCalls, extras?: object) => ({
  ...extras,
  mutationKey: path,
  async mutationFn(input: CallInput | void): Promise<unknown> {
    const { data, error } = await calls.mutate(input ?? undefined)
    if (error) throw error
    return data
  },
})
