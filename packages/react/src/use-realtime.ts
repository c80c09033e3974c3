'use client'
/** Hooks on the realtime connection of the provider above: messages of a channel, and how the connection is. */
import type { ChannelOptions, MessageHandler, RealtimeState } from '@igniter-js/client'
import { useEffect, useSyncExternalStore } from 'react'
import { useLatest } from './latest.js'
import { useNearestRealtime } from './provider.js'

/**
 * Calls `handler` with each message of `channel` while the component is mounted; always the handler of the last render,
 * which need not be memoised. Null listens to nothing. Without `onRefused`, a refused channel is silent.
 */
export function useRealtime(channel: string | null, handler: MessageHandler, options: ChannelOptions = {}): void {
  const realtime = useNearestRealtime()
  const latest = useLatest({ handler, options })
  const { event } = options
  useEffect(() => {
    if (channel === null) return
    return realtime.channel(channel).on((...message) => latest.current.handler(...message), {
      ...(event !== undefined && { event }),
      onRefused: () => latest.current.options.onRefused?.(),
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
