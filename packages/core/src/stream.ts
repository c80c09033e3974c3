/**
 * Custom event streams: what `response.stream()` gives, and what carries a generator's events (generator.ts). The
 * pipeline makes one for a request, the door starts it. Whoever ends it (client, server, error, shutdown), every
 * cleanup runs once, at once. Source: WHATWG HTML §9.2 "Server-sent events".
 */
import type { Clock } from './clock.js'
import { IgniterError } from './error.js'
import { encodeComment, encodeEvent } from './event-stream.js'
import { Frame, isThenable, type Push, type Sink } from './exchange.js'
import type { Beating, Heartbeat } from './heartbeat.js'
import type { Logger } from './logger.js'
import { Outlet, turn } from './outlet.js'
import type { Store, Subscription, Unsubscribe } from './store/store.js'
import { type EventEncoding, encodeStreamEvent, type ReceivedEvent, type StreamEvent } from './stream-event.js'

export type { ReceivedEvent, StreamEvent }

/** What a client is told of the error that ended its stream: the `error` of the envelope. */
export interface StreamFailure {
  readonly code: string
  readonly message: string
  readonly details?: unknown
  readonly requestId?: string
}

export interface StreamOptions extends EventEncoding {
  readonly clock: Clock
  readonly logger: Pick<Logger, 'debug' | 'warn' | 'error'>
  readonly heartbeat: Heartbeat
  /** Reports (log, `onError`) what ended the stream, and says what of it the client may know. */
  readonly onError: (error: unknown) => StreamFailure
}

/** Ms after the end from which a send is no race with the client's leaving but something that was never stopped. */
const leakAfter = 60_000

const heartbeatFrame = new Frame(encodeComment(''))

export class EventStream<E = StreamEvent> implements Push, Beating {
  readonly #options: StreamOptions
  readonly #outlet = new Outlet()
  readonly #cleanups = new Set<{ readonly run: () => unknown }>()
  #starters: (() => void)[] = []
  #controller: AbortController | undefined
  #started = false
  #closed = false
  #endedAt: number | undefined
  #saidRefused = false
  #saidLeak = false

  constructor(options: StreamOptions) {
    this.#options = options
  }

  /** Whether the stream is over. Nothing that is sent from then on leaves. */
  get closed(): boolean {
    return this.#closed
  }

  /** Aborts when the stream is over, whoever ended it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#closed) this.#controller.abort()
    }
    return this.#controller.signal
  }

  /**
   * Sends an event, in the order of calls. Resolves at once, or while the client is slow when it has caught up. Rejects
   * (INVALID_EVENT, or what the event's schema says) what cannot be sent, and writes nothing of it; nobody needs to
   * await that. A stream whose un-awaited sends exceed 256 KiB is cut. Once the stream is over, sends do nothing and
   * resolve after a turn of the event loop: loops must ask `closed` or listen to `signal`.
   */
  send(event: E): Promise<void> {
    if (this.#closed) return this.#sendLate()
    let frame: Frame
    try {
      frame = new Frame(encodeStreamEvent(event, this.#options))
    } catch (error) {
      if (!this.#saidRefused) {
        this.#saidRefused = true
        this.#options.logger.warn({ err: error }, 'A stream refused to send an event. (Said once for each stream.)')
      }
      const refused = Promise.reject(error)
      // Marks it as handled: whoever awaits it still gets the error.
      refused.catch(() => {})
      return refused
    }
    return this.#write(frame)
  }

  /** Sends a comment, which clients skip. Waits like `send`. */
  comment(text = ''): Promise<void> {
    return this.#closed ? this.#sendLate() : this.#write(new Frame(encodeComment(String(text))))
  }

  /** Ends the stream after what was sent so far. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#outlet.end()
    this.#release()
  }

  /** Ends the stream at once and drops what has not left yet; also for a stream that will never be started. */
  cut(): void {
    this.#closed = true
    this.#outlet.cut()
    this.#release()
  }

  /**
   * Ends the stream because of `error`, which is reported. The client gets an event `error` with the `error` of the
   * envelope as its data, so that it can tell a failure from an end. When the stream is over already, only logs.
   */
  fail(error: unknown): void {
    const { logger, encode, onError } = this.#options
    if (this.#closed) return logger.debug({ err: error }, 'A stream failed after its end.')
    try {
      const data = encode(onError(error))
      if (!this.#closed) void this.#write(new Frame(encodeEvent({ event: 'error', data })))
    } catch (cause) {
      logger.error({ err: cause }, 'The error that ended a stream could not be reported.')
    }
    this.close()
  }

  /**
   * Runs `fn` once when the stream is over; at once if it is. Gives a function that forgets it. What `fn` throws is
   * logged and stops no other cleanup.
   */
  onClose(fn: () => unknown): () => void {
    if (this.#closed) {
      this.#cleanUp(fn)
      return () => {}
    }
    const cleanup = { run: fn }
    this.#cleanups.add(cleanup)
    return () => {
      this.#cleanups.delete(cleanup)
    }
  }

  /** Runs `fn` when a client begins to read; at once if one does, never if none ever will. */
  onStart(fn: () => void): void {
    if (this.#closed) return
    if (this.#started) fn()
    else this.#starters.push(fn)
  }

  /**
   * Runs `fn` every `ms` milliseconds until the stream is over; gives a function that stops it. While a promise that
   * `fn` gave is pending (a slow client's `send`, say) its turns are left out. What it throws ends the stream (`fail`).
   */
  every(ms: number, fn: () => unknown): () => void {
    if (!(ms >= 1 && ms <= 0x7fffffff)) {
      throw new IgniterError({
        code: 'INTERNAL_SERVER_ERROR',
        message: `stream.every(${ms}): give the period in milliseconds, from 1 to 2147483647.`,
      })
    }
    if (this.#closed) return () => {}
    let busy = false
    const timer = this.#options.clock.every(ms, () => {
      if (busy) return
      busy = true
      this.#guard(fn, () => {
        busy = false
      })
    })
    const forget = this.onClose(() => timer.clear())
    return () => {
      forget()
      timer.clear()
    }
  }

  /**
   * Sends each message of a store's channel until the stream is over: as `data`, or as the event that `map` makes of it
   * (null or undefined: not at all). What fails on the way ends the stream (`fail`). Gives a function that stops it and
   * that can be awaited until the subscription is live, so that a snapshot sent then leaves no gap.
   */
  from<T = any>(
    store: Pick<Store, 'subscribe'>,
    channel: string,
    map: (message: T) => E | null | undefined = (message) => ({ data: message }) as E,
  ): Subscription {
    if (this.#closed) return toSubscription(() => {}, Promise.resolve())
    const subscription = store.subscribe<T>(channel, (message) => {
      if (this.#closed) return
      this.#guard(() => {
        const event = map(message)
        return event === null || event === undefined ? undefined : this.send(event)
      })
    })
    const forget = this.onClose(() => subscription())
    const live = subscription.then(() => {})
    live.catch((error) => this.fail(error))
    return toSubscription(() => {
      forget()
      subscription()
    }, live)
  }

  /** The door's: begins to write to `sink`, first what was sent so far. */
  start(sink: Sink): void {
    if (this.#started) {
      this.#options.logger.error('A stream was returned twice. Make one with response.stream() for each request.')
      return sink.cut()
    }
    this.#started = true
    const { heartbeat } = this.#options
    this.#outlet.start(sink)
    // Also a stream that was closed before: it is watched until its bytes are out.
    heartbeat.add(this)
    sink.onClose(() => {
      this.#closed = true
      heartbeat.delete(this)
      this.#release()
    })
    if (!this.#closed) for (const fn of this.#starters) fn()
    this.#starters = []
  }

  /** The heartbeat's, every 15 s: writes a comment, or cuts a client that has taken no byte for two of them. */
  beat(): void {
    if (this.#outlet.beat(heartbeatFrame)) return
    this.#options.logger.debug('A stream was cut: its client took no byte for two heartbeats.')
    this.cut()
  }

  #write(frame: Frame): Promise<void> {
    const sent = this.#outlet.write(frame)
    if (sent !== null) return sent
    this.#options.logger.warn(
      'A stream was cut: more than 256 KiB waited for its client. Await `send`, or send less; a stream that has not begun must be returned first.',
    )
    this.cut()
    return turn()
  }

  #sendLate(): Promise<void> {
    const { clock, logger } = this.#options
    if (!this.#saidLeak && clock.now() - (this.#endedAt ?? 0) > leakAfter) {
      this.#saidLeak = true
      logger.warn(
        'Something still sends to a stream that ended over a minute ago. Stop it in stream.onClose, or use stream.every and stream.from, which stop by themselves.',
      )
    }
    return turn()
  }

  /** The end, whoever brought it about. */
  #release(): void {
    if (this.#endedAt !== undefined) return
    this.#endedAt = this.#options.clock.now()
    this.#starters = []
    this.#controller?.abort()
    for (const cleanup of this.#cleanups) this.#cleanUp(cleanup.run)
    this.#cleanups.clear()
  }

  #cleanUp(fn: () => unknown): void {
    const log = (error: unknown) => this.#options.logger.error({ err: error }, 'A cleanup of a stream failed.')
    settle(fn, () => {}, log)
  }

  /** Runs `fn`; what it throws, or what the promise it gives rejects with, ends the stream. */
  #guard(fn: () => unknown, done: () => void = () => {}): void {
    settle(fn, done, (error) => this.fail(error))
  }
}

/** Runs `fn` and reports how it ended: at once or, if it gives a promise, when that settles. */
export function settle(fn: () => unknown, onDone: () => void, onError: (error: unknown) => void): void {
  try {
    const result = fn()
    if (isThenable(result)) result.then(onDone, onError)
    else onDone()
  } catch (error) {
    onError(error)
  }
}

function toSubscription(off: Unsubscribe, live: Promise<void>): Subscription {
  // A plain function for those who await: giving the subscription itself would make `await` wait again, for ever.
  const plain = () => off()
  return Object.assign(() => off(), {
    // oxlint-disable-next-line unicorn/no-thenable -- the port says that a subscription can be awaited
    then: <A = Unsubscribe, B = never>(
      onLive?: ((off: Unsubscribe) => A | PromiseLike<A>) | null,
      onError?: ((error: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> => live.then(() => plain).then(onLive, onError),
  })
}
