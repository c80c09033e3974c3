/** The way to the server: where it is, and what every request of this client carries. Calls, streams and realtime use it. */
import { IgniterClientError } from './error.js'

export interface TransportOptions {
  /** The server's origin, like `https://api.example.com`. The page's own unless given; needed outside browsers. */
  readonly baseURL?: string
  /** The server's `basePath`. `/api/v1` unless given. */
  readonly basePath?: string
  /** Sent with every request; a function is asked anew for each, also each time the realtime connection reconnects. */
  readonly headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>)
  /** Used instead of the global `fetch`, with the address as text. */
  readonly fetch?: (url: string, init: RequestInit) => Response | Promise<Response>
  /** Of `fetch`: give `include` to send cookies to another origin. */
  readonly credentials?: RequestCredentials
}

interface Outgoing {
  /** The query string with its `?`. */
  readonly search?: string
  readonly body?: BodyInit
  readonly headers?: HeadersInit | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Transport {
  /** An address as messages name it: without its query, which may hold secrets. */
  where(method: string, path: string): string
  /** Any answer at all, headers read. Rejects with NETWORK_ERROR or ABORTED. */
  send(method: string, path: string, outgoing: Outgoing): Promise<Response>
}

export function createTransport(options: TransportOptions): Transport {
  const { baseURL = '', basePath = '/api/v1', headers, credentials } = options
  const base = baseURL.replace(/\/+$/, '') + basePath.replace(/\/+$/, '')
  const where = (method: string, path: string) => `${method} ${basePath}${path}`
  return {
    where,
    async send(method, path, { search = '', body, headers: own, signal }) {
      try {
        signal?.throwIfAborted()
        const all = new Headers(typeof headers === 'function' ? await headers() : headers)
        new Headers(own).forEach((value, name) => all.set(name, value))
        if (typeof body === 'string') all.set('content-type', 'application/json')
        const init: RequestInit = { method, headers: all }
        Object.assign(init, body && { body }, signal && { signal }, credentials && { credentials })
        return await (options.fetch ?? fetch)(base + path + search, init)
      } catch (cause) {
        const hint = !baseURL && !options.fetch && !globalThis.location ? ' Outside browsers, baseURL is needed.' : ''
        throw networkError(where(method, path), 'no answer', cause, signal, hint)
      }
    },
  }
}

/** What to say when a request, or reading its answer, failed with `cause`. */
export function networkError(where: string, what: string, cause: unknown, signal?: AbortSignal, hint = ''): IgniterClientError {
  if (signal?.aborted) {
    return new IgniterClientError({ code: 'ABORTED', status: 0, message: `${where}: aborted by its signal.`, cause })
  }
  const { message, cause: reason } = Object(cause) as { message?: string; cause?: { code?: string } }
  // Some runtimes name the whole address, and its query may hold secrets.
  const said = String(reason?.code ?? message ?? cause).replace(/\?.*/s, '')
  return new IgniterClientError({ code: 'NETWORK_ERROR', status: 0, message: `${where}: ${what} (${said}).${hint}`, cause })
}
