/**
 * Who may hear what, as the router says it (`realtime: { identity, scopes, channels }`), asked safely: whatever throws,
 * rejects, takes too long or gives something else grants nothing and is logged as an error. The endpoint asks.
 */
import type { Clock } from '../clock.js'
import { definitionError, IgniterError } from '../error.js'
import { isThenable, type MaybePromise } from '../exchange.js'
import type { RequestHeaders } from '../headers.js'
import type { Logger } from '../logger.js'
import { type AnySchema, compileValidator, type Validated, type Validator } from '../schema.js'
import { within } from './deadline.js'

/** The request behind a connection or a change of one. */
export interface RealtimeRequest {
  readonly query: Readonly<Record<string, string | readonly string[]>>
  readonly body: unknown
  readonly headers: RequestHeaders
  readonly ip: string | null
  readonly params: Readonly<Record<string, string>>
}

/** What a rule is asked with; the context is what `realtime.use` made of it. */
export interface RuleOptions<Context> {
  readonly request: RealtimeRequest
  readonly context: Context
}

/** Whether this caller may listen on `channel`. Only `true` lets it. */
export type Authorize<Context> = (options: RuleOptions<Context> & { readonly channel: string }) => MaybePromise<boolean>

export interface ChannelOptions<Context> {
  /** A Standard Schema of the data that travels on the channel: `publish` refuses what doesn't fit, and sends what the schema makes of it. */
  readonly schema?: object
  /** Without it nobody may listen. */
  readonly authorize?: Authorize<Context>
}

export interface RealtimeRules<Context = Record<string, unknown>> {
  /** Who calls: a text that is not empty, or a number; null or undefined for nobody in particular. A failure grants nothing at all. */
  readonly identity?: (options: RuleOptions<Context>) => MaybePromise<string | number | null | undefined>
  /** The scopes that the caller holds. Without it nobody holds any. */
  readonly scopes?: (options: RuleOptions<Context>) => MaybePromise<readonly string[]>
  /**
   * Channels by name, or by what the name begins with when the pattern ends in `*`; of several the most specific counts:
   * the exact name, then the longest beginning. A channel without an entry is refused.
   */
  readonly channels?: Readonly<Record<string, Authorize<Context> | ChannelOptions<Context>>>
}

type Asked = RuleOptions<Record<string, unknown>>

interface ChannelRule {
  /** Of what travels on the channel; null without a schema. */
  readonly check: Validator | null
  /** As it was written, for the log. */
  readonly pattern: string
  /** What the name begins with; for an exact rule the name itself. */
  readonly prefix: string
  readonly authorize: Authorize<Record<string, unknown>> | undefined
}

/** Milliseconds that a rule may take. */
const ruleTimeout = 5_000

export class Rules {
  readonly #rules: RealtimeRules
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #exact = new Map<string, ChannelRule>()
  /** Longest first. */
  readonly #prefixes: ChannelRule[] = []
  #hasSaidNoScopes = false

  /** Throws INVALID_DEFINITION for a rule or a pattern that cannot work. */
  constructor(rules: RealtimeRules, clock: Clock, logger: Logger) {
    this.#rules = rules
    this.#clock = clock
    this.#logger = logger
    for (const name of ['identity', 'scopes'] as const) {
      if (rules[name] !== undefined && typeof rules[name] !== 'function') {
        throw definitionError(`realtime.${name}`, 'it is not a function.', 'Give a function of { request, context }.')
      }
    }
    for (const [pattern, rule] of Object.entries(rules.channels ?? {})) this.#addChannel(pattern, rule)
    this.#prefixes.sort((a, b) => b.prefix.length - a.prefix.length)
  }

  /** Who calls; undefined when that cannot be known, so that nothing can be granted. */
  identity(asked: Asked): MaybePromise<string | number | null | undefined> {
    const { identity } = this.#rules
    if (identity === undefined) return null
    return this.#ask('realtime.identity', () => identity(asked), toIdentity, 'a text, a number or null')
  }

  /** The scopes that the caller holds; none when that cannot be known. Without a rule, says so once, if anybody wanted one. */
  scopes(asked: Asked, isWanted: boolean): MaybePromise<readonly string[]> {
    const { scopes } = this.#rules
    if (scopes === undefined) {
      if (isWanted) this.#sayNoScopes()
      return none
    }
    const held = this.#ask('realtime.scopes', () => scopes(asked), toScopes, 'a list of texts')
    return isThenable(held) ? held.then((list) => list ?? none) : (held ?? none)
  }

  /** Those of `channels` on which the caller may listen. */
  channels(asked: Asked, channels: readonly string[]): MaybePromise<readonly string[]> {
    const answers = channels.map((channel) => this.#mayListen(asked, channel))
    const pick = (may: readonly (boolean | undefined)[]) => channels.filter((_, index) => may[index] === true)
    return answers.some(isThenable) ? Promise.all(answers).then(pick) : pick(answers as (boolean | undefined)[])
  }

  /** What the channel's schema makes of a message's data. Throws or rejects with INVALID_EVENT for what doesn't fit it. */
  message(channel: string, data: unknown): MaybePromise<unknown> {
    const check = this.#find(channel)?.check
    if (check === undefined || check === null) return data
    const judge = (judged: Validated): unknown => {
      if (judged.details === null) return judged.value
      throw new IgniterError({
        code: 'INVALID_EVENT',
        message: `publish: the data doesn't fit the schema of the channel ${JSON.stringify(channel)}: ${judged.details.map(({ path, message }) => `${path || 'the whole'}: ${message}`).join('; ')}.`,
        details: judged.details,
      })
    }
    const judged = check(data)
    return isThenable(judged) ? judged.then(judge) : judge(judged)
  }

  #find(channel: string): ChannelRule | undefined {
    return this.#exact.get(channel) ?? this.#prefixes.find(({ prefix }) => channel.startsWith(prefix))
  }

  #mayListen({ request, context }: Asked, channel: string): MaybePromise<boolean | undefined> {
    const rule = this.#find(channel)
    const authorize = rule?.authorize
    if (rule === undefined || authorize === undefined) return false
    const name = `realtime.channels[${JSON.stringify(rule.pattern)}]`
    return this.#ask(name, () => authorize({ request, context, channel }), toBoolean, 'true or false')
  }

  #addChannel(
    pattern: string,
    rule: Authorize<Record<string, unknown>> | ChannelOptions<Record<string, unknown>>,
  ): void {
    const where = `realtime.channels[${JSON.stringify(pattern)}]`
    const star = pattern.indexOf('*')
    if (star !== -1 && star !== pattern.length - 1) {
      throw definitionError(where, 'a pattern may hold one *, at its end.', "Write it like 'chat:*'.")
    }
    if (typeof rule !== 'function' && (typeof rule !== 'object' || rule === null)) {
      throw definitionError(
        where,
        'it is neither a function nor an object.',
        'Give () => boolean or { schema, authorize }.',
      )
    }
    const authorize = typeof rule === 'function' ? rule : rule.authorize
    if (authorize === undefined) {
      this.#logger.warn(
        `${where}: it has no \`authorize\`, so nobody may listen. Add authorize: () => true to open it.`,
      )
    } else if (typeof authorize !== 'function') {
      throw definitionError(where, 'its `authorize` is not a function.', 'Give ({ context, channel }) => boolean.')
    }
    const schema = typeof rule === 'function' ? undefined : rule.schema
    const check = schema === undefined ? null : compileValidator(schema as AnySchema, 'body', `${where}.schema`)
    if (star === -1) this.#exact.set(pattern, { pattern, prefix: pattern, authorize, check })
    else this.#prefixes.push({ pattern, prefix: pattern.slice(0, star), authorize, check })
  }

  /** What the rule gives, or undefined when it fails; a rule that answers at once is not waited for. */
  #ask<T>(
    name: string,
    rule: () => unknown,
    read: (value: unknown) => T | undefined,
    wanted: string,
  ): MaybePromise<T | undefined> {
    const judge = (value: unknown): T | undefined => {
      const answer = read(value)
      if (answer === undefined) {
        // The value itself stays out of the log: it may be somebody's data.
        const type = value === null ? 'null' : Array.isArray(value) ? 'a list with something else' : typeof value
        this.#logger.error(`${name}: it gave ${type} and not ${wanted}. Nothing was granted.`)
      }
      return answer
    }
    const fail = (err: unknown): undefined => {
      this.#logger.error({ err }, `${name}: it failed. Nothing was granted.`)
    }
    try {
      const value = rule()
      return isThenable(value) ? within(this.#clock, ruleTimeout, value, name).then(judge, fail) : judge(value)
    } catch (err) {
      return fail(err)
    }
  }

  #sayNoScopes(): void {
    if (this.#hasSaidNoScopes) return
    this.#hasSaidNoScopes = true
    this.#logger.warn(
      'realtime: the router says no `realtime.scopes`, so nobody holds a scope and scoped events reach no one.',
    )
  }
}

const none: readonly string[] = []

const toScopes = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((scope) => typeof scope === 'string') ? [...new Set<string>(value)] : undefined

const toBoolean = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined)

function toIdentity(value: unknown): string | number | null | undefined {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' && value !== '') return value
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
