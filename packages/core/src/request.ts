/**
 * What a handler sees of a request. Everything is computed when asked for: what a handler doesn't touch costs nothing.
 */
import { RequestCookies } from './cookies.js'
import type { Incoming } from './exchange.js'
import type { RequestHeaders } from './headers.js'
import type { CallInput } from './input.js'

/** The parameters in a path template: `Params<'/posts/:id'>` is `{ id: string }`. */
export type Params<P extends string> = P extends `${string}/:${string}` ? { readonly [K in Names<P>]: string } : {}

/** The names in a path template: whole segments that begin with a colon. */
type Names<P extends string> = P extends `${string}/:${infer Rest}`
  ? Rest extends `${infer Name}/${infer More}`
    ? Name | Names<`/${More}`>
    : Rest
  : never

/** A query string without a schema: repeated keys are arrays. */
export interface RawQuery {
  readonly [name: string]: string | readonly string[] | undefined
}

/** The request as handlers see it; parts with a schema are validated and typed by it. */
export interface ActionRequest<P = unknown, Q = unknown, B = unknown, H = RequestHeaders> {
  /** Ours, unique; an incoming `x-request-id` only behind `trustProxy`, and if it is plain. */
  readonly id: string
  /** The action's own method, also when it was called through `/~/`. */
  readonly method: string
  /** The action's own path with the base path, encoded, without the query. */
  readonly path: string
  readonly params: P
  readonly query: Q
  /** Read-only headers, or what the action's `headers` schema made of them. */
  readonly headers: H
  readonly cookies: RequestCookies
  readonly body: B
  /** Aborts when the client goes away or the time is up. */
  readonly signal: AbortSignal
  /** The WHATWG request, built when asked for, its body to be read once more: for signatures over bytes, and libraries. */
  readonly raw: Request
  /** The client's address: the peer's, or the one that trusted proxies name (`trustProxy`); null where the door cannot know it. */
  readonly ip: string | null
}

/** A request before validation, as procedures and resolvers see it. */
export type UnvalidatedRequest = ActionRequest<Readonly<Record<string, string>>, unknown, unknown, RequestHeaders>

/** What of the application a request needs. */
export interface RequestSettings {
  readonly cookieSecrets: readonly string[]
  /** How many proxies in front of us are ours; their `x-forwarded-for` and `x-request-id` count. */
  readonly trustedProxies: number
  newId(): string
}

/** What of its route a request shows. */
export interface RequestRoute {
  readonly method: string
  readonly template: string
  readonly parameters: readonly string[]
}

/** The parts that validation replaces. */
export interface ValidParts {
  params?: unknown
  query?: unknown
  headers?: unknown
  body?: unknown
}

/** The request behind `request`: reads the exchange and the input when asked, and what validation made of them once it has. */
export class RequestView implements UnvalidatedRequest {
  /** Filled by validation; a part that is absent is shown as it came. */
  valid: ValidParts | null = null
  #cookies: RequestCookies | undefined
  #id: string | undefined
  #raw: Request | undefined

  constructor(
    readonly incoming: Incoming,
    readonly input: CallInput,
    readonly route: RequestRoute,
    readonly settings: RequestSettings,
  ) {}

  get id(): string {
    this.#id ??=
      plainId(this.settings.trustedProxies > 0 ? this.incoming.header('x-request-id') : null) ?? this.settings.newId()
    return this.#id
  }

  get method(): string {
    return this.route.method
  }

  get path(): string {
    const { template, parameters } = this.route
    if (parameters.length === 0) return template
    const { params } = this.input
    return template
      .split('/')
      .map((segment) => (segment.startsWith(':') ? encodeSegment(String(params[segment.slice(1)] ?? '')) : segment))
      .join('/')
  }

  get params(): Readonly<Record<string, string>> {
    const { valid } = this
    return (valid !== null && valid.params !== undefined ? valid.params : this.input.params) as Record<string, string>
  }

  get query(): unknown {
    const { valid } = this
    return valid !== null && 'query' in valid ? valid.query : this.input.query
  }

  get headers(): RequestHeaders {
    return (this.valid?.headers ?? this.incoming.headers) as RequestHeaders
  }

  get body(): unknown {
    const { valid } = this
    return valid !== null && 'body' in valid ? valid.body : this.input.body
  }

  get cookies(): RequestCookies {
    this.#cookies ??= new RequestCookies(this.incoming.header('cookie'), this.settings.cookieSecrets)
    return this.#cookies
  }

  get signal(): AbortSignal {
    return this.incoming.signal
  }

  get raw(): Request {
    if (this.#raw === undefined) {
      const { raw } = this.incoming
      const body = this.input.bytes as Uint8Array<ArrayBuffer> | null
      this.#raw = body === null ? raw : new Request(raw, { body })
    }
    return this.#raw
  }

  get ip(): string | null {
    const { trustedProxies } = this.settings
    if (trustedProxies === 0) return this.incoming.ip
    const chain = (this.incoming.header('x-forwarded-for') ?? '').split(',').map((part) => part.trim())
    // Each proxy appends whom it heard from: the last ones were written by ours, what stands before anybody can invent.
    return chain.at(-trustedProxies) || chain[0] || this.incoming.ip
  }
}

const plain = /^[A-Za-z0-9._-]{1,64}$/
const plainId = (id: string | null): string | null => (id !== null && plain.test(id) ? id : null)

/** One path segment; dots alone would be read as a step up. */
const encodeSegment = (value: string): string =>
  /^\.{1,2}$/.test(value) ? value.replaceAll('.', '%2E') : encodeURIComponent(value)
