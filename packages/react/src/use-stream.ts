'use client'
/** The hook behind `api.x.y.useStream()`: reads a stream while the component is mounted, and keeps its last events. */
import type { CallError } from '@igniter-js/core'
import { useEffect, useReducer, useState } from 'react'
import { useLatest } from './realtime.js'

export interface UseStreamOptions<Event> {
  /** False ends the stream, or does not begin it. */
  readonly enabled?: boolean
  /** How many events `events` holds, at least 1; the oldest leave first. 100 unless given. */
  readonly keep?: number
  /** Called with each event. */
  readonly onEvent?: (event: Event) => unknown
}

/**
 * `idle`: not enabled, or rendered on a server. `pending`: no event yet. `ended`: by the server. `error`: see `error`.
 */
export type StreamStatus = 'idle' | 'pending' | 'live' | 'ended' | 'error'

interface StreamState<Event> {
  readonly status: StreamStatus
  /** The last events, the oldest first. */
  readonly events: readonly Event[]
  readonly error: CallError | null
}

export interface UseStreamResult<Event> extends StreamState<Event> {
  /** The last event. */
  readonly event: Event | undefined
  /** Begins the stream anew, with no events. */
  readonly restart: () => void
}

/** What options.ts makes of an action, its input and the options. */
export interface StreamOptions<Event> extends UseStreamOptions<Event> {
  /** The stream is opened anew whenever it changes. */
  readonly key: readonly unknown[]
  readonly open: (options: { readonly signal: AbortSignal }) => AsyncIterable<Event>
}

export function useStream<Event>(options: StreamOptions<Event>): UseStreamResult<Event> {
  const { enabled = true } = options
  const key = JSON.stringify(options.key)
  const [run, restart] = useReducer((run: number) => run + 1, 0)
  const [state, setState] = useState<StreamState<Event>>(idle)
  const latest = useLatest(options)

  useEffect(() => {
    if (!enabled) return setState(idle)
    const life = new AbortController()
    const { signal } = life
    let events: readonly Event[] = []
    const show = (status: StreamStatus, error: CallError | null = null) => {
      if (!signal.aborted) setState({ status, events, error })
    }
    const read = async () => {
      show('pending')
      // In strict mode the first mount is undone at once, and need not open anything.
      await undefined
      if (signal.aborted) return
      for await (const event of latest.current.open({ signal })) {
        const { keep = 100, onEvent } = latest.current
        events = [...events, event].slice(-keep)
        show('live')
        // What it throws is no error of the stream.
        if (onEvent) queueMicrotask(() => onEvent(event))
      }
      show('ended')
    }
    read().catch((error) => show('error', error))
    return () => life.abort()
  }, [key, enabled, run, latest])

  return { ...state, event: state.events.at(-1), restart }
}

const idle = { status: 'idle', events: [], error: null } as const
