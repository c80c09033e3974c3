/**
 * The hub: all live connections of one app in one process, and who of them hears what. `create()` makes one;
 * the endpoint opens connections in it, the pipeline and `igniter.realtime` speak through it.
 */
import type { Clock, Timer } from '../clock.js'
import { decode, encode } from '../codec.js'
import { isThenable, type MaybePromise } from '../exchange.js'
import type { Logger } from '../logger.js'
import {
  compareCursors,
  defaultHeartbeat,
  parseCursor,
  type ReadyFrame,
  type ResetReason,
  type RevalidateKey,
} from '../protocol.js'
import { Audience } from './audience.js'
import { Connection, type ConnectionInit, type Host } from './connection.js'
import { within } from './deadline.js'
import { Batch, heartbeatFrame, messageJson, readyFrame, resetFrame, retryFrame } from './frames.js'
import type { EventLog, LogEntry } from './log.js'
import { Outbox } from './outbox.js'
import { Pacer } from './pacer.js'
import type { ConnectionInfo, DisconnectTarget } from './realtime.js'
import { Replays } from './replay.js'
import { type Moment, Roster, unavailable } from './roster.js'
import { type RealtimeSettings, type ResolvedSettings, resolveSettings } from './settings.js'

export interface HubOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly settings?: RealtimeSettings
}

/** An entry and those that came after it, for whoever held on to it meanwhile. */
interface Link {
  readonly entry: LogEntry | null
  next: Link | null
}

/** Milliseconds between two revalidations of one connection. */
const quiet = 50
/** Milliseconds that a log may take to answer a resuming client. */
const readTimeout = 5_000
/** Milliseconds in which a door has to start a connection that was opened for it. */
const startTimeout = 30_000

export class Hub {
  readonly #log: EventLog
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #settings: ResolvedSettings
  readonly #outbox: Outbox
  readonly #pacer: Pacer
  readonly #host: Host
  readonly #replays = new Replays()
  readonly #undo: readonly (() => void)[]

  /** Every connection that counts; those too that have not begun or are still catching up. */
  readonly #roster: Roster
  /** Those that hear events as they come. */
  readonly #audience = new Audience()
  /** Those that have been served further, elsewhere or by their replay, than this instance has heard; with that position. */
  readonly #ahead = new Map<Connection, string>()

  /** The newest entry that was delivered, or the head where none was. */
  #position: string
  #newest: Link = { entry: null, next: null }
  #epochs = 0
  #heartbeats: Timer | null = null
  #sweeps: Timer | null = null
  #closing: Promise<void> | null = null

  /** Listens to the log at once; makes timers only while there are connections. Throws INVALID_DEFINITION for bad settings. */
  constructor({ log, clock, logger, settings }: HubOptions) {
    this.#log = log
    this.#clock = clock
    this.#logger = logger
    this.#settings = resolveSettings(settings)
    this.#roster = new Roster(this.#settings.limits)
    this.#outbox = new Outbox({ log, clock, logger })
    this.#pacer = new Pacer(clock, quiet)
    this.#host = {
      pacer: this.#pacer,
      buffer: this.#settings.buffer,
      onStart: (connection, init) => this.#start(connection, init),
      onOver: (connection) => this.#remove(connection),
      onStall: ({ identity }, buffered) => {
        this.#logger.debug({ identity, buffered }, 'realtime: cut a connection that does not read. It can resume.')
      },
    }
    this.#undo = [log.listen((entry) => this.#hear(entry)), log.onReset(() => this.#beginEpoch())]
    this.#position = log.head
  }

  /** The newest position that this instance knows of. */
  get cursor(): string {
    return this.#log.head
  }

  /**
   * Tells clients to refetch what matches `keys`: all of them (`scopes: null`), or the connections that hold one of
   * `scopes`. Gives the event's id, or null when there was nobody to tell or the event waits for the log. Throws
   * CodecError for keys that cannot be sent, and nothing else; never rejects.
   */
  revalidate(keys: readonly RevalidateKey[], scopes: readonly string[] | null): MaybePromise<string | null> {
    if (keys.length === 0 || scopes?.length === 0) return null
    return this.#outbox.send({ kind: 'revalidate', keys: keys.map(snapshot), scopes: scopes && [...scopes] })
  }

  /**
   * Sends `data` to the connections that listen on `channel`. Gives the event's id, or null when it waits for the log.
   * Throws CodecError for data that cannot be sent; never rejects.
   */
  publish(channel: string, data: unknown, event?: string): MaybePromise<string | null> {
    return this.#outbox.send({ kind: 'message', channel, json: messageJson(channel, data, event) })
  }

  /** The present point in the order of disconnects: to be asked for before grants are resolved, and given to `connect`. */
  get moment(): Moment {
    return this.#roster.moment
  }

  /**
   * A new connection, counted from now on; it begins when its door starts it. Throws TOO_MANY_REQUESTS or
   * SERVICE_UNAVAILABLE beyond a limit, SERVICE_UNAVAILABLE when a disconnect since `since` would have ended it.
   */
  connect(init: ConnectionInit, since: Moment = this.moment): Connection {
    if (this.#closing) throw unavailable('The server is shutting down. Connect again.', 1)
    this.#roster.admit(init, since)
    const now = this.#clock.now()
    const lifetime = this.#settings.recycle * (1 - Math.random() / 5)
    const connection = new Connection(this.#host, init, { wall: this.#clock.wall(), now, end: now + lifetime })
    this.#roster.add(connection)
    this.#keepTime()
    return connection
  }

  /** The connection with this secret id. */
  find(id: string): Connection | undefined {
    return this.#roster.find(id)
  }

  /** Has a connection hear these channels from now on. */
  subscribe(connection: Connection, channels: Iterable<string>): void {
    for (const channel of channels) this.#audience.subscribe(connection, channel)
  }

  unsubscribe(connection: Connection, channels: Iterable<string>): void {
    for (const channel of channels) this.#audience.unsubscribe(connection, channel)
  }

  /** Ends this instance's connections that hold the scope or have the identity, at once; gives their number. */
  disconnect(where: DisconnectTarget): number {
    const found = this.#roster.meant(where)
    for (const connection of found) connection.revoke()
    return found.length
  }

  /** The connections that have begun, without their ids. */
  connections(): ConnectionInfo[] {
    const started = this.#roster.list().filter(({ isStarted }) => isStarted)
    return started.map((connection) => ({
      identity: connection.identity,
      scopes: [...connection.scopes],
      channels: [...connection.channels],
      since: connection.since,
      cursor: connection.cursor,
      buffered: connection.buffered,
    }))
  }

  /**
   * Ends every connection, telling its client to come back after up to 4 s, each after another time; then hands what
   * still waits to the log. The log stays open. Calling it again gives the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const undo of this.#undo) undo()
    const hints = Array.from({ length: 40 }, (_, step) => retryFrame(100 * (step + 1)))
    for (const connection of this.#roster.list()) connection.end(hints[Math.floor(Math.random() * hints.length)])
    await this.#outbox.close()
  }

  #start(connection: Connection, init: ConnectionInit): void {
    const { after } = init
    if (after === null) {
      connection.write(readyFrame(this.#toReady(connection, init), this.#position), this.#position)
      return this.#enter(connection)
    }
    const newest = this.#newest
    const epochs = this.#epochs
    const resume = (read: readonly LogEntry[] | 'reset'): void => {
      if (connection.isOver) return
      const missed =
        read === 'reset' || epochs !== this.#epochs
          ? 'reset'
          : [...read, ...unseen(newest, read.at(-1)?.cursor ?? after)]
      this.#resume(connection, this.#toReady(connection, init), after, missed)
    }
    const giveUp = (err: unknown): void => {
      this.#logger.error({ err }, 'realtime: the event log could not be read. A client that resumes has to refetch.')
      resume('reset')
    }
    try {
      const read = this.#log.read(after)
      if (!isThenable(read)) return resume(read)
      within(this.#clock, readTimeout, read, 'realtime: reading the event log').then(resume).catch(giveUp)
    } catch (err) {
      giveUp(err)
    }
  }

  #toReady(connection: Connection, { scopes, channels }: ConnectionInit): ReadyFrame {
    const { heartbeat } = this.#settings
    const ready = { connection: connection.id, scopes, channels }
    return heartbeat === defaultHeartbeat ? ready : { ...ready, heartbeat }
  }

  #resume(connection: Connection, ready: ReadyFrame, after: string, missed: readonly LogEntry[] | 'reset'): void {
    const steps = missed === 'reset' ? null : this.#replays.steps(connection, missed, this.#settings.buffer / 2)
    if (missed === 'reset' || steps === null) {
      // Without an id: should the connection be lost before the reset, the client must be told again.
      connection.write(readyFrame(ready, null), null)
      const reason = steps === null && missed !== 'reset' ? 'backlog' : this.#isOfThisEpoch(after) ? 'gap' : 'epoch'
      connection.write(resetFrame(reason, this.#position), this.#position)
      return this.#enter(connection)
    }
    connection.write(readyFrame(ready, after), after)
    for (const { frame, cursor } of steps) connection.write(frame, cursor)
    if (steps.some((step) => step instanceof Batch)) connection.hush(this.#clock.now())
    const served = missed.at(-1)?.cursor ?? after
    if (isUpTo(served, this.#position)) this.#enter(connection)
    else if (!connection.isOver) this.#ahead.set(connection, served)
  }

  /** From here on it hears what comes. */
  #enter(connection: Connection): void {
    if (!connection.isOver) this.#audience.add(connection)
  }

  #remove(connection: Connection): void {
    this.#roster.delete(connection)
    this.#ahead.delete(connection)
    this.#audience.delete(connection)
    if (this.#roster.size === 0) this.#stopTime()
  }

  #hear(entry: LogEntry): void {
    this.#position = entry.cursor
    const link: Link = { entry, next: null }
    this.#newest.next = link
    this.#newest = link
    try {
      this.#audience.deliver(entry, this.#clock.now())
    } catch (err) {
      this.#logger.error({ err }, 'realtime: an event could not be delivered. Every client has to refetch.')
      this.#resetAll('gap')
    }
    if (this.#ahead.size > 0) this.#letIn((served) => isUpTo(served, entry.cursor))
  }

  #letIn(isReached: (served: string) => boolean): void {
    for (const [connection, served] of this.#ahead) {
      if (!isReached(served)) continue
      this.#ahead.delete(connection)
      this.#enter(connection)
    }
  }

  #beginEpoch(): void {
    this.#epochs++
    this.#position = this.#log.head
    this.#newest = { entry: null, next: null }
    this.#letIn(() => true)
    this.#resetAll('epoch')
  }

  #resetAll(reason: ResetReason): void {
    this.#audience.reset(resetFrame(reason, this.#position), this.#position)
  }

  #isOfThisEpoch(cursor: string): boolean {
    return parseCursor(cursor)?.epoch === parseCursor(this.#position)?.epoch
  }

  #keepTime(): void {
    if (this.#heartbeats) return
    const { heartbeat, recycle } = this.#settings
    this.#heartbeats = this.#clock.every(heartbeat, () => this.#beat())
    const period = Math.min(15_000, recycle / 40)
    this.#sweeps = this.#clock.every(period, () => this.#sweep(this.#clock.now() + period))
  }

  #stopTime(): void {
    this.#heartbeats?.clear()
    this.#sweeps?.clear()
    this.#heartbeats = this.#sweeps = null
    this.#pacer.clear()
  }

  #beat(): void {
    this.#audience.beat(heartbeatFrame(this.#position), this.#position)
    this.#replays.forget()
  }

  /** Ends those that would be too old before the next sweep, and those that no door has started. */
  #sweep(next: number): void {
    const hints = Array.from({ length: 10 }, (_, step) => retryFrame(100 * (step + 1)))
    for (const connection of this.#roster.list()) {
      const { opened, ends, isStarted } = connection
      if (ends <= next) connection.end(hints[Math.floor(Math.random() * hints.length)])
      else if (!isStarted && opened + startTimeout <= next) connection.end()
    }
  }
}

/** The key as it is now, whatever its owner does to it later. */
const snapshot = (key: RevalidateKey): RevalidateKey =>
  typeof key === 'string' ? key : (decode(encode(key)) as RevalidateKey)

// Neither holds for positions of different epochs.
const isAfter = (a: string, b: string): boolean => (compareCursors(a, b) ?? 0) > 0
const isUpTo = (a: string, b: string): boolean => (compareCursors(a, b) ?? 1) <= 0

/** What came live since `link` and is newer than `cursor`. */
function unseen(link: Link, cursor: string): LogEntry[] {
  const entries: LogEntry[] = []
  for (let { next } = link; next; next = next.next) {
    if (next.entry !== null && isAfter(next.entry.cursor, cursor)) entries.push(next.entry)
  }
  return entries
}
