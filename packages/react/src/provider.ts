'use client'
/** `IgniterProvider`: one at the root joins a client's realtime to the cache below it. The realtime hooks ask it for both. */
import type { Realtime } from '@igniter-js/client'
import { QueryClient, QueryClientContext, QueryClientProvider } from '@tanstack/react-query'
import { createContext, createElement, type ReactNode, useContext, useEffect, useState } from 'react'
import { joinCache } from './join.js'

export interface IgniterProviderProps {
  /** What `createIgniterReact` gave. */
  readonly client: { readonly $realtime: Realtime }
  /**
   * The cache to be kept fresh. Unless given, that of the QueryClientProvider above; without one, a cache is made whose
   * data is fresh until the server says otherwise (`staleTime: Infinity`).
   */
  readonly queryClient?: QueryClient
  /** Narrows what is heard to these of the scopes that the server grants; all of them unless given. */
  readonly scopes?: readonly string[]
  readonly children?: ReactNode
}

const RealtimeContext = createContext<Realtime | null>(null)

/** The realtime of the provider above. Throws where there is none. */
export function useNearestRealtime(): Realtime {
  const realtime = useContext(RealtimeContext)
  if (!realtime)
    throw new Error('There is no <IgniterProvider client={api}> above this component. Put one at the root.')
  return realtime
}

/** In a browser one for each client: a state would be lost when React suspends above it and begins anew. */
const caches = new WeakMap<object, QueryClient>()

function makeCache(owner: object): QueryClient {
  const cache = caches.get(owner) ?? new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  if (typeof window !== 'undefined') caches.set(owner, cache)
  return cache
}

function useCache(given: QueryClient | undefined, owner: object): QueryClient {
  const above = useContext(QueryClientContext)
  const [made] = useState(() => given ?? above ?? makeCache(owner))
  return given ?? above ?? made
}

/** Makes the screen follow the server. On a server that renders it only passes the cache on. */
export function IgniterProvider({ client, queryClient, scopes, children }: IgniterProviderProps): ReactNode {
  const realtime = client.$realtime
  const cache = useCache(queryClient, realtime)
  const declared = scopes && JSON.stringify(scopes)

  useEffect(() => {
    if (!declared) return
    realtime.declareScopes(JSON.parse(declared))
    return () => realtime.declareScopes([])
  }, [realtime, declared])

  useEffect(() => joinCache(realtime, cache), [realtime, cache])

  return createElement(
    QueryClientProvider,
    { client: cache },
    createElement(RealtimeContext.Provider, { value: realtime }, children),
  )
}
