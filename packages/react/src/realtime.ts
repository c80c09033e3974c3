'use client'
/** `IgniterProvider`, one at the root, joins a client's realtime to the cache below it; and the hooks on that realtime. */
import type { ChannelOptions, MessageHandler, Realtime, RealtimeState } from '@igniter-js/client'
import { QueryClient, QueryClientContext, QueryClientProvider } from '@tanstack/react-query'
import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useSyncExternalStore,
} from 'react'
import { joinCache } from './join.js'

export interface IgniterProviderProps {
  /** What `createIgniterReact` gave. */
  readonly client: { readonly $realtime: Realtime }
  /** The cache to be kept fresh. Unless given, that of the QueryClientProvider above; without one, a new one. */
  readonly queryClient?: QueryClient
  /** Narrows what is heard to these of the scopes that the server grants; none, as unless given, leaves all of them. */
  readonly scopes?: readonly string[]
  readonly children?: ReactNode
}

const RealtimeContext = createContext<Realtime | null>(null)

function useNearestRealtime(): Realtime {
  const realtime = useContext(RealtimeContext)
  if (!realtime) throw new Error('Put an <IgniterProvider client={api}> above this.')
  return realtime
}

/** Caches of clients that were given none. Not a component's state, which is lost when React suspends and begins anew. */
const caches = new WeakMap<Realtime, QueryClient>()

function cacheOf(realtime: Realtime): QueryClient {
  const cache = caches.get(realtime) ?? new QueryClient()
  // A server renders for many users, and must not keep what it has fetched for one.
  if (typeof window === 'object') caches.set(realtime, cache)
  return cache
}

/** Makes the screen follow the server. On a server that renders it only passes the cache on. */
export function IgniterProvider({ client, queryClient, scopes = [], children }: IgniterProviderProps): ReactNode {
  const realtime = client.$realtime
  const above = useContext(QueryClientContext)
  const cache = queryClient ?? above ?? cacheOf(realtime)
  // The client knows whether they have changed.
  useEffect(() => realtime.declareScopes(scopes))
  useEffect(() => joinCache(realtime, cache), [realtime, cache])
  return createElement(
    QueryClientProvider,
    { client: cache },
    createElement(RealtimeContext.Provider, { value: realtime }, children),
  )
}

/** The value of the last render that was committed, for what hooks call later. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value)
  useEffect(() => {
    latest.current = value
  })
  return latest
}

/**
 * Calls `handler` with each message of `channel` while the component is mounted; always the handler of the last render,
 * which need not be memoised. Null listens to nothing. Without `onRefused`, a refused channel is silent.
 * Throws where there is no provider above, as the other hook does.
 */
export function useRealtime(channel: string | null, handler: MessageHandler, options: ChannelOptions = {}): void {
  const realtime = useNearestRealtime()
  const latest = useLatest({ handler, ...options })
  const { event } = options
  useEffect(() => {
    if (channel === null) return
    return realtime.channel(channel).on((data, message) => latest.current.handler(data, message), {
      event,
      onRefused: () => latest.current.onRefused?.(),
    })
  }, [realtime, channel, event, latest])
}

/** How the connection is: `idle` until something is listened to, and on a server that renders. */
export function useConnectionState(): RealtimeState {
  const realtime = useNearestRealtime()
  return useSyncExternalStore(
    realtime.onState,
    () => realtime.state,
    () => 'idle',
  )
}
