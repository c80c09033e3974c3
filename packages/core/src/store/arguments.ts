/**
 * What every store refuses, and in which words. `MemoryStore` and the adapters check their arguments here, so that a
 * mistake is met in development with the same message that Redis would have caused in production.
 */
import { toWire } from '../codec.js'
import { IgniterError } from '../error.js'

const maxKeyBytes = 4_096
/** 100 years: beyond it, somebody gave milliseconds or a date. */
const maxTtlSeconds = 3_155_760_000

/** A mistake in a call of the store: `call` names it, `mend` says what to do. */
export function invalidArgument(
  call: string,
  what: string,
  mend: string,
  cause?: unknown,
): IgniterError<'STORE_INVALID_ARGUMENT'> {
  return new IgniterError({ code: 'STORE_INVALID_ARGUMENT', message: `${call}: ${what} ${mend}`, cause })
}

/** How a message names a call: `store.set("user:1")`, long keys cut. */
export function nameCall(method: string, key?: unknown): string {
  if (typeof key !== 'string') return `store.${method}`
  return `store.${method}(${JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key)})`
}

/** Refuses a key (or channel, pattern) that is not well-formed text of 1 to 4,096 bytes in UTF-8. */
export function checkKey(method: string, key: unknown, noun = 'key'): asserts key is string {
  if (typeof key !== 'string' || key === '') {
    const what = key === '' ? 'empty' : key === null ? 'null' : `of type ${typeof key}`
    throw invalidArgument(nameCall(method), `the ${noun} is ${what}.`, 'Give text of 1 to 4,096 bytes.')
  }
  // One UTF-16 unit takes at most three bytes, so most keys need no counting.
  if (key.length * 3 > maxKeyBytes && (key.length > maxKeyBytes || byteLength(key) > maxKeyBytes)) {
    throw invalidArgument(
      nameCall(method, key),
      `the ${noun} is longer than 4,096 bytes.`,
      'Use a hash of what is long.',
    )
  }
  // UTF-8 writes all lone surrogates alike: two keys would become one.
  if (loneSurrogate.test(key)) {
    throw invalidArgument(
      nameCall(method, key),
      `the ${noun} holds half a surrogate pair.`,
      'Cut text between characters.',
    )
  }
}

const loneSurrogate = /\p{Surrogate}/u
const byteLength = (text: string): number => new TextEncoder().encode(text).length

/** A TTL in whole milliseconds, rounded up. Refuses what is not above 0, and more than 100 years. */
export function toMilliseconds(method: string, key: string, ttlSeconds: unknown): number {
  if (typeof ttlSeconds === 'number' && ttlSeconds > 0 && ttlSeconds <= maxTtlSeconds)
    return Math.ceil(ttlSeconds * 1_000)
  const given =
    typeof ttlSeconds === 'number' ? String(ttlSeconds) : `of type ${ttlSeconds === null ? 'null' : typeof ttlSeconds}`
  throw invalidArgument(
    nameCall(method, key),
    `the TTL is ${given}.`,
    'Give seconds, above 0 and at most 100 years. A key that shall not expire is set without one; delete() removes a key.',
  )
}

/** Refuses a step of a counter that is not a safe integer. */
export function checkStep(method: string, key: string, by: unknown): asserts by is number {
  if (!Number.isSafeInteger(by)) {
    throw invalidArgument(nameCall(method, key), `the step is ${String(by)}.`, 'Give a safe integer.')
  }
}

/**
 * The value (or message) as the codec's plain JSON, ready for `JSON.stringify`: the very same reference when nothing in
 * it is rich. Refuses `undefined` and what cannot be carried, naming the place.
 */
export function toStored(method: string, key: string, value: unknown): unknown {
  if (value === undefined) {
    throw invalidArgument(nameCall(method, key), 'the value is undefined.', 'Give null, or delete the key.')
  }
  try {
    return toWire(value)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw invalidArgument(nameCall(method, key), 'the value cannot be stored:', why, cause)
  }
}

/** What every call but `close` rejects with once the store is closed. */
export function closedError(method: string): IgniterError<'STORE_UNAVAILABLE'> {
  return new IgniterError({
    code: 'STORE_UNAVAILABLE',
    message: `store.${method}: the store is closed. Close it after everything that uses it, or make a new one.`,
  })
}
