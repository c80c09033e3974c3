/**
 * A procedure that counts calls in the store and refuses those beyond a limit. Counts are shared by all instances that
 * share the store. Windows begin with a key's first call.
 */
import { createHash } from 'node:crypto'
import { definitionError, IgniterError } from './error.js'
import type { ProcedureInput, Step } from './procedure.js'
import type { UnvalidatedRequest } from './request.js'
import type { Store } from './store/store.js'

export interface RateLimitOptions<C = unknown> {
  /** Calls that one key may make in a window: a whole number, 1 or more. */
  readonly limit: number
  /** How long a window is: a whole number of seconds, 1 or more. */
  readonly windowSeconds: number
  /** Whose calls are counted together: the client's address unless given. Behind proxies that needs `trustProxy`. */
  readonly key?: (input: {
    readonly request: UnvalidatedRequest
    readonly context: C
  }) => string | number | Promise<string | number>
  /** Tells limits with equal keys apart: `default` unless given. */
  readonly name?: string
}

/**
 * `use: [rateLimit({ limit: 10, windowSeconds: 60 })]`. Beyond the limit: TOO_MANY_REQUESTS with `Retry-After`. Every
 * answer has `ratelimit-limit` and `ratelimit-remaining`. A store that fails fails the request.
 */
export function rateLimit<C = unknown>(options: RateLimitOptions<C>): Step<{}, 'TOO_MANY_REQUESTS'> {
  const { limit, windowSeconds, key = addressOf, name = 'default' } = options
  for (const [option, value] of Object.entries({ limit, windowSeconds })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw definitionError('rateLimit', `${option} is ${String(value)}.`, 'Give a whole number, 1 or more.')
    }
  }
  const run = async ({ request, context, response }: ProcedureInput<never>): Promise<void> => {
    const { store } = context as { store: Store }
    const who = await key({ request, context })
    const counter = toCounter(name, who)
    const count = await store.incr(counter)
    if (count === 1) await store.expire(counter, windowSeconds)
    response.setHeader('ratelimit-limit', String(limit))
    response.setHeader('ratelimit-remaining', String(Math.max(0, limit - count)))
    if (count <= limit) return
    throw new IgniterError({
      code: 'TOO_MANY_REQUESTS',
      message: 'Too many requests. Try again later.',
      retryAfterSeconds: await secondsLeft(store, counter, windowSeconds),
    })
  }
  return { name: 'rateLimit', use: [], run }
}

const addressOf = ({ request }: { readonly request: UnvalidatedRequest }): string => request.ip ?? 'unknown'

/** A process that died between counting and setting the TTL would have left a counter for ever. */
async function secondsLeft(store: Store, counter: string, windowSeconds: number): Promise<number> {
  const left = await store.ttl(counter)
  if (left !== null) return left
  await store.expire(counter, windowSeconds)
  return windowSeconds
}

/** The name comes first and is encoded, so that no choice of keys makes two counters one. */
function toCounter(name: string, who: unknown): string {
  if ((typeof who !== 'string' && typeof who !== 'number') || who === '') {
    throw new IgniterError({
      code: 'INTERNAL_SERVER_ERROR',
      message: `rateLimit: key gave ${who === '' ? 'an empty text' : typeof who}. Give a text or a number that names who is counted.`,
    })
  }
  const text = String(who)
  const short = text.length <= 256 ? text : createHash('sha256').update(text).digest('hex')
  return `ratelimit:${encodeURIComponent(name)}:${short}`
}
