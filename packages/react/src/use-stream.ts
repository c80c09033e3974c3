'use client'
/** The hook behind `api.x.y.useStream()`: reads a stream while the component is mounted, and keeps its last events. */
import type { CallError } from '@igniter-js/core'
import { useCallback, useEffect, useState } from 'react'
import { useLatest } from './latest.js'

export interface UseStreamOptions<Event> {
  /** False ends the stream, or does not begin it. */
  readonly enabled?: boolean
  /** How many events `events` holds, the oldest leave first. 100 unless given; 0 keeps none but `event`. */
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
  /** The last event. */
  readonly event: Event | undefined
  /** The last events, the oldest first. */
  readonly events: readonly Event[]
  readonly error: CallError | null
}

export interface UseStreamResult<Event> extends StreamState<Event> {
  /** Begins the stream anew, with no events. */
  readonly restart: () => void
}

type Open<Event> = (options: { readonly signal: AbortSignal }) => AsyncIterable<Event>

/** Opens the stream anew whenever `key` changes. */
export function useStream<Event>(
  key: string,
  open: Open<Event>,
  { enabled = true, keep = 100, onEvent }: UseStreamOptions<Event> = {},
): UseStreamResult<Event> {
  const [run, setRun] = useState(0)
  const [state, setState] = useState<StreamState<Event>>(() => begin('idle'))
  const latest = useLatest({ open, keep, onEvent })

  useEffect(() => {
    setState(begin(enabled ? 'pending' : 'idle'))
    if (!enabled) return
    const life = new AbortController()
    const { signal } = life
    const read = async () => {
      // In strict mode the first mount is undone at once, and need not open anything.
      await undefined
      if (signal.aborted) return
      for await (const event of latest.current.open({ signal })) {
        if (signal.aborted) return
        const { keep, onEvent } = latest.current
        setState(({ events }) => ({
          status: 'live',
          event,
          events: keep > 0 ? [...events, event].slice(-keep) : [],
          error: null,
        }))
        // What it throws is no error of the stream.
        if (onEvent) queueMicrotask(() => onEvent(event))
      }
    }
    const end = (status: StreamStatus, error: CallError | null) => {
      if (!signal.aborted) setState((state) => ({ ...state, status, error }))
    }
    read().then(
      () => end('ended', null),
      (error) => end('error', error),
    )
    return () => life.abort()
  }, [key, enabled, run, latest])

  const restart = useCallback(() => setRun((run) => run + 1), [])
  return { ...state, restart }
}

const begin = (status: StreamStatus) => ({ status, event: undefined, events: [], error: null })
