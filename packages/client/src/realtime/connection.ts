/**
 * The one connection to `/~/realtime`: opened, watched, reopened for ever with backoff until it is stopped. It knows how
 * to stay connected; what travels on it is for its host, realtime.ts.
 */
import { decode, encode, type Grants, type ReadyFrame, realtimeEvents, realtimePath } from '@igniter-js/core/protocol'
import { readAnswer } from '../answer.js'
import { isEventStream, readBytes } from '../bytes.js'
import { parseEventStream } from '../event-stream.js'
import { backoff, type Ports, retryAfter } from '../ports.js'
import type { Transport } from '../transport.js'
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
  /** Called before each attempt, which waits for it. */
  settled(): Promise<void> | undefined
  request(): ConnectRequest
  /** The channels that are listened to now. */
  channels(): readonly string[]
  /** A frame, with its id if it has one of its own. */
  onFrame(event: string, data: unknown, id: string): void
  /** All up to here has been heard. */
  onPosition(id: string): void
  /** The server refuses these channels. */
  onRefused(channels: readonly string[]): void
  /** Asks the application to mend what the server denies; undefined when nobody can be asked. */
  onDenied(): Promise<unknown> | undefined
  onState(state: ConnectionState): void
}

export interface Connection {
  /** Tells the server which channels changed. Never reopens. */
  update(): void
  /** Connects anew, at once. */
  again(): void
  stop(): void
}

/** Opens it. `heartbeat` are the ms between the server's; without a byte for two and a half of them, it reconnects. */
export function openConnection(transport: Transport, ports: Ports, heartbeat: number, host: Host): Connection {
  let attempt = new AbortController()
  /** What to show while it is not live. */
  let state: ConnectionState = 'connecting'
  let isStopped = false
  let isUrgent = false
  let isUpdating = false
  /** The connection's secret; empty while it is not live. */
  let id = ''
  /** Channels that the server was asked for. */
  let asked: ReadonlySet<string> = new Set()
  let lastByte = 0
  let watchdog: ReturnType<Ports['after']> | undefined
  let resume: (() => void) | undefined

  const watch = () => {
    lastByte = ports.now()
    watchdog?.clear()
    watchdog = ports.after(heartbeat * 2.5, () => attempt.abort())
  }

  /** Until `ms` have passed, or someone is in a hurry. */
  const rest = (ms?: number): Promise<void> | undefined => {
    if (isUrgent || isStopped) return
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : ports.after(ms, () => resume?.())
      resume = () => {
        timer?.clear()
        resume = undefined
        resolve()
      }
    })
  }

  const again = () => {
    isUrgent = true
    attempt.abort()
    resume?.()
  }

  const update = async (): Promise<void> => {
    if (!id || isUpdating) return
    const wanted = new Set(host.channels())
    const subscribe = [...wanted].filter((channel) => !asked.has(channel))
    const unsubscribe = [...asked].filter((channel) => !wanted.has(channel))
    if (!subscribe.length && !unsubscribe.length) return
    const mine = attempt
    const { signal } = mine
    isUpdating = true
    asked = wanted
    try {
      const response = await transport.send('POST', `${realtimePath}/${id}`, { body: encode({ subscribe, unsubscribe }), signal })
      const { data, error } = await readAnswer('', response, signal)
      if (!error) host.onRefused((data as Grants).denied)
      else if (error.status === 400) host.onRefused(subscribe)
      else throw error
    } catch {
      // Gone, or nobody knows what the server understood.
      mine.abort()
    }
    isUpdating = false
    return update()
  }

  /** One attempt, to its end. Gives the ms after which the server wants the next, if it says so. */
  const connect = async (): Promise<{ wasLive?: boolean; isDenied?: boolean; wait?: number | undefined }> => {
    attempt = new AbortController()
    const { signal } = attempt
    let wasLive = false
    let wait: number | undefined
    let last = ''
    let own = ''
    try {
      watch()
      await host.settled()
      const request = host.request()
      asked = new Set(request.channels)
      const headers = { accept: 'text/event-stream' }
      const response = await transport.send('POST', realtimePath, { body: encode(request), headers, signal })
      const { status } = response
      if (status === 401 || status === 403) return { isDenied: true }
      wait = retryAfter(response, ports)
      if (!isEventStream(response)) return { wait }
      const bytes = readBytes(response.body!, signal, {
        // Only now is it certain that what came with the last bytes was dealt with.
        onPull: () => last && host.onPosition(last),
        onChunk: watch,
      })
      const told = {
        onId: (next: string) => {
          own = last = next
        },
        onRetry: (ms: number) => {
          wait = ms
        },
      }
      for await (const { event, data: text } of parseEventStream(bytes, told)) {
        if (signal.aborted) break
        const data = decode(text, { maxNodes: Infinity })
        host.onFrame(event, data, own)
        own = ''
        if (event !== realtimeEvents.ready) continue
        const ready = data as ReadyFrame
        id = ready.connection
        wasLive = true
        state = 'connecting'
        host.onState('live')
        host.onRefused(ready.channels.denied)
        void update()
      }
    } catch {
      // However it ended, what follows is the same.
    } finally {
      id = ''
      watchdog?.clear()
      attempt.abort()
    }
    return { wasLive, wait }
  }

  /** Has the application mend a denial: whether it did. Nobody may be there to ask, or someone may be in a hurry. */
  const mend = async (): Promise<boolean | void> => {
    const asked = host.onDenied()?.then(
      () => true,
      () => false,
    )
    const rested = rest()
    const isMended = await (asked && rested ? Promise.race([asked, rested]) : rested)
    resume?.()
    return isMended
  }

  const run = async (): Promise<void> => {
    let failures = 0
    const forget = listenForWake(
      () => {
        if (resume) resume()
        else if (ports.now() - lastByte > heartbeat * 1.5) again()
      },
      () => {
        attempt.abort()
        host.onState((state = 'offline'))
      },
    )
    while (!isStopped) {
      isUrgent = false
      host.onState(state)
      const { wasLive, isDenied, wait } = await connect()
      if (isStopped) break
      if (wasLive) failures = 0
      else if (!isUrgent) state = isDenied ? 'denied' : 'offline'
      host.onState(state)
      if (isDenied && (await mend()) && !failures++) continue
      await rest(wait ?? backoff(ports, isDenied ? failures : failures++))
    }
    forget()
  }
  void run()

  return {
    update: () => void update(),
    again,
    stop() {
      isStopped = true
      attempt.abort()
      resume?.()
    },
  }
}
