/**
 * `createIgniterReact`: a client whose actions have TanStack's hooks beside their calls. This file is no client component:
 * servers use it for the options of what they prefetch, and React keeps them from calling the hooks.
 */
import { type ClientOptions, createActionProxy, createIgniterClient } from '@igniter-js/client'
import type { RouterTypes } from '@igniter-js/core'
import {
  hashKey,
  skipToken,
  type UseInfiniteQueryOptions,
  type UseQueryOptions,
  type UseSuspenseInfiniteQueryOptions,
  type UseSuspenseQueryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useSuspenseInfiniteQuery,
  useSuspenseQuery,
} from '@tanstack/react-query'
import type { IgniterReact } from './api.js'
import { toQueryKey } from './key.js'
import { type ActionCalls, toInfiniteQueryOptions, toMutationOptions, toQueryOptions } from './options.js'
import { type UseStreamOptions, useStream } from './use-stream.js'

/** As for `createIgniterClient`. How often a query is tried again is TanStack's `retry`. */
export type IgniterReactOptions = Omit<ClientOptions, 'retries'>

type Rest<Fn> = Fn extends (action: never, ...rest: infer Args) => unknown ? Args : never
type QueryArgs = Rest<typeof toQueryOptions>
type InfiniteArgs = Rest<typeof toInfiniteQueryOptions>
type MutationArgs = Rest<typeof toMutationOptions>
type StreamArgs = [input?: QueryArgs[0], options?: UseStreamOptions<unknown>]

/** What this package adds to an action, by name. Which actions have it, the types say. */
const verbs: Readonly<Record<string, (action: ActionCalls) => unknown>> = {
  __proto__: null as never,
  queryKey:
    ({ path }) =>
    (...args: Rest<typeof toQueryKey>) =>
      toQueryKey(path, ...args),
  queryOptions: (action) => toQueryOptions.bind(null, action),
  infiniteQueryOptions: (action) => toInfiniteQueryOptions.bind(null, action),
  mutationOptions: (action) => toMutationOptions.bind(null, action),
  useQuery:
    (action) =>
    (...args: QueryArgs) =>
      useQuery(toQueryOptions(action, ...args) as UseQueryOptions),
  useSuspenseQuery:
    (action) =>
    (...args: QueryArgs) =>
      useSuspenseQuery(toQueryOptions(action, ...args) as UseSuspenseQueryOptions),
  useInfiniteQuery:
    (action) =>
    (...args: InfiniteArgs) =>
      useInfiniteQuery(toInfiniteQueryOptions(action, ...args) as unknown as UseInfiniteQueryOptions),
  useSuspenseInfiniteQuery:
    (action) =>
    (...args: InfiniteArgs) =>
      useSuspenseInfiniteQuery(toInfiniteQueryOptions(action, ...args) as unknown as UseSuspenseInfiniteQueryOptions),
  useMutation:
    (action) =>
    (...args: MutationArgs) =>
      useMutation(toMutationOptions(action, ...args)),
  useStream:
    (action) =>
    (...args: StreamArgs) =>
      useActionStream(action, ...args),
}

function useActionStream({ path, calls }: ActionCalls, given?: QueryArgs[0], options?: UseStreamOptions<unknown>) {
  const isSkipped = given === skipToken
  const input = isSkipped ? undefined : given
  const open = (how: { readonly signal: AbortSignal }) => calls.stream(input, how)
  return useStream(hashKey(toQueryKey(path, input)), open, isSkipped ? { ...options, enabled: false } : options)
}

/**
 * A typed client for React: `createIgniterReact<typeof AppRouter>({ baseURL })`. Has all that `createIgniterClient` gives,
 * and hooks and options for TanStack Query. Does nothing until it is used.
 */
export function createIgniterReact<R extends RouterTypes>(options: IgniterReactOptions = {}): IgniterReact<R> {
  // The client reads its options when it needs them: they stay the caller's own.
  const client = createIgniterClient(Object.assign(Object.create(options), { retries: 0 }))
  const realtime = client.$realtime
  const verb = (key: string, name: string): unknown => {
    const [controller = '', action = ''] = key.split('.')
    const calls = (client as never)[controller][action] as ActionCalls['calls']
    return verbs[name]?.({ realtime, path: [controller, action], calls }) ?? calls[name as 'query']
  }
  return createActionProxy(verb, { $realtime: realtime }) as IgniterReact<R>
}
