/**
 * Options for TanStack Query, made of an action's calls: keys and functions for queries, infinite queries and mutations.
 * The hooks of react.ts use them; applications do for prefetching, `useQueries` and the like.
 */
import { type CallInput, type CallOptions, cursorOf, type Realtime } from '@igniter-js/client'
import type { CallResult } from '@igniter-js/core'
import type { QueryFunctionContext } from '@tanstack/react-query'
import { keepCursor } from './cursor.js'
import { type Input, type Source, toKey } from './key.js'
import type { UseStreamOptions } from './use-stream.js'

type AnyCall = (input?: CallInput, options?: CallOptions) => Promise<CallResult<unknown, string>>

/** An action of a client, its types forgotten. */
export interface ActionCalls {
  readonly realtime: Realtime
  readonly path: readonly [controller: string, action: string]
  /** Only those that fit the action lead to an answer. */
  readonly calls: {
    readonly query: AnyCall
    readonly mutate: AnyCall
    readonly stream: (input?: CallInput, options?: CallOptions) => AsyncIterable<unknown>
  }
}

const dataOf = ({ data, error }: CallResult<unknown, string>): unknown => {
  if (error) throw error
  return data
}

/** `inputOf` is given the parameter of a page, if there are pages. */
const toQueryFn = ({ calls, realtime }: ActionCalls, inputOf: Source['inputOf']) =>
  Object.assign(
    async (context: QueryFunctionContext): Promise<unknown> => {
      const result = await calls.query(inputOf(context.pageParam), { signal: context.signal })
      const data = dataOf(result)
      keepCursor(context, cursorOf(result) ?? '')
      return data
    },
    { source: { realtime, inputOf } },
  )

export const toQueryOptions = (action: ActionCalls, input?: Input, extras?: object) => ({
  ...extras,
  queryKey: toKey(action, input),
  queryFn: typeof input === 'symbol' ? input : toQueryFn(action, () => input),
})

/** `pageInput` makes the input of a page from its parameter. The key holds that of the first page. */
export const toInfiniteQueryOptions = (
  action: ActionCalls,
  pageInput: (page: unknown) => CallInput,
  extras: { readonly initialPageParam: unknown },
) => ({
  ...extras,
  queryKey: toKey(action, pageInput(extras.initialPageParam), 'infinite'),
  queryFn: toQueryFn(action, pageInput),
})

export const toMutationOptions = ({ path, calls }: ActionCalls, extras?: object) => ({
  ...extras,
  mutationKey: path,
  mutationFn: async (input: CallInput) => dataOf(await calls.mutate(input)),
})

export const toStreamOptions = (action: ActionCalls, input?: Input, extras?: UseStreamOptions<unknown>) => ({
  ...extras,
  ...(typeof input === 'symbol' && { enabled: false }),
  key: toKey(action, input),
  open: (options: CallOptions) => action.calls.stream(input as CallInput, options),
})
