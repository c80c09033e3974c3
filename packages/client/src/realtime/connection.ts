/**
 * What `api.$realtime` does: one connection to `/~/realtime` that is open while something is listened to, watched, and
 * reopened for ever with backoff. It keeps the position in the server's log up to which everything has been heard, and
 * resumes from it. client.ts makes it.
 */
import {
  compareCursors,
  cursorHeader,
  defaultHeartbeat,
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
import { backOff, pause } from '../timing.js'
import type { OutgoingRequest } from '../transport.js'
import { createFreshness } from './freshness.js'
import type { Realtime, RealtimeState } from './realtime.js'

/** A block as it comes, whatever its event is. */
interface Heard extends DecodedBlock {
  readonly data: ReadyFrame & RevalidateFrame & MessageFrame
}

const cursors = new WeakMap<object, string>()

/** The log position that a query's result is known to cover (its `igniter-cursor`), for what keeps results. */
export const cursorOf = (result: object): string | undefined => cursors.get(result)

/**
 * Makes `$realtime`, and what watches calls for it. Does nothing until something listens. Denied, it connects again when
 * what `onDenied` gives has resolved: at once the first time, then with backoff; without it when `reset()` is called, or
 * when the page comes back.
 */
export function createRealtime(
  { send, after, prefix }: CallerOptions,
  onDenied: () => unknown = () => new Promise(() => {}),
): readonly [Realtime, Watch] {
  /** Milliseconds that a connection waits for queries under way, since it begins at the oldest of their positions. */
  const patience = 1_000
  const freshness = createFreshness()
  let state: RealtimeState = 'idle'
  let scopes: readonly string[] = []
  let mending: Promise<unknown> | undefined
  /** Queries under way, and what waits until there are none left. */
  let pending = 0
  let waiting: AbortController | undefined
  /** The oldest position shown: where the first connection begins. */
  let shown = ''
  /** Up to where all has been heard: where the next connection begins. Empty before the first. */
  let heard = ''
  /** Ends what is under way: an attempt, or the wait for the next. */
  let current = new AbortController()
  /** Whether the next attempt must not wait. */
  let isUrgent = false
  let failures: number
  /** The secret of the connection that is live. */
  let connection = ''
  /** Channels that the server was asked for. */
  let asked: readonly string[] = []
  let isUpdating = false
  /** Milliseconds between the server's heartbeats. Without a byte for two and a half of them, it reconnects. */
  let heartbeat = defaultHeartbeat
  let lastByte = 0
  let calm = () => {}

  const enter = (next: RealtimeState) => {
    if (state !== next) others.emit('state', (state = next))
  }
  const again = () => {
    isUrgent = true
    current.abort()
  }
  /** Told revalidations (no topic) and the messages of channels (theirs), or nothing when a channel is refused. */
  const listeners = createListeners(async () => {
    // Components come and go together, and the connection stays.
    await undefined
    if (!listeners.topics().length) again()
    else if (state === 'idle') await run()
    else await update()
  })
  const others = createListeners()
  const channels = () => listeners.topics().filter(Boolean)

  const tell = (keys: readonly RevalidateKey[], cursor: string) => {
    const fresh = freshness.take(keys, cursor)
    if (fresh[0]) listeners.emit('', fresh, cursor)
  }
  const track = (query: QueryId, cursor: string, isStale = freshness.begin(-1)) => {
    if (isStale(query.key, cursor)) {
      // After whoever asked has put the answer where it is shown.
      after(0, () => listeners.emit('', [query], ''))
    } else if (!heard && cursor && (!shown || compareCursors(cursor, shown)! < 0)) {
      shown = cursor
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
    if (state !== 'live' || isUpdating || !(subscribe[0] || unsubscribe[0])) return
    const attempt = current
    isUpdating = true
    asked = wanted
    try {
      const request = post(`/${connection}`, { subscribe, unsubscribe })
      refuse(((await readAnswer(request, await send(request))) as Grants).denied)
    } catch (error) {
      if ((error as IgniterClientError).status === 400) refuse(subscribe)
      // It is gone, or nobody knows what the server understood.
      else attempt.abort()
    }
    isUpdating = false
    await update()
  }

  const watchBytes = () => {
    lastByte = Date.now()
    calm()
    calm = after(heartbeat * 2.5, () => current.abort())
  }

  const hear = ({ event, data, id = '' }: Heard) => {
    if (event === 'ready') {
      connection = data.connection
      heartbeat = data.heartbeat ?? heartbeat
      failures = 0
      if (!heard) freshness.take([''], shown || id)
      enter('live')
      refuse(data.channels.denied)
      void update()
    }
    heard = id || heard
    if (event === 'revalidate') tell(data.keys, id)
    if (event === 'message') listeners.emit(data.channel, data)
    if (event === 'reset') {
      freshness.forget(id)
      others.emit('reset')
    }
  }

  const run = async (): Promise<void> => {
    const life = new AbortController()
    for (const type of ['online', 'offline', 'pageshow', 'visibilitychange']) {
      globalThis.addEventListener?.(
        type,
        () => {
          if (type === 'offline') {
            enter(type)
            current.abort()
          } else if (!globalThis.document?.hidden && Date.now() - lastByte > heartbeat * 1.5) again()
        },
        // The controller's signal ends the listening.
        life,
      )
    }
    enter('connecting')
    if (!heard && pending) {
      waiting = new AbortController()
      await pause(after, patience, waiting.signal)
    }
    for (failures = 0; listeners.topics().length; failures++) {
      if (isUrgent) enter('connecting')
      const { signal } = (current = new AbortController())
      isUrgent = false
      asked = channels()
      let wait: number | undefined
      let isDenied = false
      watchBytes()
      try {
        const request = post('', { channels: asked, scopes: scopes[0] && scopes, cursor: heard || shown || undefined })
        for await (const block of readEvents(send, request)) {
          // Whoever was to hear it may have gone: it must come again.
          if (signal.aborted) break
          watchBytes()
          wait = block.retry ?? wait
          hear(block as Heard)
        }
      } catch (error) {
        isDenied = [401, 403].includes((error as IgniterClientError).status)
      }
      calm()
      // What has not been read is not wanted any more.
      current.abort()
      if (isUrgent) continue
      const rest = (current = new AbortController()).signal
      lastByte = 0
      enter(state === 'live' ? 'connecting' : isDenied ? 'denied' : 'offline')
      if (isDenied && !isUrgent) {
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
      await backOff(after, failures, rest, wait)
    }
    life.abort()
    enter('idle')
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
      heard = shown = ''
      hear({ event: 'reset' } as Heard)
      again()
    },
    close() {
      listeners.clear()
      others.clear()
      again()
    },
  }
  const watch: Watch = (query) => {
    const isStale = freshness.begin()
    if (query) pending++
    return (answer, headers) => {
      if (headers) {
        const cursor = headers.get(cursorHeader) ?? ''
        cursors.set(answer, cursor)
        if (query) track(query, cursor, isStale)
        // The newest first: what it names need not be told for the earlier ones.
        for (const { keys, id } of parseRevalidateHeader(headers.get(revalidateHeader)).reverse()) tell(keys, id)
      }
      if (query && !--pending) waiting?.abort()
    }
  }
  return [realtime, watch]
}
