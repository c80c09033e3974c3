/**
 * A call's input before validation, whichever way it came: a REST address (strings, to be coerced), an address under
 * `/~/` (values by the codec), or the server-side caller (values as they are). Made by dispatch.ts, read lazily.
 */
import { decodeUtf8, mediaType, parseBody } from './body.js'
import { CodecError, decode } from './codec.js'
import { IgniterError } from './error.js'
import type { MaybePromise } from './exchange.js'
import { parseQuery } from './query.js'

export interface CallInput {
  /** Whether values are strings that schemas may coerce. */
  readonly coerces: boolean
  readonly params: Readonly<Record<string, unknown>>
  /** Throws BAD_REQUEST for what cannot be read. */
  readonly query: unknown
  /** undefined without a body. Throws BAD_REQUEST or UNSUPPORTED_MEDIA_TYPE for what cannot be read. */
  readonly body: unknown
  /** The body as it came; null without. */
  readonly bytes: Uint8Array | null
  /** Takes the body's bytes, once they are here; waits where parsing has to. */
  take(bytes: Uint8Array, contentType: string | null): MaybePromise<void>
}

const longSearch = 2_000

/** A REST address: path segments, query string and body bytes. */
export class RestInput implements CallInput {
  readonly coerces = true
  bytes: Uint8Array | null = null
  #query: Record<string, string | string[]> | undefined
  #contentType: string | null = null
  #parsed: { readonly value: unknown } | { readonly error: unknown } | undefined

  constructor(
    readonly params: Readonly<Record<string, string>>,
    readonly search: string,
  ) {
    // Only what is as long as this may have too many fields, which is refused even if nobody looks.
    if (search.length > longSearch) void this.query
  }

  get query(): Record<string, string | string[]> {
    this.#query ??= parseQuery(this.search)
    return this.#query
  }

  get body(): unknown {
    if (this.#parsed === undefined) {
      if (this.bytes === null) return undefined
      this.#parsed = attempt(this.bytes, this.#contentType)
    }
    if ('error' in this.#parsed) throw this.#parsed.error
    return this.#parsed.value
  }

  take(bytes: Uint8Array, contentType: string | null): MaybePromise<void> {
    this.bytes = bytes
    this.#contentType = contentType
    // Forms with files are parsed by the platform, which takes a promise: done here, told when somebody looks.
    if (contentType === 'application/json' || mediaType(contentType)?.type !== 'multipart/form-data') return
    return (async () => {
      try {
        this.#parsed = { value: await parseBody(bytes, contentType) }
      } catch (error) {
        this.#parsed = { error }
      }
    })()
  }
}

const attempt = (bytes: Uint8Array, contentType: string | null) => {
  try {
    return { value: parseBody(bytes, contentType) }
  } catch (error) {
    return { error }
  }
}

/** What a client sends to an address under `/~/`: `{ params?, query?, body? }` by the codec. */
interface Sent {
  readonly params?: unknown
  readonly query?: unknown
  readonly body?: unknown
}

/** An address under `/~/`. */
export class RpcInput implements CallInput {
  readonly coerces = false
  bytes: Uint8Array | null = null
  #sent: { readonly value: Sent } | { readonly error: unknown } | undefined

  constructor(readonly search: string) {}

  get params(): Readonly<Record<string, unknown>> {
    const { params } = this.#open()
    return params === undefined ? {} : (asObject(params, 'params') as Record<string, unknown>)
  }

  get query(): unknown {
    return this.#open().query
  }

  get body(): unknown {
    return this.#open().body
  }

  take(bytes: Uint8Array, contentType: string | null): MaybePromise<void> {
    this.bytes = bytes
    const type = contentType === 'application/json' ? contentType : mediaType(contentType)?.type
    if (type === 'multipart/form-data') return this.#takeForm(bytes, contentType)
    if (type === 'application/json') return
    const message = 'Addresses under /~/ take application/json, or multipart/form-data for files.'
    this.#sent = { error: new IgniterError({ code: 'UNSUPPORTED_MEDIA_TYPE', message }) }
  }

  /** Field `input` holds the codec's text; the file `{ "$file": n }` is the part named n. */
  async #takeForm(bytes: Uint8Array, contentType: string | null): Promise<void> {
    try {
      // An empty body is no form, whatever its type says.
      const form = ((await parseBody(bytes, contentType)) ?? {}) as Record<string, unknown>
      if (typeof form.input !== 'string') throw badInput('A form needs one field "input".')
      const file = (n: number): unknown => {
        const part = form[String(n)]
        if (part instanceof Blob) return part
        throw badInput(`The form has no file named "${n}".`)
      }
      this.#sent = { value: asObject(decode(form.input, { file }), 'the input') }
    } catch (error) {
      this.#sent = { error: asBadRequest(error) }
    }
  }

  #open(): Sent {
    this.#sent ??= this.#read()
    if ('error' in this.#sent) throw this.#sent.error
    return this.#sent.value
  }

  #read(): { readonly value: Sent } | { readonly error: unknown } {
    try {
      const text = this.bytes === null ? parseQuery(this.search).input : decodeUtf8(this.bytes)
      if (Array.isArray(text)) throw badInput('The query holds "input" more than once.')
      if (text === undefined || text === '') return { value: {} }
      return { value: asObject(decode(text), 'the input') }
    } catch (error) {
      return { error: asBadRequest(error) }
    }
  }
}

/** The server-side caller: values as they are. */
export class DirectInput implements CallInput {
  readonly coerces = false
  readonly bytes = null
  readonly params: Readonly<Record<string, unknown>>
  readonly query: unknown
  readonly body: unknown

  constructor({ params, query, body }: { params?: unknown; query?: unknown; body?: unknown }) {
    this.params = params === undefined ? {} : (asObject(params, 'params') as Record<string, unknown>)
    this.query = query
    this.body = body
  }

  take(): void {}
}

function asObject(value: unknown, what: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw badInput(`Expected ${what} to be an object like { params, query, body }.`)
}

const badInput = (message: string): IgniterError => new IgniterError({ code: 'BAD_REQUEST', message })

/** What the codec refused, as the caller is told. */
const asBadRequest = (error: unknown): unknown =>
  error instanceof CodecError ? new IgniterError({ code: 'BAD_REQUEST', message: error.message, cause: error }) : error
