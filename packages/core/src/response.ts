/**
 * What handlers answer with. `Answer` records (status, data, headers, cookies, effects) and performs nothing:
 * dispatch.ts writes it and runs its effects. The interfaces are the typed views that handlers see of it.
 */
import type { CookieOptions } from './cookies.js'
import { hasPrefix, serializeCookie } from './cookies.js'
import { IgniterError } from './error.js'
import { checkHeader } from './headers.js'
import type { RevalidateKey } from './protocol.js'
import type { EventStream, StreamEvent } from './stream.js'

/** Who is told: scope names, or a function of the final context that gives them. */
export type RevalidateScopes<C> = readonly string[] | ((context: C) => readonly string[])

/** What can be said of any answer, in any order, before or after the answer itself. */
export interface ResponseChain<C> {
  /** Sets the HTTP status, 100–599; wins over the one that the answer implies. */
  status(code: number): this
  /** Sets a header; a list sends it once for each value. CR, LF and NUL are refused. */
  setHeader(name: string, value: string | readonly string[]): this
  /** Sets a cookie: `Path=/; HttpOnly; SameSite=Lax` unless said otherwise. `signed` needs `config({ cookies: { secret } })`. */
  setCookie(name: string, value: string, options?: CookieOptions): this
  /** Tells the browser to forget a cookie; give the `path` and `domain` it was set with. Prefixes (`__Host-`) need nothing more. */
  deleteCookie(
    name: string,
    options?: Pick<CookieOptions, 'path' | 'domain' | 'secure' | 'sameSite' | 'partitioned'>,
  ): this
  /**
   * Tells clients to refetch the queries that match `keys` (`'posts.list'`, `'posts'`, or `{ key, params, query }`):
   * everyone, or only connections that hold one of `scopes`. Done only when the status is below 400.
   */
  revalidate(keys: readonly RevalidateKey[], scopes?: RevalidateScopes<C>): this
  /** Runs `fn` when the answer is a success (below 400), in order, before it leaves. What `fn` throws is logged and changes nothing. */
  afterSuccess(fn: () => unknown): this
}

/** A successful answer with its data. */
export interface Result<T, C = unknown> extends ResponseChain<C> {
  readonly ok: true
  readonly data: T
}

/** A refusal with its code: becomes a possible error of the action, typed in the client. */
export interface Failure<K extends string = string> extends ResponseChain<unknown> {
  readonly ok: false
  readonly code: K
}

/** What `next()` of a procedure resolves to: how the rest of the pipeline ended. */
export interface Outcome {
  readonly ok: boolean
  /** The HTTP status that the answer has now. */
  readonly statusCode: number
  readonly data: unknown
  readonly error: IgniterError | null
}

/** The answers a handler can give; each returns itself, so that the chain can go on. */
export interface ResponseBuilder<C, E = StreamEvent> extends ResponseChain<C> {
  /** 200 with `{ data, error: null }`. */
  success<T>(data: T): Result<T, C>
  success(): Result<null, C>
  /** 201. */
  created<T>(data: T): Result<T, C>
  /** 202. */
  accepted<T>(data: T): Result<T, C>
  accepted(): Result<null, C>
  /** 204, no body; the client's `data` is null. */
  noContent(): Result<null, C>
  /** JSON without the envelope (the client still gets it as `data`). */
  json<T>(data: T): Result<T, C>
  /** `text/plain`. */
  text(text: string): Result<string, C>
  /** `text/html`. What users typed must have been escaped. */
  html(html: string): Result<string, C>
  /** 302 to a path of this origin; to another one only with `{ external: true }`. */
  redirect(url: string, options?: RedirectOptions): Result<null, C>
  /** An event stream to write to; return it. For actions with `stream: true`. */
  stream(): EventStream<E>
  badRequest(message?: string, details?: unknown): Failure<'BAD_REQUEST'>
  unauthorized(message?: string, details?: unknown): Failure<'UNAUTHORIZED'>
  forbidden(message?: string, details?: unknown): Failure<'FORBIDDEN'>
  notFound(message?: string, details?: unknown): Failure<'NOT_FOUND'>
  conflict(message?: string, details?: unknown): Failure<'CONFLICT'>
  unprocessable(message?: string, details?: unknown): Failure<'UNPROCESSABLE_ENTITY'>
  tooManyRequests(message?: string, details?: unknown): Failure<'TOO_MANY_REQUESTS'>
  /** A failure with a code of your own, which the client sees typed. */
  error<const K extends string>(error: FailureOptions<K>): Failure<K>
}

export interface RedirectOptions {
  /** Allows another origin (http and https only). */
  readonly external?: boolean
  /** 302 unless given. */
  readonly status?: 301 | 302 | 303 | 307 | 308
}

export interface FailureOptions<K extends string> {
  readonly code: K
  /** Said to the caller. */
  readonly message: string
  /** 400–599; the table's for a code of the framework, otherwise 400. */
  readonly status?: number
  readonly details?: unknown
}

/** One `revalidate` that waits for the answer to succeed. */
export interface Revalidation {
  readonly keys: readonly RevalidateKey[]
  readonly scopes: RevalidateScopes<never> | null
}

/** How the recorded answer is written. */
export type AnswerKind = 'none' | 'envelope' | 'json' | 'text' | 'html' | 'empty' | 'failure'

/** What an answer needs of the application. */
export interface AnswerSettings {
  readonly cookieSecrets: readonly string[]
  /** The public origin, if configured: redirects to it are not external. */
  readonly origin: string | null
}

/** The record behind `response`. One for each request, made when a handler or procedure first asks for it. */
export class Answer {
  kind: AnswerKind = 'none'
  data: unknown = null
  failure: IgniterError | null = null
  /** Flat pairs, names in lower case. */
  headers: string[] | null = null
  revalidations: Revalidation[] | null = null
  effects: (() => unknown)[] | null = null
  #implied = 200
  #chosen = 0

  constructor(
    readonly settings: AnswerSettings,
    readonly stream: () => EventStream,
  ) {}

  get ok(): boolean {
    return this.failure === null
  }

  get code(): string | undefined {
    return this.failure?.code
  }

  get statusCode(): number {
    // A failure stays one, whatever was chosen for the success that it might have been.
    return this.#chosen === 0 || (this.failure !== null && this.#chosen < 400) ? this.#implied : this.#chosen
  }

  status(code: number): this {
    if (!Number.isInteger(code) || code < 200 || code > 599) {
      throw new IgniterError({
        code: 'INTERNAL_SERVER_ERROR',
        message: `response.status(${code}): a final HTTP status is a whole number from 200 to 599.`,
      })
    }
    this.#chosen = code
    return this
  }

  setHeader(name: string, value: string | readonly string[]): this {
    const key = String(name).toLowerCase()
    const values = typeof value === 'object' ? value : [String(value)]
    for (const one of values) checkHeader(key, one)
    const kept = this.headers === null || key === 'set-cookie' ? this.headers : without(this.headers, key)
    this.headers = kept ?? []
    for (const one of values) this.headers.push(key, one)
    return this
  }

  setCookie(name: string, value: string, options: CookieOptions = {}): this {
    this.headers ??= []
    this.headers.push('set-cookie', serializeCookie(name, value, options, this.settings.cookieSecrets))
    return this
  }

  deleteCookie(name: string, options: CookieOptions = {}): this {
    // Browsers would ignore the line if it broke the rule of its prefix.
    const secure = options.secure ?? (hasPrefix(name) || options.sameSite === 'none' || options.partitioned === true)
    return this.setCookie(name, '', { ...options, secure, maxAge: 0, signed: false })
  }

  revalidate(keys: readonly RevalidateKey[], scopes: RevalidateScopes<never> | null = null): this {
    this.revalidations ??= []
    this.revalidations.push({ keys, scopes })
    return this
  }

  afterSuccess(fn: () => unknown): this {
    this.effects ??= []
    this.effects.push(fn)
    return this
  }

  success(data: unknown = null): this {
    return this.#answer('envelope', 200, data)
  }

  created(data: unknown): this {
    return this.#answer('envelope', 201, data)
  }

  accepted(data: unknown = null): this {
    return this.#answer('envelope', 202, data)
  }

  noContent(): this {
    return this.#answer('empty', 204, null)
  }

  json(data: unknown): this {
    return this.#answer('json', 200, data)
  }

  text(text: string): this {
    return this.#answer('text', 200, text)
  }

  html(html: string): this {
    return this.#answer('html', 200, html)
  }

  redirect(url: string, options: RedirectOptions = {}): this {
    if (!mayRedirect(url, options.external === true, this.settings.origin)) {
      throw new IgniterError({
        code: 'INTERNAL_SERVER_ERROR',
        message:
          'response.redirect: the address leads to another origin. Give a path that begins with a single "/", or pass { external: true } for an http(s) address that no user could have chosen.',
      })
    }
    return this.setHeader('location', url).#answer('empty', options.status ?? 302, null)
  }

  badRequest(message = 'The request is not valid.', details?: unknown): this {
    return this.error({ code: 'BAD_REQUEST', message, details })
  }

  unauthorized(message = 'Sign in first.', details?: unknown): this {
    return this.error({ code: 'UNAUTHORIZED', message, details })
  }

  forbidden(message = 'Not allowed.', details?: unknown): this {
    return this.error({ code: 'FORBIDDEN', message, details })
  }

  notFound(message = 'Not found.', details?: unknown): this {
    return this.error({ code: 'NOT_FOUND', message, details })
  }

  conflict(message = 'The current state does not allow this.', details?: unknown): this {
    return this.error({ code: 'CONFLICT', message, details })
  }

  unprocessable(message = 'The request cannot be carried out as it is.', details?: unknown): this {
    return this.error({ code: 'UNPROCESSABLE_ENTITY', message, details })
  }

  tooManyRequests(message = 'Too many requests. Try again later.', details?: unknown): this {
    return this.error({ code: 'TOO_MANY_REQUESTS', message, details })
  }

  error(options: FailureOptions<string>): this {
    const error = new IgniterError(options)
    const { status } = error
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new IgniterError({
        code: 'INTERNAL_SERVER_ERROR',
        message: `response.error: the status ${String(status)} is none of a failure. Give a whole number from 400 to 599.`,
      })
    }
    return this.#refuse(error)
  }

  /** Makes an `error` that was thrown the answer, whatever was said before; headers stay. */
  fail(error: IgniterError): this {
    this.#chosen = 0
    return this.#refuse(error)
  }

  /** Forgets what was answered, because something else was returned; status, headers and effects stay. */
  withdraw(): void {
    this.kind = 'none'
    this.data = null
    this.failure = null
    this.#implied = 200
  }

  #refuse(error: IgniterError): this {
    this.failure = error
    this.kind = 'failure'
    this.data = null
    this.#implied = error.status
    return this
  }

  #answer(kind: AnswerKind, status: number, data: unknown): this {
    this.kind = kind
    this.data = data
    this.failure = null
    this.#implied = status
    return this
  }
}

/** Header pairs without those named `name`. */
function without(headers: readonly string[], name: string): string[] {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== name) kept.push(headers[i] as string, headers[i + 1] as string)
  }
  return kept
}

const relative = /^(?:\/(?!\/)|\?|#|\.\.?\/)/
// The WHATWG URL parser drops tabs and line ends wherever they stand and reads "\" as "/": "/\t/host" is another origin.
const deceptive = /[\t\n\r\\]/

function mayRedirect(url: string, external: boolean, origin: string | null): boolean {
  if (deceptive.test(url)) return false
  if (relative.test(url)) return true
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return false
  return external || new URL(url).origin === origin
}
