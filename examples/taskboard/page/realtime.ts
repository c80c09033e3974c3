/**
 * Joins the server's revalidation to TanStack Query's cache: what the server says has changed is fetched again, if it is
 * shown. Also keeps what was heard, for the page to show. `@igniter-js/react` will be this file for every app.
 */
import { keyMatches, type RevalidateKey } from '@igniter-js/core/protocol'
import { QueryClient, type QueryKey } from '@tanstack/react-query'
import { api } from './api.ts'

/** Data is fresh until the server says otherwise: no polling, no refetching by guess. */
export const cache = new QueryClient({
  defaultOptions: {
    queries: { staleTime: Infinity, retry: false, networkMode: 'always', refetchOnWindowFocus: false },
    mutations: { retry: false, networkMode: 'always' },
  },
})

export type ConnectionState = 'connecting' | 'live' | 'offline' | 'denied'

/** One thing that the server told this window, or that happened to the connection. */
export interface Heard {
  readonly id: number
  readonly at: Date
  readonly kind: 'connected' | 'refresh' | 'reset' | 'lost'
  readonly text: string
}

export interface RealtimeView {
  readonly state: ConnectionState
  /** When the window was live for the last time. */
  readonly since: Date | null
  /** The latest first, five at most. */
  readonly heard: readonly Heard[]
}

let view: RealtimeView = { state: 'connecting', since: null, heard: [] }
let count = 0
const listeners = new Set<() => void>()

function show(change: Partial<RealtimeView>): void {
  view = { ...view, ...change }
  for (const listener of listeners) listener()
}

function hear(kind: Heard['kind'], text: string): void {
  show({ heard: [{ id: ++count, at: new Date(), kind, text }, ...view.heard].slice(0, 5) })
}

const matches = (key: RevalidateKey, [controller, action, input]: QueryKey) =>
  keyMatches(key, String(controller), String(action), input ?? {})

api.$realtime.onRevalidate((keys) => {
  hear('refresh', keys.map((key) => (typeof key === 'string' ? key : key.key)).join(', '))
  void cache.invalidateQueries({ predicate: ({ queryKey }) => keys.some((key) => matches(key, queryKey)) })
})

api.$realtime.onReset(() => {
  hear('reset', 'fetched everything again')
  void cache.invalidateQueries()
})

api.$realtime.onState((state) => {
  const before = view.state
  const now = state === 'idle' ? 'connecting' : state
  show({ state: now, since: before === 'live' ? new Date() : view.since })
  if (now === 'live') {
    hear('connected', 'listening for changes')
    // What could not be loaded before can be now.
    void cache.refetchQueries({ predicate: ({ state: { status } }) => status === 'error' })
  } else if (now === 'offline' && before !== now) {
    hear('lost', 'the server is out of reach')
  }
})

/** For useSyncExternalStore. */
export const realtime = {
  snapshot: () => view,
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}
