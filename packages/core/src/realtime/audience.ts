/**
 * The connections that hear events as they come, found by what they hold. An event costs one frame, and one write for
 * each of its hearers. The hub keeps one audience.
 */
import type { Frame } from '../exchange.js'
import type { Connection } from './connection.js'
import { Batch, type MessageEntry, messageFrame, type RevalidateEntry } from './frames.js'
import type { LogEntry } from './log.js'
import { Multimap } from './multimap.js'

export class Audience {
  readonly #all = new Set<Connection>()
  readonly #byScope = new Multimap<string, Connection>()
  readonly #byChannel = new Multimap<string, Connection>()
  #offers = 0

  get size(): number {
    return this.#all.size
  }

  /** How many scopes and channels somebody holds. */
  get names(): number {
    return this.#byScope.size + this.#byChannel.size
  }

  add(connection: Connection): void {
    this.#all.add(connection)
    for (const scope of connection.scopes) this.#byScope.add(scope, connection)
    for (const channel of connection.channels) this.#byChannel.add(channel, connection)
  }

  delete(connection: Connection): void {
    if (!this.#all.delete(connection)) return
    for (const scope of connection.scopes) this.#byScope.delete(scope, connection)
    for (const channel of connection.channels) this.#byChannel.delete(channel, connection)
  }

  /** Adds a channel to a connection, whether it hears already or will later. */
  subscribe(connection: Connection, channel: string): void {
    connection.channels.add(channel)
    if (this.#all.has(connection)) this.#byChannel.add(channel, connection)
  }

  unsubscribe(connection: Connection, channel: string): void {
    connection.channels.delete(channel)
    this.#byChannel.delete(channel, connection)
  }

  /** Gives an event to those whom it is for. Throws, before anyone has it, what the codec throws for keys that cannot be sent. */
  deliver(entry: LogEntry, now: number): void {
    if (this.#all.size === 0) return
    if (entry.event.kind === 'message') this.#message(entry as MessageEntry, now)
    else if (entry.event.kind === 'revalidate') this.#revalidate(entry as RevalidateEntry, now)
  }

  /** Drops what waits for them, and tells all of them to refetch. */
  reset(frame: Frame, position: string): void {
    for (const connection of this.#all) connection.reset(frame, position)
  }

  beat(frame: Frame, position: string): void {
    for (const connection of this.#all) connection.beat(frame, position)
  }

  #message(entry: MessageEntry, now: number): void {
    const hearers = this.#byChannel.get(entry.event.channel)
    if (hearers === undefined) return
    const frame = messageFrame(entry)
    for (const connection of hearers) connection.message(frame, entry.cursor, now)
  }

  #revalidate(entry: RevalidateEntry, now: number): void {
    const batch = Batch.of(entry)
    const { scopes } = entry.event
    if (scopes === null) {
      for (const connection of this.#all) connection.revalidate(batch, now)
      return
    }
    const offer = ++this.#offers
    for (const scope of scopes) {
      for (const connection of this.#byScope.get(scope) ?? []) {
        // It may hold several of the scopes.
        if (connection.lastOffer === offer) continue
        connection.lastOffer = offer
        connection.revalidate(batch, now)
      }
    }
  }
}
