/**
 * `createIgniterReact`: a client whose actions have TanStack's hooks beside their calls. This file is no client component:
 * servers use it for the options of what they prefetch, and React keeps them from calling the hooks.
 */
import { type ClientOptions, createActionProxy, createIgniterClient } from '@igniter-js/client'
import type { RouterTypes } from '@igniter-js/core'
import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useSuspenseInfiniteQuery,
  useSuspenseQuery,
} from '@tanstack/react-query'
import type { IgniterReact } from './api.js'
import { toKey } from './key.js'
import {
  type ActionCalls,
  toInfiniteQueryOptions,
  toMutationOptions,
  toQueryOptions,
  toStreamOptions,
} from './options.js'
import { useStream } from './use-stream.js'

/** As for `createIgniterClient`. How often a query is tried again is TanStack's `retry`. */
export type IgniterReactOptions = Omit<ClientOptions, 'retries'>

/** Makes something of an action and what its method is called with. */
type Make = (action: ActionCalls, ...args: never[]) => unknown
type Hook = (options: never) => unknown

/** What this package adds to an action: what is made of it, and the hook that takes that. Which actions have it, the types say. */
const methods: Readonly<Record<string, readonly [make: Make, hook?: Hook]>> = {
  __proto__: null as never,
  queryKey: [toKey],
  queryOptions: [toQueryOptions],
  infiniteQueryOptions: [toInfiniteQueryOptions],
  mutationOptions: [toMutationOptions],
  useQuery: [toQueryOptions, useQuery],
  useSuspenseQuery: [toQueryOptions, useSuspenseQuery],
  useInfiniteQuery: [toInfiniteQueryOptions, useInfiniteQuery],
  useSuspenseInfiniteQuery: [toInfiniteQueryOptions, useSuspenseInfiniteQuery],
  useMutation: [toMutationOptions, useMutation],
  useStream: [toStreamOptions, useStream],
}

/**
 * A typed client for React: `createIgniterReact<typeof AppRouter>({ baseURL })`. Has all that `createIgniterClient` gives,
 * and hooks and options for TanStack Query. Does nothing until it is used.
 */
export function createIgniterReact<R extends RouterTypes>(options: IgniterReactOptions = {}): IgniterReact<R> {
  // The client reads its options when it needs them: they stay the caller's own.
  const client = createIgniterClient(Object.create(options, { retries: { value: 0 } }))
  const { $realtime } = client
  const verb = (key: string, name: string): unknown => {
    const path = key.split('.') as [string, string]
    const calls = (client as never)[path[0]][path[1]] as ActionCalls['calls']
    const [make, hook] = methods[name] ?? []
    if (!make) return calls[name as 'query']
    return (...args: never[]) => {
      const made = make({ realtime: $realtime, path, calls }, ...args)
      return hook ? hook(made as never) : made
    }
  }
  return createActionProxy(verb, { $realtime }) as IgniterReact<R>
}
