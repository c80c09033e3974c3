/**
 * Query keys, `[controller, action, input]`, and the way back: which action with which input a query of the cache is
 * about. options.ts makes keys; join.ts asks what the server's revalidation is compared with.
 */
import type { CallInput, Realtime } from '@igniter-js/client'
import { fromWire, keyMatches, nameOf, type RevalidateKey, toWire } from '@igniter-js/core/protocol'
import type { InfiniteData, Query } from '@tanstack/react-query'

export type Path = readonly [controller: string, action: string]

/** What a query function fetches, and for whom. */
interface Source {
  readonly realtime: Realtime
  readonly path: Path
  /** The input; of an infinite query that of a page, of the first unless given. */
  readonly inputOf: (page?: unknown) => CallInput | undefined
}

/** By query function. */
const sources = new WeakMap<object, Source>()

/** Remembers what `queryFn` fetches, and gives it back. */
export function withSource<Fn extends object>(queryFn: Fn, source: Source): Fn {
  sources.set(queryFn, source)
  return queryFn
}

export const sourceOf = ({ options }: Query): Source | undefined => sources.get(Object(options.queryFn))

/**
 * The key of a query, fit for hashing: the input with rich values (BigInt, Map, …) marked as on the wire, and without
 * what is undefined. `more` tells an infinite query's pages from a single answer. Throws CodecError for what cannot be sent.
 */
export function toQueryKey([controller, action]: Path, input: CallInput = {}, ...more: ['infinite'?]) {
  const wire = toWire(input)
  const plain =
    wire === input
      ? input
      : (JSON.parse(JSON.stringify(wire, (_, value) => (value?.$undefined ? undefined : value))) as CallInput)
  return [controller, action, plain, ...more] as const
}

/**
 * What `query` asks for, input by input: one, or those of an infinite query's pages. An input is undefined where only a
 * query function would know it. A query without a function of ours (hydrated and not shown yet, or written by hand) is
 * known by its key.
 */
export function inputsOf({ queryKey: [, , input, kind], state }: Query, source?: Source): (CallInput | undefined)[] {
  const { pageParams = [undefined] }: Partial<InfiniteData<unknown>> = kind ? Object(state.data) : {}
  if (source) return pageParams.map((page) => source.inputOf(page) ?? {})
  return [kind ? undefined : Object(fromWire(input))]
}

/** Whether `query` is about one of the keys. */
export function matches(keys: readonly RevalidateKey[], query: Query): boolean {
  const source = sourceOf(query)
  const [controller, action] = source?.path ?? query.queryKey
  return keys.some(
    (key) =>
      // By name first: it is cheap, and what is not ours may hold anything.
      keyMatches(nameOf(key), String(controller), String(action)) &&
      inputsOf(query, source).some((input) =>
        keyMatches(input ? key : nameOf(key), `${controller}`, `${action}`, input),
      ),
  )
}
