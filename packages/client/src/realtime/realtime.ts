/**
 * `api.$realtime`: what an application listens to, over one connection that is open while it listens to anything. It
 * keeps the position in the server's log up to which everything has been heard, and resumes from it.
 */
import {
  compareCursors,
  cursorHeader,
  encode,
  type MessageFrame,
  parseRevalidateHeader,
  type RevalidateFrame,
  type RevalidateKey,
  realtimePath,
  revalidateHeader,
} from '@igniter-js/core/protocol'
import type { CallerOptions, QueryId, Watcher } from '../call.js'
import { createListeners, type Listeners } from '../listeners.js'
import { pause } from '../ports.js'
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

/** Called with keys to be fetched again, and with the log position that a result must cover to be fresh; empty when none is fresh. */
export type RevalidateHandler = (keys: readonly RevalidateKey[], cursor: string) => unknown

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
  /**
   * Calls `fn` when the server denies the connection (401, 403); what it gives is awaited, then it is tried again: at once
   * the first time, then with backoff. With nobody to ask it waits for `reset()`, or until the page comes back.
   */
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

/** Milliseconds that the first attempt waits for queries under way, since it begins at the oldest of their positions. */
const patience = 1_000

const cursors = new WeakMap<object, string>()

/** The log position that a query's result is known to cover (its `igniter-cursor`), for what keeps results. */
export const cursorOf = (result: object): string | undefined => cursors.get(result)

/** Makes `$realtime`, and what tells it of calls. Does nothing until something listens. */
export function createRealtime(
  { send, ports, basePath }: Omit<CallerOptions, 'retries'>,
  { heartbeat = 15_000 }: RealtimeOptions = {},
): { readonly realtime: Realtime; readonly watcher: Watcher } {
  const freshness = createFreshness()
  let connection: Connection | undefined
  let state: RealtimeState = 'idle'
  let scopes: readonly string[] = []
  let mending: Promise<boolean> | undefined
  /** Queries under way, and what waits until there are none left. */
  let pending = 0
  let waiting = new AbortController()
  /** Where the next connection begins: the oldest position shown, and once connected, what has been heard. */
  let position = ''
  let isHearing = false
  /** Where the last attempt began; undefined while the next one waits to know. */
  let began: string | undefined

  const update = () =>
    // Later: components come and go together, and the connection stays.
    queueMicrotask(() => {
      if (!revalidations.all.size && !channels.size) stop()
      else if (connection) void connection.update()
      else connection = openConnection(host)
    })
  const revalidations = createListeners<Parameters<RevalidateHandler>>(update)
  const resets = createListeners()
  const states = createListeners<[RealtimeState]>()
  const denials = createListeners<[Promise<unknown>[]]>()
  /** Told each message, and null when the server refuses the channel. */
  const channels = new Map<string, Listeners<[MessageFrame | null]>>()

  const enter = (next: RealtimeState) => {
    if (state !== next) states.emit((state = next))
  }
  const stop = () => {
    connection?.stop()
    connection = undefined
    enter('idle')
  }
  const tell = (keys: readonly RevalidateKey[], cursor: string) => {
    const fresh = freshness.take(keys, cursor)
    if (fresh[0]) revalidations.emit(fresh, cursor)
  }
  const track = (query: QueryId, cursor: string, turn = -1) => {
    if (freshness.isStale(query.key, cursor, turn)) {
      // After whoever asked has put the answer where it is shown.
      ports.after(0, () => revalidations.emit([query], ''))
    } else if (!isHearing && cursor && (!position || compareCursors(cursor, position)! < 0)) {
      position = cursor
      if (began !== undefined) connection?.again()
    }
  }

  const host: Host = {
    send,
    ports,
    path: basePath + realtimePath,
    heartbeat,
    async request() {
      began = undefined
      if (!isHearing && pending) {
        waiting = new AbortController()
        await pause(ports, patience, waiting.signal)
      }
      began = position
      return { channels: host.channels(), ...(scopes[0] && { scopes }), ...(began && { cursor: began }) }
    },
    channels: () => [...channels.keys()],
    onFrame(event, data, id) {
      const { keys } = data as RevalidateFrame
      if (event === 'revalidate') tell(keys, id)
      if (event === 'message') channels.get((data as MessageFrame).channel)?.emit(data as MessageFrame)
      if (event === 'ready' && !isHearing) {
        isHearing = true
        freshness.raise(began || id)
      }
      if (event === 'reset') {
        freshness.forget(id)
        resets.emit()
      }
    },
    onPosition(id) {
      // After reset(), what the old connection still says is nobody's position.
      if (isHearing) position = id
    },
    onRefused(names) {
      for (const name of names) channels.get(name)?.emit(null)
    },
    onDenied() {
      if (!denials.all.size) return new Promise(() => {})
      const asked: Promise<unknown>[] = []
      // One at a time, however often it is denied meanwhile.
      if (!mending) denials.emit(asked)
      mending ??= Promise.all(asked)
        .then(
          () => true,
          () => false,
        )
        .finally(() => {
          mending = undefined
        })
      return mending
    },
    onState: enter,
  }
  const realtime: Realtime = {
    get state() {
      return state
    },
    channel: (name) => ({
      on(handler, { event, onRefused } = {}) {
        const listeners = channels.get(name) ?? createListeners(update)
        channels.set(name, listeners)
        const off = listeners.add((frame) => {
          if (!frame) return onRefused?.()
          if (!event || event === frame.event) return handler(frame.data, frame)
        })
        return () => {
          off()
          if (!listeners.all.size && channels.get(name) === listeners) channels.delete(name)
        }
      },
    }),
    onRevalidate: revalidations.add,
    onReset: resets.add,
    onState: states.add,
    onDenied: (fn) => denials.add((asked) => asked.push((async () => fn())())),
    declareScopes(names) {
      const next = [...new Set(names)].sort()
      if (encode(next) !== encode(scopes)) connection?.again()
      scopes = next
    },
    track,
    reset() {
      position = ''
      isHearing = false
      freshness.forget('')
      resets.emit()
      connection?.again()
    },
    close() {
      for (const { all } of [revalidations, resets, denials]) all.clear()
      channels.clear()
      stop()
      states.all.clear()
    },
  }
  const watcher: Watcher = {
    onBegin() {
      pending++
      return freshness.turn()
    },
    onEnd() {
      if (!--pending) waiting.abort()
    },
    onAnswer(answer, headers, query, turn) {
      const cursor = headers.get(cursorHeader) ?? ''
      cursors.set(answer, cursor)
      if (query) track(query, cursor, turn)
      // The newest first: what it names need not be told for the earlier ones.
      for (const { keys, id } of parseRevalidateHeader(headers.get(revalidateHeader)).reverse()) tell(keys, id)
    },
  }
  return { realtime, watcher }
}
