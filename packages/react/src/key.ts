/**
 * Query keys, `[controller, action, input]`, and the way back: which action with which input a query of the cache is
 * about. options.ts makes keys; join.ts asks what the server's revalidation is compared with.
 */
import type { CallInput, Realtime } from '@igniter-js/client'
import { decodeAnswer, keyMatches, nameOf, type RevalidateKey, toWire } from '@igniter-js/core/protocol'
import type { InfiniteData, Query, QueryOptions, SkipToken } from '@tanstack/react-query'

/** An action's input. The skip token, a symbol, is none yet. */
export type Input = CallInput | SkipToken | undefined

export type Path = readonly [controller: string, action: string]

/** What a query function of ours fetches, and for whom; a property of the function. */
export interface Source {
  readonly realtime: Realtime
  readonly path: Path
  /** The input; of an infinite query that of a page, of the first unless given. */
  readonly inputOf: (page?: unknown) => CallInput | undefined
}

export const sourceOf = ({ queryFn }: QueryOptions): Source | undefined => Object(queryFn).source

/** What would be the path of any query; texts if it is ours. */
export const pathOf = (query: Query) => sourceOf(query.options)?.path ?? (query.queryKey.slice(0, 2) as unknown as Path)

/**
 * The key of a query, fit for hashing: the input with rich values (BigInt, Map, …) marked as on the wire, and without
 * what is undefined. `kind` tells an infinite query's pages from a single answer. Throws CodecError for what cannot be sent.
 */
export function toKey({ path: [controller, action] }: Pick<Source, 'path'>, input?: Input, ...kind: 'infinite'[]) {
  const wire = toWire(typeof input === 'object' ? input : {})
  // The codec marks what is undefined, too.
  const text = JSON.stringify(wire, (_, value) => (value?.$undefined ? undefined : value))
  return [controller, action, JSON.parse(text), ...kind] as const
}

/**
 * What `query` asks for: one input, or those of an infinite query's pages. A query without a function of ours (hydrated
 * and not shown yet, or written by hand) is known by its key, an infinite one only by its name.
 */
export function inputsOf(query: Query): (CallInput | undefined)[] {
  const source = sourceOf(query.options)
  const [, , input = {}, kind] = query.queryKey
  if (!source) return [kind ? undefined : (decodeAnswer(JSON.stringify(input)) as CallInput)]
  const { pageParams = [undefined] } = Object(kind && query.state.data) as Partial<InfiniteData<unknown>>
  return pageParams.map((page) => source.inputOf(page) ?? {})
}

/** Whether `query` is about one of the keys. */
export function matches(keys: readonly RevalidateKey[], query: Query): boolean {
  const [controller, action] = pathOf(query)
  const match = (key: RevalidateKey, input?: CallInput) => keyMatches(key, controller, action, input)
  return keys.some(
    (key) =>
      // By name first: it is cheap, and what is not ours may hold anything.
      match(nameOf(key)) && inputsOf(query).some((input) => !input || match(key, input)),
  )
}
