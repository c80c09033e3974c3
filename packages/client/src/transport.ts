/** The way to the server: where it is, and what every request of this client carries. Calls, streams and realtime use it. */

export interface TransportOptions {
  /** The server's origin, like `https://api.example.com`. The page's own unless given; needed outside browsers. */
  readonly baseURL?: string
  /** Sent with every request; a function is asked anew for each, also each time the realtime connection reconnects. */
  readonly headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>)
  /** Used instead of the global `fetch`, with the address as text. What it begins must end when `init.signal` aborts. */
  readonly fetch?: (url: string, init: RequestInit) => Response | Promise<Response>
  /** Of `fetch`: give `include` to send cookies to another origin. */
  readonly credentials?: RequestCredentials
}

/** A request without what is common to all. */
export interface OutgoingRequest {
  readonly method: string
  /** Like `/api/v1/~/posts.list`, with its query string. */
  readonly path: string
  /** JSON text, or a form. */
  readonly body?: string | FormData | undefined
  /** The later win over the earlier, and all of them over the client's own. */
  readonly headers?: readonly (HeadersInit | undefined)[]
  readonly signal?: AbortSignal | undefined
}

/** Rejects with anything. */
export type Send = (request: OutgoingRequest) => Promise<Response>

/** Reads the options anew for each request, so that an application may change them. */
export const createSend =
  (options: TransportOptions): Send =>
  async ({ method, path, body, headers = [], signal }) => {
    const { baseURL = '', credentials, headers: common } = options
    if (!baseURL && !options.fetch && !globalThis.location) throw new Error('baseURL is needed')
    const all = new Headers(typeof common === 'function' ? await common() : common)
    for (const own of headers) new Headers(own).forEach((value, name) => all.set(name, value))
    if (typeof body === 'string') all.set('content-type', 'application/json')
    return (options.fetch ?? fetch)(baseURL.replace(/\/$/, '') + path, {
      method,
      headers: all,
      // What is undefined counts as left out.
      body: body!,
      signal: signal!,
      credentials: credentials!,
    })
  }
