/**
 * The one error class and the table of every code it may carry.
 * The table stands again, explained, in docs/reference/errors.md; a test compares the two.
 */

/** Every error code of the framework with the HTTP status it answers. Applications add codes of their own. */
export const errorCodes = {
  BAD_REQUEST: 400,
  VALIDATION_ERROR: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE_ENTITY: 422,
  TOO_MANY_REQUESTS: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL_SERVER_ERROR: 500,
  INVALID_DEFINITION: 500,
  INVALID_EVENT: 500,
  STORE_INVALID_ARGUMENT: 500,
  STORE_UNAVAILABLE: 503,
  SERVICE_UNAVAILABLE: 503,
  TIMEOUT: 503,
} as const

/** A code of the framework's own table. */
export type ErrorCode = keyof typeof errorCodes

/** One thing that is wrong with a request: which part (`in`), which field (`path`, dotted; empty for the whole part), and why. */
export interface ErrorDetail {
  readonly in: 'params' | 'query' | 'headers' | 'body' | 'input'
  readonly path: string
  readonly message: string
}

export interface IgniterErrorOptions<Code extends string = string> {
  readonly code: Code
  /** Said to the caller when the error reaches an answer: never put secrets here. */
  readonly message: string
  /** HTTP status, 400–599. The table's for a code of the framework, otherwise 400 unless given. */
  readonly status?: number
  /** Sent to the caller as `details`; must be plain JSON on REST addresses. */
  readonly details?: unknown
  /** Goes to the log and to `onError`, never to the caller. */
  readonly cause?: unknown
  /** Whole seconds, sent as `Retry-After`: when trying again makes sense. */
  readonly retryAfterSeconds?: number
}

const statusOf = (code: string): number => (Object.hasOwn(errorCodes, code) ? errorCodes[code as ErrorCode] : 400)

const brand = Symbol.for('igniter.error')

/** An error that may be shown to the caller: its code, status, message and details become the answer's envelope. */
export class IgniterError<Code extends string = string> extends Error {
  readonly code: Code
  readonly status: number
  readonly details: unknown
  readonly retryAfterSeconds: number | undefined

  constructor(options: IgniterErrorOptions<Code>) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code
    this.status = options.status ?? statusOf(options.code)
    this.details = options.details
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  override get name(): string {
    return 'IgniterError'
  }

  get [brand](): true {
    return true
  }

  /** Whether `value` is an IgniterError, also one made by another copy of this package. */
  static is(value: unknown): value is IgniterError {
    try {
      return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
    } catch {
      // Anything can be thrown: a revoked proxy, too.
      return false
    }
  }
}

/** A mistake in a definition: stops at start-up. `where` names the thing, `mend` says what to do. */
export function definitionError(where: string, what: string, mend: string): IgniterError<'INVALID_DEFINITION'> {
  return new IgniterError({ code: 'INVALID_DEFINITION', message: `${where}: ${what} ${mend}` })
}

/** A wrong value as a message shows it: text in quotes, what could be long or somebody's data by its type. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? 'a list' : 'an object'
}
