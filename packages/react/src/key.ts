/**
 * Query keys, `[controller, action, input]`, and the way back: which action with which input a query of the cache is
 * about. options.ts makes keys; join.ts asks what the server's revalidation is compared with.
 */
import type { CallInput, Realtime } from '@igniter-js/client'
import { decodeAnswer, keyMatches, nameOf, type RevalidateKey, toWire } from '@igniter-js/core/protocol'
import type { InfiniteData, Query, SkipToken } from '@tanstack/react-query'

/** An action's input. The skip token, a symbol, is none yet. */
export type Input = CallInput | SkipToken | undefined

/** Where the answers of a query come from; a property of its function. */
export interface Source {
  readonly realtime: Realtime
  /** The input; of an infinite query that of a page. */
  readonly inputOf: (page: unknown) => CallInput | undefined
}

/** Undefined for queries of others, and for those without a function: hydrated, and not shown yet. */
export const sourceOf = ({ options }: Query): Source | undefined => Object(options.queryFn).source

/**
 * The key of a query, fit for hashing: the input with rich values (BigInt, Map, …) marked as on the wire, and without
 * what is undefined. `kind` tells an infinite query's pages from a single answer. Throws CodecError for what cannot be sent.
 */
export function toKey({ path }: { readonly path: readonly [string, string] }, input?: Input, ...kind: 'infinite'[]) {
  const wire = toWire(typeof input === 'object' ? input : {})
  // The codec marks what is undefined, too.
  const text = JSON.stringify(wire, (_, value) => (value?.$undefined ? undefined : value))
  return [...path, JSON.parse(text), ...kind] as const
}

/**
 * What `query` asks for: one input, or those of an infinite query's pages. Undefined for pages whose function is not known
 * yet: they are judged by their name.
 */
export function inputsOf(query: Query): (CallInput | undefined)[] {
  const [, , input = {}, kind] = query.queryKey
  const { pageParams }: Partial<InfiniteData<unknown>> = Object(kind && query.state.data)
  if (!pageParams) return [decodeAnswer(JSON.stringify(input)) as CallInput]
  return pageParams.map((page) => sourceOf(query)?.inputOf(page))
}

/** Whether `query` is about one of the keys. */
export function matches(keys: readonly RevalidateKey[], query: Query): boolean {
  const [controller, action] = query.queryKey as [string, string]
  const match = (key: RevalidateKey, input?: CallInput) => keyMatches(key, controller, action, input)
  return keys.some(
    (key) =>
      // By name first: it is cheap, and what is not ours may hold anything.
      match(nameOf(key)) && inputsOf(query).some((input) => !input || match(key, input)),
  )
}
