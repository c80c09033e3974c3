/** Keeps what the server told this window, and when it was live for the last time, for the page to show. */
import type { RealtimeState } from '@igniter-js/client'
import { useSyncExternalStore } from 'react'
import { api } from './api.ts'

/** One thing that the server told this window, or that happened to the connection. */
export interface Heard {
  readonly id: number
  readonly at: Date
  readonly kind: 'connected' | 'refresh' | 'reset' | 'lost'
  readonly text: string
}

interface View {
  /** When the window was live for the last time. */
  readonly since: Date | null
  /** The latest first, five at most. */
  readonly heard: readonly Heard[]
}

let view: View = { since: null, heard: [] }
let before: RealtimeState = 'idle'
let count = 0
const listeners = new Set<() => void>()

function show(change: Partial<View>): void {
  view = { ...view, ...change }
  for (const listener of listeners) listener()
}

function hear(kind: Heard['kind'], text: string): void {
  show({ heard: [{ id: ++count, at: new Date(), kind, text }, ...view.heard].slice(0, 5) })
}

api.$realtime.onRevalidate((keys) =>
  hear('refresh', keys.map((key) => (typeof key === 'string' ? key : key.key)).join(', ')),
)
api.$realtime.onReset(() => hear('reset', 'fetched everything again'))
api.$realtime.onState((now) => {
  if (before === 'live') show({ since: new Date() })
  if (now === 'live') hear('connected', 'listening for changes')
  else if (now === 'offline' && before !== now) hear('lost', 'the server is out of reach')
  before = now
})

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useHeard = (): View => useSyncExternalStore(subscribe, () => view)
