/** A node:http request as the pipeline reads it: straight from `req`, nothing copied, nothing built that nobody asks for. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { App } from '../app.js'
import { mediaType } from '../body.js'
import { IgniterError } from '../error.js'
import type { Incoming } from '../exchange.js'
import { Gathering, tooLarge, tooSlow } from '../gathering.js'
import type { RequestHeaders } from '../headers.js'
import { Later } from '../later.js'

export class NodeIncoming implements Incoming {
  readonly method: string
  readonly target: string
  /** Whether the body was given up on: what still comes must be thrown away. */
  isAbandoned = false
  #controller: AbortController | undefined

  constructor(
    readonly req: IncomingMessage,
    readonly res: ServerResponse,
    readonly app: App,
  ) {
    this.method = req.method ?? 'GET'
    // Express cuts the part under which a handler is mounted off `url`.
    this.target = (req as { originalUrl?: string }).originalUrl ?? req.url ?? '/'
  }

  get hasBody(): boolean {
    const { headers } = this.req
    const length = headers['content-length']
    return length === undefined ? headers['transfer-encoding'] !== undefined : length !== '0'
  }

  get ip(): string | null {
    return this.req.socket.remoteAddress ?? null
  }

  get headers(): RequestHeaders {
    return new NodeHeaders(this.req.headers)
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      if (this.res.closed || this.res.destroyed) controller.abort()
      // The response's own end closes it too, and nobody listens any more then.
      else this.res.once('close', () => this.res.writableFinished || controller.abort())
    }
    return this.#controller.signal
  }

  get raw(): Request {
    const { method } = this
    const { baseURL } = this.app.config
    const headers = new Headers()
    for (const [name, value] of this.headers) headers.append(name, value)
    // The Host header is a stranger's word: only a configured address names this server.
    return new Request(new URL(this.target, baseURL ?? 'http://localhost'), { method, headers, signal: this.signal })
  }

  header(name: string): string | null {
    return toText(this.req.headers[name])
  }

  abort(reason: unknown): void {
    void this.signal
    this.#controller?.abort(reason)
  }

  body(limit: number, timeout: number): Uint8Array | PromiseLike<Uint8Array> {
    const { req } = this
    if (Number(req.headers['content-length']) > limit) {
      this.isAbandoned = true
      throw tooLarge(limit)
    }
    return parsedBefore(req) ?? this.#read(limit, timeout)
  }

  #read(limit: number, timeout: number): Later<Uint8Array> {
    const { req } = this
    const body = new Later<Uint8Array>()
    const gathering = new Gathering()
    const timer = timeout === 0 ? null : this.app.deadlines.after(timeout, () => giveUp(tooSlow(timeout)))
    let isOver = false
    const giveUp = (error: unknown): void => {
      if (isOver) return
      isOver = true
      timer?.clear()
      this.isAbandoned = true
      gathering.drop()
      body.reject(error)
    }
    // Listeners stay: request and listeners go together, and taking them off would cost more than they do.
    req.on('data', (chunk: Uint8Array) => {
      if (isOver) return
      try {
        gathering.add(chunk, limit)
      } catch (error) {
        giveUp(error)
      }
    })
    req.on('end', () => {
      if (isOver) return
      isOver = true
      timer?.clear()
      body.resolve(gathering.take())
    })
    req.on('close', () => {
      // Every request closes; an error with its stack is made only for those that broke off.
      if (!isOver)
        giveUp(
          new IgniterError({ code: 'BAD_REQUEST', message: 'The connection closed before the body was complete.' }),
        )
    })
    return body
  }
}

/** The body where a middleware (express.json and the like) has read it already, as bytes of the type that its head says. */
function parsedBefore(req: IncomingMessage): Uint8Array | null {
  if (!req.readableEnded) return null
  const { body } = req as { body?: unknown }
  if (body instanceof Uint8Array) return body
  if (typeof body === 'string') return Buffer.from(body)
  const type = mediaType(req.headers['content-type'] ?? null)?.type
  if (type === 'application/json' && body !== undefined) return Buffer.from(JSON.stringify(body))
  if (type === 'application/x-www-form-urlencoded' && isFields(body)) return Buffer.from(toForm(body))
  throw new Error(
    `A body of type ${type ?? 'unknown'} was read before this handler, and nothing of it is left. Mount the handler before whatever reads bodies, or put what was read into \`body\` of the request.`,
  )
}

type Fields = Readonly<Record<string, string | readonly string[]>>

const isText = (value: unknown): value is string => typeof value === 'string'
const isFields = (body: unknown): body is Fields =>
  typeof body === 'object' &&
  body !== null &&
  Object.values(body).every((value) => isText(value) || (Array.isArray(value) && value.every(isText)))

const toForm = (fields: Fields): string =>
  new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) => (isText(value) ? [value] : value).map((one) => [name, one])),
  ).toString()

const toText = (value: string | string[] | undefined): string | null =>
  value === undefined ? null : typeof value === 'string' ? value : value.join(', ')

/** A read-only view of Node's header object. */
class NodeHeaders implements RequestHeaders {
  readonly #fields: IncomingHttpHeaders

  constructor(fields: IncomingHttpHeaders) {
    this.#fields = fields
  }

  get(name: string): string | null {
    const key = name.toLowerCase()
    return Object.hasOwn(this.#fields, key) ? toText(this.#fields[key]) : null
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  *entries(): IterableIterator<[string, string]> {
    for (const [name, value] of Object.entries(this.#fields)) {
      const text = toText(value)
      if (text !== null) yield [name, text]
    }
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value
  }

  forEach(fn: (value: string, name: string) => void): void {
    for (const [name, value] of this.entries()) fn(value, name)
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries()
  }
}
