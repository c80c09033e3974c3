/**
 * A whole application in a test, without a port: time to drive, a store in memory, everything it logs at hand, and its
 * router behind a function in the shape of `fetch`.
 */
import type { ContextSource } from '../app.js'
import { handleFetch } from '../fetch.js'
import { type AnyRouter, appOf, type FrameworkContext, type Igniter, type IgniterBuilder } from '../igniter.js'
import { consoleLogger, type LogLevel } from '../logger.js'
import { MemoryStore } from '../store/memory.js'
import { createTestClock, type TestClock } from './clock.js'

/** Something the application logged, as it was written: redacted. */
export interface LoggedEntry {
  readonly level: LogLevel
  readonly msg: string
  readonly [field: string]: unknown
}

/** An answer that has been read to its end. */
export interface ReadAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** What `text` is as JSON; undefined when it is none. */
  readonly body: any
}

export interface TestApp<R> {
  readonly router: R
  /** Moves only by `clock.advance(ms)`: timeouts, heartbeats, TTLs, everything the framework waits for. */
  readonly clock: TestClock
  readonly store: MemoryStore
  /** All levels, oldest first. */
  readonly logs: readonly LoggedEntry[]
  /** For `createIgniterClient({ baseURL, fetch })`; addresses may leave it out. */
  readonly baseURL: string
  /** Sends a request through `router.handler`. Takes a path such as `/api/v1/posts`, an address or a `Request`. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  /** Like `fetch`, with the answer read to its end. `json` is sent as the body, by `POST` unless `method` says otherwise. */
  readonly send: (
    input: string | URL | Request,
    init?: RequestInit & { readonly json?: unknown },
  ) => Promise<ReadAnswer>
  /** Ends streams and closes the router. */
  readonly close: () => Promise<void>
}

const baseURL = 'http://app.test'

/**
 * Builds an application for a test: `createTestApp(Igniter.context(…), (igniter) => igniter.router({ … }))`. Clock, store
 * and logger of the builder are replaced; `context` is wanted where the builder has only a type for it.
 */
export function createTestApp<C, Needs, R extends AnyRouter>(
  builder: IgniterBuilder<C, Needs>,
  define: (igniter: Igniter<C & FrameworkContext, Needs>) => R,
  ...[options]: {} extends Needs ? [options?: Needs] : [options: Needs]
): TestApp<R> {
  const clock = createTestClock()
  const logs: LoggedEntry[] = []
  const logger = consoleLogger({ level: 'trace', pretty: false, clock, write: (line) => logs.push(JSON.parse(line)) })
  const store = new MemoryStore({ clock, logger })
  const router = define(builder.config({ clock }).store(store).logger(logger).create())
  const app = appOf(router)
  const { context } = (options ?? {}) as { context?: ContextSource }

  const fetch: TestApp<R>['fetch'] = (input, init) =>
    handleFetch(app, new Request(typeof input === 'string' ? new URL(input, baseURL) : input, init), context)

  return {
    router,
    clock,
    store,
    logs,
    baseURL,
    fetch,
    async send(input, { json, ...init } = {}) {
      const response = await fetch(input, json === undefined ? init : withJson(json, init))
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, body: parse(text) }
    },
    close: () => router.close(),
  }
}

function withJson(json: unknown, init: RequestInit): RequestInit {
  const headers = new Headers(init.headers)
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  return { method: 'POST', ...init, headers, body: JSON.stringify(json) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
