/**
 * `api.$realtime`: what an application listens to, over one connection that is open while it listens to anything. It
 * keeps the position in the server's log up to which everything has been heard, and resumes from it.
 */
import {
  compareCursors,
  type MessageFrame,
  type RevalidateFrame,
  type RevalidateKey,
  realtimeEvents,
} from '@igniter-js/core/protocol'
import type { QueryId, Watcher } from '../call.js'
import { createListeners, type Listeners } from '../listeners.js'
import type { Ports } from '../ports.js'
import type { Transport } from '../transport.js'
import { type Connection, type ConnectionState, type Host, openConnection } from './connection.js'
import { createFreshness } from './freshness.js'

/** `idle`: nothing listens, so there is no connection. */
export type RealtimeState = 'idle' | ConnectionState

export interface RealtimeOptions {
  /** Milliseconds between the server's heartbeats: give what its `.realtime({ heartbeat })` was given. 15,000 unless given. */
  readonly heartbeat?: number
}

/** Called with a message's data. */
export type MessageHandler = (data: unknown, message: { readonly channel: string; readonly event?: string }) => unknown

export interface ChannelOptions {
  /** Only messages with this event. */
  readonly event?: string
  /** Called when the server refuses the channel to this client; at each connect again. */
  readonly onRefused?: () => unknown
}

export interface Channel {
  /** Calls `handler` with each message; gives its undo. Messages from before the subscription is live are not heard. */
  on(handler: MessageHandler, options?: ChannelOptions): () => void
}

/** Called with keys to be fetched again, and with the log position that a result must cover to be fresh; null asks for all. */
export type RevalidateHandler = (keys: readonly RevalidateKey[], cursor: string | null) => unknown

export interface Realtime {
  readonly state: RealtimeState
  channel(name: string): Channel
  /**
   * Calls `fn` when queries have changed: at once for what this client's own mutations changed, and never twice for one
   * event. What matches (`keyMatches` of core/protocol) and is shown should be fetched again. Gives the undo.
   */
  onRevalidate(fn: RevalidateHandler): () => void
  /** Calls `fn` when anything may have been missed, or somebody else has signed in: everything shown should be fetched again. */
  onReset(fn: () => unknown): () => void
  onState(fn: (state: RealtimeState) => unknown): () => void
  /** Calls `fn` when the server denies the connection (401, 403); what it gives is awaited, then it is tried again. */
  onDenied(fn: () => unknown): () => void
  /** Narrows the scopes to these; an empty list, as at the start, leaves all that the server grants. A change reconnects. */
  declareScopes(scopes: readonly string[]): void
  /**
   * Says that data is shown which this client did not fetch (rendered by a server, restored from storage) and which
   * covers `cursor`: the connection begins there, or the query is revalidated if it has missed something.
   */
  track(query: QueryId, cursor: string): void
  /** To be called after signing in or out: forgets what was heard, connects as who it is now, and has everything fetched again. */
  reset(): void
  /** Forgets all listeners and ends the connection. */
  close(): void
}

const { ready, revalidate, message, reset } = realtimeEvents

/** Milliseconds that the first attempt waits for queries under way, since it begins at the oldest of their positions. */
const patience = 1_000

/** Makes `$realtime` and what tells it of calls. Does nothing until something listens. */
export function createRealtime(
  transport: Transport,
  ports: Ports,
  { heartbeat = 15_000 }: RealtimeOptions = {},
): Realtime & Watcher {
  const freshness = createFreshness()
  let connection: Connection | undefined
  let state: RealtimeState = 'idle'
  let isScheduled = false
  let scopes: readonly string[] = []
  let mending: Promise<unknown> | undefined
  /** Queries under way, and what to call when there are none left. */
  let pending = 0
  let onSettled: (() => void) | undefined
  /** Where the next connection begins: the oldest position shown, and once connected, what has been heard. */
  let position = ''
  let isHearing = false
  /** Checks of answers that came during the first attempt, for when it is known where that began. */
  let early: (() => void)[] = []
  /** Where the attempt under way begins. */
  let began = ''

  const schedule = () => {
    if (isScheduled) return
    isScheduled = true
    // Components come and go together; the connection stays.
    queueMicrotask(() => {
      isScheduled = false
      if (!revalidations.size && !channels.size) stop()
      else if (connection) connection.update()
      else connection = openConnection(transport, ports, heartbeat, host)
    })
  }
  const revalidations = createListeners<Parameters<RevalidateHandler>>(schedule)
  const resets = createListeners()
  const states = createListeners<[RealtimeState]>()
  const denials = createListeners<[], Promise<unknown>>()
  /** Told each message, and null when the server refuses the channel. */
  const channels = new Map<string, Listeners<[MessageFrame | null]>>()

  const enter = (next: RealtimeState) => {
    if (state === next) return
    state = next
    states.emit(state)
  }
  const stop = () => {
    connection?.stop()
    connection = undefined
    enter('idle')
  }
  const tell = (keys: readonly RevalidateKey[], cursor: string) => {
    const fresh = freshness.take(keys, cursor)
    if (fresh.length) revalidations.emit(fresh, cursor || null)
  }
  const see = (query: QueryId, cursor: string, begun: number) => {
    const check = () => {
      if (!freshness.isStale(query, cursor, begun)) return false
      // After whoever asked has put the answer where it is shown.
      ports.after(0, () => revalidations.emit([query], null))
      return true
    }
    if (check() || isHearing) return
    if (cursor && (!position || (compareCursors(cursor, position) ?? 0) < 0)) position = cursor
    if (connection) early.push(check)
  }

  const hear: Record<string, (data: never, id: string) => void> = {
    [ready](_: unknown, id: string) {
      if (isHearing) return
      isHearing = true
      freshness.raise(began || id)
      for (const check of early) check()
    },
    [revalidate]: ({ keys }: RevalidateFrame, id) => tell(keys, id),
    [message]: (frame: MessageFrame) => channels.get(frame.channel)?.emit(frame),
    [reset](_: unknown, id: string) {
      freshness.forget(id)
      resets.emit()
    },
  }
  const host: Host = {
    settled() {
      if (isHearing || !pending) return
      return new Promise((resolve) => {
        onSettled = resolve
        ports.after(patience, resolve)
      })
    },
    request() {
      began = position
      early = []
      return { channels: host.channels(), ...(scopes.length && { scopes }), ...(began && { cursor: began }) }
    },
    channels: () => [...channels.keys()],
    onFrame: (event, data, id) => hear[event]?.(data as never, id),
    onPosition(id) {
      position = id
    },
    onRefused(names) {
      for (const name of names) channels.get(name)?.emit(null)
    },
    onDenied() {
      if (!denials.size) return
      // One at a time, however often it is denied meanwhile.
      mending ??= Promise.all(denials.emit()).finally(() => {
        mending = undefined
      })
      return mending
    },
    onState: enter,
  }

  return {
    get state() {
      return state
    },
    channel: (name) => ({
      on(handler, { event, onRefused } = {}) {
        let listeners = channels.get(name)
        if (!listeners) channels.set(name, (listeners = createListeners()))
        const off = listeners.add((frame) => {
          if (!frame) onRefused?.()
          else if (!event || event === frame.event) handler(frame.data, frame)
        })
        schedule()
        return () => {
          off()
          if (!listeners.size && channels.get(name) === listeners) channels.delete(name)
          schedule()
        }
      },
    }),
    onRevalidate: revalidations.add,
    onReset: resets.add,
    onState: states.add,
    onDenied: (fn) => denials.add(async () => fn()),
    declareScopes(names) {
      const next = [...new Set(names)].sort()
      const isSame = String(next.map(encodeURIComponent)) === String(scopes.map(encodeURIComponent))
      scopes = next
      if (!isSame) connection?.again()
    },
    track: (query, cursor) => see(query, cursor, -1),
    reset() {
      position = ''
      isHearing = false
      freshness.forget('')
      resets.emit()
      connection?.again()
    },
    close() {
      for (const list of [revalidations, resets, denials]) list.clear()
      channels.clear()
      stop()
      states.clear()
    },

    begin() {
      pending++
      return freshness.turn
    },
    end(begun, query, cursor) {
      if (!--pending) onSettled?.()
      if (cursor !== undefined) see(query, cursor ?? '', begun)
    },
    revalidated: ({ keys, id }) => tell(keys, id),
  }
}
