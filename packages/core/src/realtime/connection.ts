/**
 * One realtime connection, as the body of its reply. The endpoint has it made, the door starts it, the hub tells it what
 * to send; it keeps the order, the pace and the bound of what it sends.
 */
import type { Frame, Push, Sink } from '../exchange.js'
import type { Grants } from '../protocol.js'
import type { Batch } from './frames.js'
import type { Paced, Pacer, Window } from './pacer.js'

/** What is known when a connection opens. */
export interface ConnectionInit {
  readonly identity: string | number | null
  /** The peer's address; null where it is unknown. */
  readonly ip: string | null
  readonly scopes: Grants
  readonly channels: Grants
  /** The position from which it resumes; null begins at the present one. */
  readonly after: string | null
}

/** What connections need of the hub they belong to. */
export interface Host {
  readonly pacer: Pacer
  /** Bytes that may wait for one connection. */
  readonly buffer: number
  /** Called once, when the door has started it. */
  onStart(connection: Connection, init: ConnectionInit): void
  /** Called once, when it is over. */
  onOver(connection: Connection): void
  /** Called when it is cut because it does not read. */
  onStall(connection: Connection, buffered: number): void
}

export class Connection implements Push, Paced {
  readonly identity: string | number | null
  readonly ip: string | null
  readonly scopes: ReadonlySet<string>
  readonly channels: Set<string>
  /** When it was opened, in ms since 1970. */
  readonly since: number
  /** The same by the clock's `now()`. */
  readonly opened: number
  /** When it is to be ended at the latest, by the clock's `now()`. */
  readonly ends: number
  /** The serial number of the newest event that reached it by one of its scopes. */
  lastOffer = 0
  readonly #host: Host
  /** Private, so that no log line or inspection of this object shows the secret. */
  readonly #id: string
  #init: ConnectionInit | null
  #sink: Sink | null = null
  #isOver = false
  #cursor = ''
  #window: Window | null = null
  #pending: Batch | null = null
  /** Bytes given to the sink. */
  #written = 0
  /** Of those, how many had left it at the last heartbeat. */
  #gone = -1

  constructor(host: Host, init: ConnectionInit, time: { wall: number; now: number; end: number }) {
    this.#host = host
    this.#id = randomId()
    this.#init = init
    this.identity = init.identity
    this.ip = init.ip
    this.scopes = new Set(init.scopes.granted)
    this.channels = new Set(init.channels.granted)
    this.since = time.wall
    this.opened = time.now
    this.ends = time.end
  }

  /** The secret by which its client names it. Belongs in no log and in no list. */
  get id(): string {
    return this.#id
  }

  /** Whether its door has begun to write it. */
  get isStarted(): boolean {
    return this.#sink !== null
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The id of the last frame that was sent; empty before. */
  get cursor(): string {
    return this.#cursor
  }

  /** Bytes that wait to leave this process. */
  get buffered(): number {
    return this.#sink?.buffered ?? 0
  }

  get window(): Window | null {
    return this.#window
  }

  start(sink: Sink): void {
    if (this.#isOver || this.#init === null) return sink.end()
    const init = this.#init
    // What was denied is needed once; a connection lives for minutes.
    this.#init = null
    this.#sink = sink
    sink.onClose(() => this.#over())
    if (!this.#isOver) this.#host.onStart(this, init)
  }

  /** Sends a frame now. `position` is its id, null if it has none. */
  write(frame: Frame, position: string | null): void {
    const sink = this.#sink
    if (sink === null) return
    if (position !== null) this.#cursor = position
    const size = frame.bytes.length
    this.#written += size
    // A single frame above the bound may pass; what is refused is to fall behind.
    if (!sink.write(frame) && sink.buffered > this.#host.buffer && sink.buffered > size) this.#stall(sink)
  }

  /** Sends a message, after what waits. */
  message(frame: Frame, position: string, now: number): void {
    if (this.#pending !== null) this.release(now)
    this.write(frame, position)
  }

  /** Sends a revalidation now, or merged with others as soon as the pace allows. */
  revalidate(batch: Batch, now: number): void {
    if (this.#pending !== null) {
      this.#pending = this.#pending.and(batch)
    } else if (this.#window !== null && now < this.#window.closesAt) {
      this.#pending = batch
      this.#host.pacer.join(this.#window, this)
    } else {
      this.#window = this.#host.pacer.open(now)
      this.write(batch.frame, batch.cursor)
    }
  }

  /** Sends what waits. */
  release(now: number): void {
    const batch = this.#pending
    if (batch === null) return
    this.#pending = null
    this.#window = this.#host.pacer.open(now)
    this.write(batch.frame, batch.cursor)
  }

  /** Begins a time of quiet, as after a revalidation. */
  hush(now: number): void {
    this.#window = this.#host.pacer.open(now)
  }

  /** Drops what waits and tells the client to refetch everything. */
  reset(frame: Frame, position: string): void {
    this.#pending = null
    this.write(frame, position)
  }

  /** Sends a heartbeat. A connection whose reader took in nothing since the last one is cut. */
  beat(frame: Frame, position: string): void {
    // What waits will leave in a moment, and a heartbeat would claim that it had left already.
    if (this.#pending !== null || this.#sink === null) return
    const { buffered } = this.#sink
    const gone = this.#written - buffered
    if (buffered > 0 && gone <= this.#gone) return this.#stall(this.#sink)
    this.#gone = gone
    this.write(frame, position)
  }

  /** Ends it properly, after what waits and `last`. The client reconnects and is judged anew. */
  end(last?: Frame): void {
    const sink = this.#sink
    if (this.#pending !== null) this.write(this.#pending.frame, this.#pending.cursor)
    if (last !== undefined) this.write(last, null)
    if (this.#isOver) return
    this.#over()
    sink?.end()
  }

  /** Ends it at once; what its reader has not taken yet is lost to it. */
  revoke(): void {
    const sink = this.#sink
    if (this.#isOver) return
    this.#over()
    if (sink === null) return
    if (sink.buffered > 0) sink.cut()
    else sink.end()
  }

  #stall(sink: Sink): void {
    if (this.#isOver) return
    const { buffered } = sink
    this.#over()
    sink.cut()
    this.#host.onStall(this, buffered)
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink = null
    this.#pending = null
    this.#window = null
    this.#init = null
    this.#host.onOver(this)
  }
}

/** 192 random bits as 48 hexadecimal digits: fit for a path segment, and not to be guessed. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
