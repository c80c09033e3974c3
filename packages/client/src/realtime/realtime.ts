/**
 * `api.$realtime`: what an application listens to, over one connection that is open while it listens to anything,
 * and reopened for ever with backoff. It keeps the position in the server's log up to which everything has been heard,
 * and resumes from it.
 */
import {
  compareCursors,
  cursorHeader,
  encode,
  type Grants,
  type MessageFrame,
  parseRevalidateHeader,
  type ReadyFrame,
  type RevalidateFrame,
  type RevalidateKey,
  revalidateHeader,
} from '@igniter-js/core/protocol'
import { readAnswer } from '../answer.js'
import type { CallerOptions, QueryId, Watch } from '../call.js'
import type { IgniterClientError } from '../error.js'
import { type DecodedBlock, readEvents } from '../events.js'
import { createListeners } from '../listeners.js'
import { backOff, pause } from '../ports.js'
import type { OutgoingRequest } from '../transport.js'
import { createFreshness } from './freshness.js'
import { listenForWake } from './wake.js'

/**
 * `idle`: nothing listens, so there is no connection. `denied`: the server wants someone who may connect. `offline`: the
 * last attempt failed, or the browser is offline.
 */
export type RealtimeState = 'idle' | 'connecting' | 'live' | 'offline' | 'denied'

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

/**
 * Makes `$realtime`, and what watches calls for it. Does nothing until something listens. Denied, it connects again when
 * what `onDenied` gives has resolved: at once the first time, then with backoff; without it when `reset()` is called, or
 * when the page comes back.
 */
export function createRealtime(
  { send, ports, prefix }: CallerOptions,
  onDenied: () => unknown = () => new Promise(() => {}),
): { readonly realtime: Realtime; readonly watch: Watch } {
  const freshness = createFreshness()
  let state: RealtimeState = 'idle'
  let scopes: readonly string[] = []
  let mending: Promise<unknown> | undefined
  /** Queries under way, and what waits until there are none left. */
  let pending = 0
  let waiting = new AbortController()
  /** Where the next connection begins: the oldest position shown, and once connected, what has been heard. */
  let position = ''
  let isHearing = false
  /** Ends the connection for good; undefined while it is idle. */
  let life: AbortController | undefined
  /** Ends what is under way: an attempt, or the wait for the next. */
  let current = new AbortController()
  /** Whether the next attempt must not wait. */
  let isUrgent = true
  let failures = 0
  /** The secret of the connection that is live. */
  let connection = ''
  /** Channels that the server was asked for. */
  let asked: readonly string[] = []
  let isUpdating = false
  /** Milliseconds between the server's heartbeats. Without a byte for two and a half of them, it reconnects. */
  let heartbeat = 15_000
  let lastByte = 0
  let calm = () => {}

  const enter = (next: RealtimeState) => {
    if (state !== next) others.emit('state', (state = next))
  }
  const again = () => {
    isUrgent = true
    current.abort()
  }
  const stop = () => {
    life?.abort()
    life = undefined
    calm()
    again()
    enter('idle')
  }
  /** Told revalidations (no topic) and the messages of channels (theirs), or nothing when a channel is refused. */
  const listeners = createListeners(async () => {
    // Components come and go together, and the connection stays.
    await undefined
    if (!listeners.topics().length) stop()
    else if (life) await update()
    else {
      life = new AbortController()
      void run(life.signal)
      listenForWake(life.signal, (isOffline) => {
        if (isOffline) {
          enter('offline')
          current.abort()
        } else if (ports.now() - lastByte > heartbeat * 1.5) again()
      })
    }
  })
  const others = createListeners()
  const channels = () => listeners.topics().filter(Boolean)

  const tell = (keys: readonly RevalidateKey[], cursor: string) => {
    const fresh = freshness.take(keys, cursor)
    if (fresh[0]) listeners.emit('', fresh, cursor)
  }
  const track = (query: QueryId, cursor: string, turn = -1) => {
    if (freshness.isStale(query.key, cursor, turn)) {
      // After whoever asked has put the answer where it is shown.
      ports.after(0, () => listeners.emit('', [query], ''))
    } else if (!isHearing && cursor && (!position || compareCursors(cursor, position)! < 0)) {
      position = cursor
      again()
    }
  }
  const refuse = (names: readonly string[]) => {
    for (const name of names) listeners.emit(name)
  }

  const post = (child: string, body: unknown): OutgoingRequest => ({
    method: 'POST',
    path: `${prefix}realtime${child}`,
    body: JSON.stringify(body),
    signal: current.signal,
  })

  /** Tells the server which channels changed. */
  const update = async (): Promise<void> => {
    const wanted = channels()
    const subscribe = wanted.filter((name) => !asked.includes(name))
    const unsubscribe = asked.filter((name) => !wanted.includes(name))
    if (state !== 'live' || isUpdating || !(subscribe[0] ?? unsubscribe[0])) return
    const attempt = current
    isUpdating = true
    asked = wanted
    try {
      const request = post(`/${connection}`, { subscribe, unsubscribe })
      const { data, error } = await readAnswer(request, await send(request))
      if (error && error.status !== 400) throw error
      refuse(error ? subscribe : (data as Grants).denied)
    } catch {
      // It is gone, or nobody knows what the server understood.
      attempt.abort()
    }
    isUpdating = false
    await update()
  }

  const watchBytes = () => {
    lastByte = ports.now()
    calm()
    calm = ports.after(heartbeat * 2.5, () => current.abort())
  }

  const hear = ({ event, data, id = '' }: DecodedBlock) => {
    if (event === 'ready') {
      const ready = data as ReadyFrame
      connection = ready.connection
      heartbeat = ready.heartbeat ?? heartbeat
      failures = 0
      if (!isHearing) freshness.take([''], position || id)
      isHearing = true
      enter('live')
      refuse(ready.channels.denied)
      void update()
    }
    position = id || position
    if (event === 'revalidate') tell((data as RevalidateFrame).keys, id)
    if (event === 'message') listeners.emit((data as MessageFrame).channel, data)
    if (event === 'reset') {
      freshness.forget(id)
      others.emit('reset')
    }
  }

  const run = async (life: AbortSignal): Promise<void> => {
    for (failures = 0; ; failures++) {
      if (isUrgent) enter('connecting')
      if (!isHearing && pending) {
        waiting = new AbortController()
        await pause(ports, patience, waiting.signal)
      }
      if (life.aborted) return
      const { signal } = (current = new AbortController())
      isUrgent = false
      asked = channels()
      let wait: number | undefined
      let isDenied = false
      watchBytes()
      try {
        const request = post('', { channels: asked, scopes: scopes[0] && scopes, cursor: position || undefined })
        for await (const block of readEvents(send, request)) {
          // Whoever was to hear it may have gone: it must come again.
          if (signal.aborted) break
          watchBytes()
          wait = block.retry ?? wait
          hear(block)
        }
      } catch (error) {
        isDenied = [401, 403].includes((error as IgniterClientError).status)
      }
      if (life.aborted) return
      calm()
      // What has not been read is not wanted any more.
      current.abort()
      if (isUrgent) continue
      const rest = (current = new AbortController()).signal
      lastByte = -Infinity
      enter(state === 'live' ? 'connecting' : isDenied ? 'denied' : 'offline')
      if (isDenied) {
        // One at a time, however often it is denied meanwhile.
        mending ??= (async () => onDenied())()
          .then(
            () => true,
            () => false,
          )
          .finally(() => (mending = undefined))
        // New credentials are tried at once, but not again and again.
        if ((await Promise.race([mending, new Promise((resolve) => (rest.onabort = resolve))])) && !failures) continue
      }
      await backOff(ports, failures, rest, wait)
    }
  }

  const realtime: Realtime = {
    get state() {
      return state
    },
    channel: (name) => ({
      on: (handler, { event, onRefused } = {}) =>
        listeners.on(name, (message?: MessageFrame) =>
          message ? (!event || event === message.event) && handler(message.data, message) : onRefused?.(),
        ),
    }),
    onRevalidate: (fn) => listeners.on('', fn),
    onReset: (fn) => others.on('reset', fn),
    onState: (fn) => others.on('state', fn),
    declareScopes(names) {
      const next = [...new Set(names)].sort()
      if (encode(next) !== encode(scopes)) again()
      scopes = next
    },
    track,
    reset() {
      position = ''
      isHearing = false
      hear({ event: 'reset' })
      again()
    },
    close() {
      stop()
      listeners.clear()
      others.clear()
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
