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
  revalidateHeader,
} from '@igniter-js/core/protocol'
import type { CallerOptions, QueryId, Watch } from '../call.js'
import { createListeners } from '../listeners.js'
import { pause } from '../ports.js'
import { type Connection, type ConnectionState, type Host, openConnection } from './connection.js'
import { createFreshness } from './freshness.js'

/** `idle`: nothing listens, so there is no connection. */
export type RealtimeState = 'idle' | ConnectionState

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

/** Makes `$realtime`, and what watches calls for it. Does nothing until something listens. */
export function createRealtime(caller: CallerOptions): { readonly realtime: Realtime; readonly watch: Watch } {
  const { ports } = caller
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

  const update = () =>
    // Later: components come and go together, and the connection stays.
    queueMicrotask(() => {
      if (!revalidations.all.size && !messages.all.size) stop()
      else if (connection) void connection.update()
      else connection = openConnection(caller, host)
    })
  const revalidations = createListeners<Parameters<RevalidateHandler>>(update)
  /** Their topics are the channels. Told each message, or nothing when the server refuses the channel. */
  const messages = createListeners<[channel: string, message?: MessageFrame]>(update)
  const resets = createListeners()
  const states = createListeners<[RealtimeState]>()
  const denials = createListeners()

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
      connection?.again()
    }
  }

  const host: Host = {
    async request() {
      if (!isHearing && pending) {
        waiting = new AbortController()
        await pause(ports, patience, waiting.signal)
      }
      return { channels: host.channels(), ...(scopes[0] && { scopes }), ...(position && { cursor: position }) }
    },
    channels: () => [...new Set([...messages.all].map(({ topic }) => topic!))],
    onFrame(event, data, id = '') {
      if (event === 'ready' && !isHearing) {
        isHearing = true
        freshness.take([''], position || id)
      }
      position = id || position
      if (event === 'revalidate') tell((data as RevalidateFrame).keys, id)
      if (event === 'message') messages.emit((data as MessageFrame).channel, data as MessageFrame)
      if (event === 'reset') {
        freshness.forget(id)
        resets.emit()
      }
    },
    onRefused(channels) {
      for (const channel of channels) messages.emit(channel)
    },
    onDenied() {
      if (!denials.all.size) return new Promise(() => {})
      // One at a time, however often it is denied meanwhile.
      mending ??= Promise.all(denials.emit())
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
      on: (handler, { event, onRefused } = {}) =>
        messages.add((channel, message) => {
          if (channel !== name) return
          if (!message) return onRefused?.()
          if (!event || event === message.event) return handler(message.data, message)
        }, name),
    }),
    onRevalidate: revalidations.add,
    onReset: resets.add,
    onState: states.add,
    onDenied: denials.add,
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
      stop()
      for (const { all } of [revalidations, messages, resets, states, denials]) all.clear()
    },
  }
  const watch: Watch = (query) => {
    const turn = freshness.turn()
    if (query) pending++
    return (answer, headers) => {
      if (answer && headers) {
        const cursor = headers.get(cursorHeader) ?? ''
        cursors.set(answer, cursor)
        if (query) track(query, cursor, turn)
        // The newest first: what it names need not be told for the earlier ones.
        for (const { keys, id } of parseRevalidateHeader(headers.get(revalidateHeader)).reverse()) tell(keys, id)
      }
      if (query && !--pending) waiting.abort()
    }
  }
  return { realtime, watch }
}
