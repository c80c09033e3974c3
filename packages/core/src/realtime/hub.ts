/**
 * The hub: all live connections of one app in one process, and who of them hears what. `create()` makes one;
 * the endpoint opens connections in it, the pipeline and `igniter.realtime` speak through it.
 */
import type { Clock, Timer } from '../clock.js'
import { decode, encode } from '../codec.js'
import { IgniterError } from '../error.js'
import { isThenable, type MaybePromise } from '../exchange.js'
import type { Logger } from '../logger.js'
import { compareCursors, parseCursor, type ReadyFrame, type ResetReason, type RevalidateKey } from '../protocol.js'
import { Connection, type ConnectionInit, type Host } from './connection.js'
import { within } from './deadline.js'
import {
  Batch,
  heartbeatFrame,
  type MessageEntry,
  messageFrame,
  messageJson,
  readyFrame,
  resetFrame,
  retryFrame,
  type RevalidateEntry,
} from './frames.js'
import type { EventLog, LogEntry } from './log.js'
import { Multimap } from './multimap.js'
import { Outbox } from './outbox.js'
import { Pacer } from './pacer.js'
import type { ConnectionInfo, DisconnectTarget } from './realtime.js'
import { Replays } from './replay.js'
import { type RealtimeSettings, type ResolvedSettings, resolveSettings } from './settings.js'

export interface HubOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly settings?: RealtimeSettings
}

/** A point in the order of disconnects. Only the hub looks inside. */
export interface Moment {
  next: { readonly where: DisconnectTarget; readonly moment: Moment } | null
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

  /** Every connection that counts, by id; those too that have not begun or are still catching up. */
  readonly #all = new Map<string, Connection>()
  readonly #byIdentity = new Multimap<string, Connection>()
  readonly #byAddress = new Multimap<string, Connection>()
  /** Those that hear events as they come. */
  readonly #live = new Set<Connection>()
  readonly #byScope = new Multimap<string, Connection>()
  readonly #byChannel = new Multimap<string, Connection>()
  /** Those that have been served further, elsewhere or by their replay, than this instance has heard; with that position. */
  readonly #ahead = new Map<Connection, string>()

  /** The newest entry that was delivered, or the head where none was. */
  #position: string
  #newest: Link = { entry: null, next: null }
  #epochs = 0
  #offers = 0
  #moment: Moment = { next: null }
  #heartbeats: Timer | null = null
  #sweeps: Timer | null = null
  #closing: Promise<void> | null = null

  /** Listens to the log at once; makes timers only while there are connections. Throws INVALID_DEFINITION for bad settings. */
  constructor({ log, clock, logger, settings }: HubOptions) {
    this.#log = log
    this.#clock = clock
    this.#logger = logger
    this.#settings = resolveSettings(settings)
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
    return this.#moment
  }

  /**
   * A new connection, counted from now on; it begins when its door starts it. Throws TOO_MANY_REQUESTS or
   * SERVICE_UNAVAILABLE beyond a limit, SERVICE_UNAVAILABLE when a disconnect since `since` would have ended it.
   */
  connect(init: ConnectionInit, since: Moment = this.#moment): Connection {
    this.#admit(init, since)
    const now = this.#clock.now()
    const lifetime = this.#settings.recycle * (1 - Math.random() / 5)
    const connection = new Connection(this.#host, init, { wall: this.#clock.wall(), now, end: now + lifetime })
    this.#all.set(connection.id, connection)
    if (init.identity !== null) this.#byIdentity.add(String(init.identity), connection)
    if (init.ip !== null) this.#byAddress.add(init.ip, connection)
    this.#keepTime()
    return connection
  }

  /** The connection with this secret id. */
  find(id: string): Connection | undefined {
    return this.#all.get(id)
  }

  /** Has a connection hear these channels from now on. */
  subscribe(connection: Connection, channels: Iterable<string>): void {
    for (const channel of channels) {
      connection.channels.add(channel)
      if (this.#live.has(connection)) this.#byChannel.add(channel, connection)
    }
  }

  unsubscribe(connection: Connection, channels: Iterable<string>): void {
    for (const channel of channels) {
      connection.channels.delete(channel)
      this.#byChannel.delete(channel, connection)
    }
  }

  /** Ends this instance's connections that hold the scope or have the identity, at once; gives their number. */
  disconnect(where: DisconnectTarget): number {
    const moment: Moment = { next: null }
    this.#moment.next = { where, moment }
    this.#moment = moment
    const found = [...this.#all.values()].filter((connection) => isMeant(where, connection.identity, connection.scopes))
    for (const connection of found) connection.revoke()
    return found.length
  }

  /** The connections that have begun, without their ids. */
  connections(): ConnectionInfo[] {
    const started = [...this.#all.values()].filter((connection) => connection.isStarted)
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
    for (const connection of [...this.#all.values()]) connection.end(hints[Math.floor(Math.random() * hints.length)])
    await this.#outbox.close()
  }

  #admit({ identity, ip, scopes }: ConnectionInit, since: Moment): void {
    const { perIdentity, perAddress, process } = this.#settings.limits
    if (this.#closing) throw unavailable('The server is shutting down. Connect again.')
    for (let { next } = since; next; next = next.moment.next) {
      if (isMeant(next.where, identity, new Set(scopes.granted))) {
        throw unavailable('What this connection may hear has just changed. Connect again.')
      }
    }
    if (this.#all.size >= process) throw unavailable('Too many realtime connections. Try again later.', 5)
    if (identity !== null && this.#byIdentity.count(String(identity)) >= perIdentity)
      throw tooMany('identity', perIdentity)
    if (ip !== null && this.#byAddress.count(ip) >= perAddress) throw tooMany('address', perAddress)
  }

  #start(connection: Connection, init: ConnectionInit): void {
    const { after } = init
    if (after === null) {
      connection.write(readyFrame(toReady(connection, init), this.#position), this.#position)
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
      this.#resume(connection, toReady(connection, init), after, missed)
    }
    const giveUp = (err: unknown): void => {
      this.#logger.error({ err }, 'realtime: the event log could not be read. A client that resumes has to refetch.')
      resume('reset')
    }
    try {
      const read = this.#log.read(after)
      if (isThenable(read))
        within(this.#clock, readTimeout, read, 'realtime: reading the event log').then(resume, giveUp)
      else resume(read)
    } catch (err) {
      giveUp(err)
    }
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
    else this.#ahead.set(connection, served)
  }

  /** From here on it hears what comes. */
  #enter(connection: Connection): void {
    if (connection.isOver) return
    this.#live.add(connection)
    for (const scope of connection.scopes) this.#byScope.add(scope, connection)
    for (const channel of connection.channels) this.#byChannel.add(channel, connection)
  }

  #remove(connection: Connection): void {
    this.#all.delete(connection.id)
    if (connection.identity !== null) this.#byIdentity.delete(String(connection.identity), connection)
    if (connection.ip !== null) this.#byAddress.delete(connection.ip, connection)
    this.#ahead.delete(connection)
    this.#live.delete(connection)
    for (const scope of connection.scopes) this.#byScope.delete(scope, connection)
    for (const channel of connection.channels) this.#byChannel.delete(channel, connection)
    if (this.#all.size === 0) this.#stopTime()
  }

  #hear(entry: LogEntry): void {
    if (this.#ahead.size > 0) this.#letIn((served) => isAfter(entry.cursor, served))
    this.#position = entry.cursor
    const link: Link = { entry, next: null }
    this.#newest.next = link
    this.#newest = link
    if (this.#live.size > 0) {
      try {
        this.#deliver(entry)
      } catch (err) {
        // Some may have it and some not, and no position would show it.
        this.#logger.error({ err }, 'realtime: an event could not be delivered. Every client has to refetch.')
        this.#resetAll('gap')
      }
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

  #deliver(entry: LogEntry): void {
    const now = this.#clock.now()
    const { event } = entry
    if (event.kind === 'message') {
      const hearers = this.#byChannel.get(event.channel)
      if (hearers === undefined) return
      const frame = messageFrame(entry as MessageEntry)
      for (const connection of hearers) connection.message(frame, entry.cursor, now)
    } else if (event.kind === 'revalidate') {
      const batch = new Batch(entry as RevalidateEntry)
      if (event.scopes === null) {
        for (const connection of this.#live) connection.revalidate(batch, now)
        return
      }
      const offer = ++this.#offers
      for (const scope of event.scopes) {
        for (const connection of this.#byScope.get(scope) ?? []) {
          // It may hold several of the scopes.
          if (connection.lastOffer === offer) continue
          connection.lastOffer = offer
          connection.revalidate(batch, now)
        }
      }
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
    const frame = resetFrame(reason, this.#position)
    for (const connection of this.#live) connection.reset(frame, this.#position)
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
    const frame = heartbeatFrame(this.#position)
    for (const connection of this.#live) connection.beat(frame, this.#position)
    this.#replays.forget()
  }

  /** Ends those that would be too old before the next sweep, and those that no door has started. */
  #sweep(next: number): void {
    const hints = Array.from({ length: 10 }, (_, step) => retryFrame(100 * (step + 1)))
    for (const connection of this.#all.values()) {
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

function isMeant(where: DisconnectTarget, identity: ConnectionInit['identity'], scopes: ReadonlySet<string>): boolean {
  if ('scope' in where) return scopes.has(where.scope)
  // 7 and '7' are the same user: an id that was read from a cookie must not save its session.
  return identity !== null && String(identity) === String(where.identity)
}

const toReady = (connection: Connection, { scopes, channels }: ConnectionInit): ReadyFrame => ({
  connection: connection.id,
  scopes,
  channels,
})

const unavailable = (message: string, retryAfterSeconds = 1): IgniterError =>
  new IgniterError({ code: 'SERVICE_UNAVAILABLE', message, retryAfterSeconds })

const tooMany = (whose: string, limit: number): IgniterError =>
  new IgniterError({
    code: 'TOO_MANY_REQUESTS',
    message: `This ${whose} has ${limit} realtime connections already. Close one, or try again later.`,
    retryAfterSeconds: 5,
  })
