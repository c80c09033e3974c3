/**
 * The one connection to `/~/realtime`: opened, watched, reopened for ever with backoff until it is stopped. It knows how
 * to stay connected; what travels on it is for its host, realtime.ts.
 */
import { encode, type Grants, type ReadyFrame } from '@igniter-js/core/protocol'
import { readAnswer } from '../answer.js'
import type { IgniterClientError } from '../error.js'
import { readEvents } from '../events.js'
import { backoff, pause, type Ports } from '../ports.js'
import type { Send } from '../transport.js'
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
  readonly send: Send
  readonly ports: Ports
  /** The address of the endpoint. */
  readonly path: string
  /** Milliseconds between the server's heartbeats. Without a byte for two and a half of them, it reconnects. */
  readonly heartbeat: number
  /** What to ask for, once it can be known. */
  request(): Promise<ConnectRequest>
  /** The channels that are listened to now. */
  channels(): readonly string[]
  /** A frame, with its id if it has one of its own. */
  onFrame(event: string, data: unknown, id: string): void
  /** All up to here has been heard. */
  onPosition(id: string): void
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

export function openConnection(host: Host): Connection {
  const { send, ports, path, heartbeat } = host
  const life = new AbortController()
  /** Ends what is under way: an attempt, or the wait for the next. */
  let current = life
  /** Whether the next attempt must not wait. */
  let isUrgent = false
  /** What to show while it is not live. */
  let state: ConnectionState = 'connecting'
  let isUpdating = false
  /** The connection's secret; empty while it is not live. */
  let id = ''
  /** Channels that the server was asked for. */
  let asked: readonly string[] = []
  let lastByte = 0
  let calm = () => {}

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
    if (!id || isUpdating || !(subscribe.length + unsubscribe.length)) return
    const attempt = current
    isUpdating = true
    asked = wanted
    try {
      const request = { body: encode({ subscribe, unsubscribe }), signal: attempt.signal }
      const { data, error } = await readAnswer('', await send('POST', `${path}/${id}`, request))
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
      const { signal } = (current = new AbortController())
      let status = 0
      let wait: number | undefined
      let last = ''
      let own = ''
      const steps = {
        onId(next: string) {
          own = last = next
        },
        onRetry(ms: number) {
          wait = ms
        },
        onChunk: watch,
      }
      isUrgent = false
      host.onState(state)
      // Unless it becomes live.
      state = 'offline'
      watch()
      try {
        const wanted = await host.request()
        asked = wanted.channels
        for await (const { event, data } of readEvents(send, 'POST', path, { body: encode(wanted), signal }, steps)) {
          if (signal.aborted) {
            // Whoever was to hear it may have gone: it must come again.
            last = ''
            break
          }
          host.onFrame(event, data, own)
          if (last) host.onPosition(last)
          own = ''
          if (event !== 'ready') continue
          const { connection, channels } = data as ReadyFrame
          id = connection
          failures = 0
          state = 'connecting'
          host.onState('live')
          host.onRefused(channels.denied)
          void update()
        }
      } catch (error) {
        status = (error as IgniterClientError).status
      }
      id = ''
      calm()
      // What has not been read is not wanted any more.
      current.abort()
      if (last) host.onPosition(last)
      if (isUrgent) continue
      const rest = (current = new AbortController())
      lastByte = -Infinity
      let delay: number | undefined = wait ?? backoff(ports, failures)
      if (status === 401 || status === 403) {
        state = 'denied'
        // New credentials are tried at once, but not again and again.
        const mend = async () => {
          if (!(await host.onDenied()) || failures) await pause(ports, backoff(ports, failures), rest.signal)
          rest.abort()
        }
        void mend()
        delay = undefined
      }
      host.onState(state)
      await pause(ports, delay, rest.signal)
    }
  }
  void run()
  listenForWake(
    life.signal,
    () => {
      if (ports.now() - lastByte > heartbeat * 1.5) again()
    },
    () => {
      host.onState((state = 'offline'))
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
