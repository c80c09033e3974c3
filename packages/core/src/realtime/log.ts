/**
 * The event log: every revalidation and message in one order, kept for a while so that clients that were away catch up.
 * `EventLog` is the port; the hub appends to it and listens to it. `MemoryLog` serves one process; an adapter shares one
 * log among all instances. Both pass `logCases` of the testing kit.
 */
import { type Clock, systemClock } from '../clock.js'
import type { MaybePromise } from '../exchange.js'
import type { Logger } from '../logger.js'
import { formatCursor, parseCursor, type RevalidateKey } from '../protocol.js'

/** Queries have changed: for everyone (`scopes: null`) or for connections that hold one of `scopes`. */
export interface RevalidateEvent {
  readonly kind: 'revalidate'
  readonly keys: readonly RevalidateKey[]
  readonly scopes: readonly string[] | null
}

/** A message for the connections that listen on `channel`. */
export interface MessageEvent {
  readonly kind: 'message'
  readonly channel: string
  /** The data of its frame, `{ channel, event?, data }`, as JSON text by the codec: encoded once, where it was published. */
  readonly json: string
}

/** What a log keeps. Readers skip kinds that they do not know: a newer instance may have written them. */
export type LogEvent = RevalidateEvent | MessageEvent

export interface LogEntry {
  /** Its position: `<epoch>.<number>` here, `<epoch>.<ms>-<seq>` in a Redis Stream. */
  readonly cursor: string
  readonly event: LogEvent
}

export interface EventLog {
  /**
   * Adds an event and gives its cursor. Calls take effect in the order they were made; when one fails, those made after
   * it that are still under way fail too. Settles within a few seconds. A failed call is made again with the same
   * object, so that a log that cannot know whether it was written can recognise it.
   */
  append(event: LogEvent): MaybePromise<string>
  /** The newest position that this instance knows of: its listeners were given everything up to here. Empty until the log was first reached. */
  readonly head: string
  /**
   * What follows the position `after`, in order and without a hole, including at least all that this instance's listeners
   * were given; or `reset` when that cannot be vouched for: the log no longer goes back that far, or the cursor is of
   * another epoch, from the future, or nonsense. Asked once for each client that resumes: shared logs should answer from
   * what their reader has seen.
   */
  read(after: string): MaybePromise<readonly LogEntry[] | 'reset'>
  /**
   * Calls `listener` with each entry after the present head, once and in order, whichever instance appended it. Returns
   * its undo. A listener that throws keeps nobody else from hearing.
   */
  listen(listener: (entry: LogEntry) => void): () => void
  /** Calls `listener` after each change of epoch: nothing before it can be resumed. Returns its undo. */
  onReset(listener: () => void): () => void
  /** Begins a new epoch for all instances, because events were lost on the way here. */
  renew(): MaybePromise<void>
  /** Forgets the listeners and frees what the log holds. Calling it again does nothing. */
  close(): MaybePromise<void>
}

export interface MemoryLogOptions {
  readonly clock?: Clock
  /** Where a listener's error goes. */
  readonly logger?: Logger
  /** Entries kept, 10,000 unless given. */
  readonly events?: number
  /** Minutes for which an entry is kept, 10 unless given. */
  readonly minutes?: number
  /** Megabytes of message text kept, 64 unless given. */
  readonly megabytes?: number
}

interface Kept {
  readonly entry: LogEntry
  readonly number: number
  readonly time: number
  readonly size: number
}

interface Listener {
  readonly hear: (entry: LogEntry) => void
  /** The last entry before it began to listen. */
  readonly after: number
}

/** The log of a single process. It lives and ends with it: after a restart every client gets `reset`. */
export class MemoryLog implements EventLog {
  readonly #clock: Clock
  readonly #logger: Logger | undefined
  readonly #maxEvents: number
  readonly #maxAge: number
  readonly #maxSize: number
  #epoch = randomEpoch()
  #head: string
  /** The number of the newest entry. */
  #last = 0
  /** In order, numbers without a hole; those before `#start` are gone. */
  #kept: (Kept | undefined)[] = []
  #start = 0
  #size = 0
  /** Appended while others are being delivered. */
  readonly #undelivered: Kept[] = []
  #isDelivering = false
  readonly #listeners = new Set<Listener>()
  readonly #resetListeners = new Set<() => void>()

  constructor(options: MemoryLogOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger
    this.#maxEvents = options.events ?? 10_000
    this.#maxAge = (options.minutes ?? 10) * 60_000
    this.#maxSize = (options.megabytes ?? 64) * 1_000_000
    this.#head = formatCursor(this.#epoch, 0)
  }

  get head(): string {
    return this.#head
  }

  append(event: LogEvent): string {
    const number = ++this.#last
    const cursor = formatCursor(this.#epoch, number)
    this.#head = cursor
    const size = event.kind === 'message' ? event.json.length : 0
    const kept: Kept = { entry: { cursor, event }, number, time: this.#clock.now(), size }
    this.#kept.push(kept)
    this.#size += size
    this.#trim()
    // A listener that appends would otherwise let those after it hear the later entry first.
    if (this.#isDelivering) this.#undelivered.push(kept)
    else this.#deliver(kept)
    return cursor
  }

  read(after: string): readonly LogEntry[] | 'reset' {
    const cursor = parseCursor(after)
    if (cursor === null || cursor.epoch !== this.#epoch) return 'reset'
    // Written back, so that a cursor of another shape (`7-2`, `007`) is none of ours.
    const number = cursor.position[0]
    if (formatCursor(this.#epoch, number) !== after || number > this.#last) return 'reset'
    this.#trim()
    const missing = this.#last - number
    if (missing > this.#kept.length - this.#start) return 'reset'
    return this.#kept.slice(this.#kept.length - missing).map((kept) => kept!.entry)
  }

  listen(hear: (entry: LogEntry) => void): () => void {
    const listener: Listener = { hear, after: this.#last }
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  onReset(listener: () => void): () => void {
    const own = () => listener()
    this.#resetListeners.add(own)
    return () => void this.#resetListeners.delete(own)
  }

  renew(): void {
    this.#forget()
    this.#epoch = randomEpoch()
    // Numbers go on, so that those who listen know what is new to them.
    this.#head = formatCursor(this.#epoch, this.#last)
    for (const listener of this.#resetListeners) this.#guard(listener)
  }

  close(): void {
    this.#listeners.clear()
    this.#resetListeners.clear()
    this.#forget()
  }

  #deliver(first: Kept): void {
    this.#isDelivering = true
    for (let kept: Kept | undefined = first; kept; kept = this.#undelivered.shift()) {
      const { entry, number } = kept
      for (const listener of this.#listeners) {
        if (listener.after < number) this.#guard(() => listener.hear(entry))
      }
    }
    this.#isDelivering = false
  }

  #guard(call: () => void): void {
    try {
      call()
    } catch (err) {
      this.#logger?.error({ err }, 'realtime: a listener of the event log threw. Others were not affected.')
    }
  }

  #trim(): void {
    const oldest = this.#clock.now() - this.#maxAge
    while (this.#start < this.#kept.length) {
      const first = this.#kept[this.#start]!
      const count = this.#kept.length - this.#start
      if (count <= this.#maxEvents && first.time >= oldest && this.#size <= this.#maxSize) break
      this.#kept[this.#start++] = undefined
      this.#size -= first.size
    }
    // Moving the rest now and then keeps both trimming and reading cheap.
    if (this.#start > 1024 && this.#start > this.#kept.length / 2) {
      this.#kept = this.#kept.slice(this.#start)
      this.#start = 0
    }
  }

  #forget(): void {
    this.#kept = []
    this.#start = 0
    this.#size = 0
    this.#undelivered.length = 0
  }
}

/** 64 random bits: no two logs share an epoch. */
function randomEpoch(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(36).padStart(2, '0')).join('')
}
