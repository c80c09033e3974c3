/**
 * The two addresses of realtime, behind HTTP: `/~/realtime` opens a connection, `/~/realtime/{connection}` changes what
 * it listens to. The pipeline parses the request, runs the procedures of `realtime.use`, and calls this.
 */
import type { Clock } from '../clock.js'
import { type ErrorDetail, IgniterError } from '../error.js'
import { isThenable, type MaybePromise } from '../exchange.js'
import type { Logger } from '../logger.js'
import type { Grants } from '../protocol.js'
import type { Connection } from './connection.js'
import type { Hub } from './hub.js'
import { type RealtimeRequest, type RealtimeRules, Rules, type RuleOptions } from './rules.js'

/** A request to one of the addresses, after `realtime.use`. */
export type EndpointCall = RuleOptions<Record<string, unknown>>

export interface EndpointOptions {
  readonly hub: Hub
  readonly rules: RealtimeRules
  readonly clock: Clock
  readonly logger: Logger
}

/** Channels of one connection, and scopes that a client may declare. */
const maxNames = 100
/** Of a channel's or a declared scope's name, in UTF-8. */
const maxNameBytes = 256

export class Endpoint {
  readonly #hub: Hub
  readonly #rules: Rules

  /** Throws INVALID_DEFINITION for rules that cannot work. */
  constructor({ hub, rules, clock, logger }: EndpointOptions) {
    this.#hub = hub
    this.#rules = new Rules(rules, clock, logger)
  }

  /**
   * Opens a connection, to be sent as the body of an event stream. Wants `channel`, `scope` (both may repeat) and
   * `cursor` from the query, or `{ channels?, scopes?, cursor? }` from the body if there is one; `Last-Event-ID` wins
   * over either cursor. Fails with VALIDATION_ERROR, BAD_REQUEST (too many or too long names) or a limit of the hub's.
   */
  open(call: EndpointCall): MaybePromise<Connection> {
    const { query, body, headers, ip } = call.request
    const wanted = body === undefined || body === null ? fromQuery(query) : fromBody(body)
    const after = headers.get('last-event-id') || wanted.cursor
    const since = this.#hub.moment
    return whenAll(
      this.#rules.identity(call),
      this.#rules.scopes(call, wanted.scopes.length > 0),
      this.#rules.channels(call, wanted.channels),
      (identity, held, allowed) => {
        // Whom we cannot tell cannot be disconnected later either, so nothing is granted.
        const isKnown = identity !== undefined
        const scopes = part(wanted.scopes, isKnown ? held : [])
        const channels = part(wanted.channels, isKnown ? allowed : [])
        const all = wanted.scopes.length === 0 && isKnown ? { granted: held, denied: [] } : scopes
        return this.#hub.connect({ identity: identity ?? null, ip, scopes: all, channels, after: after || null }, since)
      },
    )
  }

  /**
   * Changes the channels of `params.connection` by a body `{ subscribe?, unsubscribe? }`; a name in both is subscribed.
   * The answer means that it is live. Fails with VALIDATION_ERROR, with BAD_REQUEST when there would be too many
   * channels, and with the same NOT_FOUND for an unknown connection as for one of another identity.
   */
  change(call: EndpointCall): MaybePromise<Grants> {
    const body = toObject(call.request.body)
    const subscribe = toNames('body', 'subscribe', body.subscribe)
    const unsubscribe = toNames('body', 'unsubscribe', body.unsubscribe)
    return whenAll(this.#rules.identity(call), null, null, (identity) => {
      this.#own(call, identity)
      return whenAll(this.#rules.channels(call, subscribe), null, null, (allowed) => {
        // It may have ended while the rules were asked.
        const connection = this.#own(call, identity)
        const grants = part(subscribe, allowed)
        const gone = new Set([...unsubscribe, ...grants.denied])
        const kept = [...connection.channels].filter((channel) => !gone.has(channel))
        if (new Set([...kept, ...grants.granted]).size > maxNames) throw tooMany('channels')
        this.#hub.unsubscribe(connection, gone)
        this.#hub.subscribe(connection, grants.granted)
        return grants
      })
    })
  }

  /** The scopes that this caller would be granted: none where the rules fail. Never throws and never rejects. */
  scopesOf(call: EndpointCall): MaybePromise<readonly string[]> {
    return this.#rules.scopes(call, true)
  }

  /** What is sent for `data` on `channel`, by the channel's schema. Throws or rejects with INVALID_EVENT for what doesn't fit it. */
  message(channel: string, data: unknown): MaybePromise<unknown> {
    return this.#rules.message(channel, data)
  }

  #own(call: EndpointCall, identity: string | number | null | undefined): Connection {
    const connection = this.#hub.find(call.request.params.connection ?? '')
    if (connection === undefined || identity === undefined || connection.identity !== identity) {
      throw new IgniterError({
        code: 'NOT_FOUND',
        message: 'There is no such connection, or it is not yours. Open a new one.',
      })
    }
    return connection
  }
}

interface Wanted {
  readonly channels: readonly string[]
  readonly scopes: readonly string[]
  readonly cursor: string
}

function fromQuery({ channel, scope, cursor }: RealtimeRequest['query']): Wanted {
  return {
    channels: toNames('query', 'channel', typeof channel === 'string' ? [channel] : channel),
    scopes: toNames('query', 'scope', typeof scope === 'string' ? [scope] : scope),
    cursor: toCursor('query', cursor),
  }
}

function fromBody(value: unknown): Wanted {
  const body = toObject(value)
  return {
    channels: toNames('body', 'channels', body.channels),
    scopes: toNames('body', 'scopes', body.scopes),
    cursor: toCursor('body', body.cursor),
  }
}

function toObject(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('body', '', 'Expected a JSON object.')
  }
  return body as Record<string, unknown>
}

/** The names, each once. */
function toNames(part: ErrorDetail['in'], path: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.some((name) => typeof name !== 'string')) {
    throw invalid(part, path, 'Expected a list of texts.')
  }
  const names = new Set<string>(value)
  if (names.size > maxNames) throw tooMany(path)
  for (const name of names) {
    if (isTooLong(name)) {
      throw new IgniterError({
        code: 'BAD_REQUEST',
        message: `A name in \`${path}\` is longer than ${maxNameBytes} bytes. Use shorter names.`,
      })
    }
  }
  return [...names]
}

function toCursor(part: ErrorDetail['in'], value: unknown): string {
  if (value === undefined || value === null) return ''
  // What is no cursor is not refused here: the log does not know it, and the client is told to refetch.
  if (typeof value !== 'string') throw invalid(part, 'cursor', 'Expected one text.')
  return value
}

function isTooLong(name: string): boolean {
  if (name.length * 3 <= maxNameBytes) return false
  return name.length > maxNameBytes || new TextEncoder().encode(name).length > maxNameBytes
}

/** Parts what was asked for by what is allowed. */
function part(asked: readonly string[], allowed: readonly string[]): Grants {
  const may = new Set(allowed)
  return { granted: asked.filter((name) => may.has(name)), denied: asked.filter((name) => !may.has(name)) }
}

/** Calls `then` with the values: at once if none of them is a promise. */
function whenAll<A, B, C, T>(
  a: MaybePromise<A>,
  b: MaybePromise<B>,
  c: MaybePromise<C>,
  then: (a: A, b: B, c: C) => MaybePromise<T>,
): MaybePromise<T> {
  if (isThenable(a) || isThenable(b) || isThenable(c)) return Promise.all([a, b, c]).then((all) => then(...all))
  return then(a, b, c)
}

const invalid = (part: ErrorDetail['in'], path: string, message: string): IgniterError =>
  new IgniterError({
    code: 'VALIDATION_ERROR',
    message: 'The request is not valid.',
    details: [{ in: part, path, message }],
  })

const tooMany = (path: string): IgniterError =>
  new IgniterError({ code: 'BAD_REQUEST', message: `More than ${maxNames} in \`${path}\`. Ask for fewer.` })
