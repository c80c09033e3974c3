/**
 * Who is connected, whether live yet or not: the limits on how many, the secret ids, and whom a disconnect means.
 * The hub keeps one.
 */
import { IgniterError } from '../error.js'
import type { Connection, ConnectionInit } from './connection.js'
import { Multimap } from './multimap.js'
import type { DisconnectTarget } from './realtime.js'
import type { ResolvedSettings } from './settings.js'

/** A point in the order of disconnects. Only the roster looks inside. */
export interface Moment {
  next: { readonly where: DisconnectTarget; readonly moment: Moment } | null
}

export class Roster {
  readonly #limits: ResolvedSettings['limits']
  readonly #byId = new Map<string, Connection>()
  readonly #byIdentity = new Multimap<string, Connection>()
  readonly #byAddress = new Multimap<string, Connection>()
  #moment: Moment = { next: null }

  constructor(limits: ResolvedSettings['limits']) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byId.size
  }

  /** The present point in the order of disconnects. */
  get moment(): Moment {
    return this.#moment
  }

  /** All of them now: a list of its own, since whoever goes through it ends some. */
  list(): Connection[] {
    return [...this.#byId.values()]
  }

  find(id: string): Connection | undefined {
    return this.#byId.get(id)
  }

  /** Throws when there are too many already, or when a disconnect since `since` would have ended this one. */
  admit({ identity, ip, scopes }: ConnectionInit, since: Moment): void {
    const { perIdentity, perAddress, process } = this.#limits
    const held = new Set(scopes.granted)
    for (let { next } = since; next; next = next.moment.next) {
      if (isMeant(next.where, identity, held)) {
        throw unavailable('What this connection may hear has just changed. Connect again.', 1)
      }
    }
    if (this.size >= process) throw unavailable('Too many realtime connections. Try again later.', 5)
    if (identity !== null && this.#byIdentity.count(String(identity)) >= perIdentity) {
      throw tooMany('identity', perIdentity)
    }
    if (ip !== null && this.#byAddress.count(ip) >= perAddress) throw tooMany('address', perAddress)
  }

  add(connection: Connection): void {
    const { id, identity, ip } = connection
    this.#byId.set(id, connection)
    if (identity !== null) this.#byIdentity.add(String(identity), connection)
    if (ip !== null) this.#byAddress.add(ip, connection)
  }

  delete(connection: Connection): void {
    const { id, identity, ip } = connection
    this.#byId.delete(id)
    if (identity !== null) this.#byIdentity.delete(String(identity), connection)
    if (ip !== null) this.#byAddress.delete(ip, connection)
  }

  /** Those that a disconnect means; from here on also those that were judged before it and come later. */
  meant(where: DisconnectTarget): Connection[] {
    const moment: Moment = { next: null }
    this.#moment.next = { where, moment }
    this.#moment = moment
    return this.list().filter(({ identity, scopes }) => isMeant(where, identity, scopes))
  }
}

function isMeant(where: DisconnectTarget, identity: ConnectionInit['identity'], scopes: ReadonlySet<string>): boolean {
  if ('scope' in where) return scopes.has(where.scope)
  // 7 and '7' are the same user: an id that was read from a cookie must not save its session.
  return identity !== null && String(identity) === String(where.identity)
}

/** The answer while there is no place: 503. */
export const unavailable = (message: string, retryAfterSeconds: number): IgniterError =>
  new IgniterError({ code: 'SERVICE_UNAVAILABLE', message, retryAfterSeconds })

const tooMany = (whose: string, limit: number): IgniterError =>
  new IgniterError({
    code: 'TOO_MANY_REQUESTS',
    message: `This ${whose} has ${limit} realtime connections already. Close one, or try again later.`,
    retryAfterSeconds: 5,
  })
