/**
 * The one connection to `/~/realtime`: opened, watched, reopened for ever with backoff until it is stopped. It knows how
 * to stay connected; what travels on it is for its host, realtime.ts.
 */
import { encode, type Grants, type ReadyFrame } from '@igniter-js/core/protocol'
import { readAnswer } from '../answer.js'
import type { CallerOptions } from '../call.js'
import type { IgniterClientError } from '../error.js'
import { readEvents } from '../events.js'
import { backoff, pause } from '../ports.js'
import type { OutgoingRequest } from '../transport.js'
import { listenForWake } from './wake.js'

/** `denied`: the server wants someone who may connect. `offline`: the last attempt failed, or the browser is offline. */
export type ConnectionState = 'connecting' | 'live' | 'offline' | 'denied'

/** What opens a connection. */
export interface ConnectRequest {
  readonly channels: readonly string[]
  readonly scopes?: readonly string[]
  /** Where in the log to begin; now, when it is left out. */
  readonly cursor?: string
}

export interface Host {
  /** What to ask for, once it can be known. */
  request(): Promise<ConnectRequest>
  /** The channels that are listened to now. */
  channels(): readonly string[]
  /** A frame, or a block that only says by its id that all up to there has been heard. */
  onFrame(event: string | undefined, data: unknown, id: string | undefined): void
  /** The server refuses these channels. */
  onRefused(channels: readonly string[]): void
  /** Has the application mend what the server denies: whether it did. Never resolves when there is nobody to ask. */
  onDenied(): Promise<boolean>
  onState(state: ConnectionState): void
}

export interface Connection {
  /** Tells the server which channels changed. Never reopens. */
  update(): Promise<void>
  /** Connects anew, at once. */
  again(): void
  stop(): void
}

export function openConnection({ send, ports, prefix }: CallerOptions, host: Host): Connection {
  const life = new AbortController()
  /** Ends what is under way: an attempt, or the wait for the next. */
  let current = life
  /** Whether the next attempt must not wait. */
  let isUrgent = true
  let isUpdating = false
  /** The connection's secret; empty while it is not live. */
  let id = ''
  /** Channels that the server was asked for. */
  let asked: readonly string[] = []
  /** Milliseconds between the server's heartbeats. Without a byte for two and a half of them, it reconnects. */
  let heartbeat = 15_000
  let lastByte = 0
  let calm = () => {}

  const post = (child: string, body: unknown): OutgoingRequest => ({
    method: 'POST',
    path: `${prefix}realtime${child}`,
    body: encode(body),
    signal: current.signal,
  })
  const watch = () => {
    lastByte = ports.now()
    calm()
    calm = ports.after(heartbeat * 2.5, () => current.abort())
  }
  const again = () => {
    isUrgent = true
    current.abort()
  }

  const update = async (): Promise<void> => {
    const wanted = host.channels()
    const subscribe = wanted.filter((channel) => !asked.includes(channel))
    const unsubscribe = asked.filter((channel) => !wanted.includes(channel))
    if (!id || isUpdating || !(subscribe[0] ?? unsubscribe[0])) return
    const attempt = current
    isUpdating = true
    asked = wanted
    try {
      const request = post(`/${id}`, { subscribe, unsubscribe })
      const { data, error } = await readAnswer(request, await send(request))
      if (error && error.status !== 400) throw error
      host.onRefused(error ? subscribe : (data as Grants).denied)
    } catch {
      // It is gone, or nobody knows what the server understood.
      attempt.abort()
    }
    isUpdating = false
    await update()
  }

  const run = async (): Promise<void> => {
    for (let failures = 0; !life.signal.aborted; failures++) {
      if (isUrgent) host.onState('connecting')
      const wanted = await host.request()
      if (life.signal.aborted) return
      const { signal } = (current = new AbortController())
      isUrgent = false
      asked = wanted.channels
      let wait: number | undefined
      let state: ConnectionState = 'offline'
      watch()
      try {
        for await (const { event, data, id: position, retry } of readEvents(send, post('', wanted))) {
          // Whoever was to hear it may have gone: it must come again.
          if (signal.aborted) break
          watch()
          wait = retry ?? wait
          host.onFrame(event, data, position)
          if (event !== 'ready') continue
          const ready = data as ReadyFrame
          id = ready.connection
          heartbeat = ready.heartbeat ?? heartbeat
          failures = 0
          host.onState('live')
          host.onRefused(ready.channels.denied)
          void update()
        }
      } catch (error) {
        if ([401, 403].includes((error as IgniterClientError).status)) state = 'denied'
      }
      if (id) state = 'connecting'
      id = ''
      calm()
      // What has not been read is not wanted any more.
      current.abort()
      if (isUrgent) continue
      const rest = (current = new AbortController()).signal
      lastByte = -Infinity
      host.onState(state)
      // New credentials are tried at once, but not again and again.
      const isMended = state === 'denied' && (await Promise.race([host.onDenied(), pause(ports, undefined, rest)]))
      if (!isMended || failures) await pause(ports, backoff(ports, failures, wait), rest)
    }
  }
  void run()
  listenForWake(
    life.signal,
    () => {
      if (ports.now() - lastByte > heartbeat * 1.5) again()
    },
    () => {
      id = ''
      host.onState('offline')
      current.abort()
    },
  )
  return {
    update,
    again,
    stop() {
      life.abort()
      again()
    },
  }
}
