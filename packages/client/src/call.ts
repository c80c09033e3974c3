/** One call of an action over HTTP, from its input to `{ data, error }`. client.ts makes them for `.query` and `.mutate`. */
import {
  cursorHeader,
  inputField,
  parseRevalidateHeader,
  type RevalidateNotice,
  revalidateHeader,
  rpcPrefix,
  toWire,
} from '@igniter-js/core/protocol'
import { type Answer, readAnswer } from './answer.js'
import type { IgniterClientError } from './error.js'
import { backoff, pause, type Ports } from './ports.js'
import type { Transport } from './transport.js'

/** What one call may be given beside its input. */
export interface CallOptions {
  /** Ends the call, which then gives ABORTED. */
  readonly signal?: AbortSignal
  /** For this call only; they win over the client's. */
  readonly headers?: HeadersInit
}

/** What a call takes, its types forgotten. */
export interface CallInput {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** A query as revalidation keys can ask for it. */
export interface QueryId extends Pick<CallInput, 'params' | 'query'> {
  /** `posts.list`. */
  readonly key: string
}

/** Who wants to know of calls, because it keeps what is shown fresh. */
export interface Watcher {
  /** A query begins. Gives what `end` wants. */
  begin(): number
  /** It has ended, with the log position that its data covers, or undefined when there is no data. */
  end(begun: number, query: QueryId, cursor?: string | null): void
  /** A mutation of this client has changed what these keys name. */
  revalidated(notice: RevalidateNotice): void
}

export interface CallerOptions {
  readonly transport: Transport
  readonly ports: Ports
  /** How often a query is tried again after NETWORK_ERROR. */
  readonly retries: number
  readonly watcher?: Watcher | undefined
}

const cursors = new WeakMap<object, string>()

/** The log position that a query's result is known to cover (its `igniter-cursor`), for what keeps results; else undefined. */
export const cursorOf = (result: object): string | undefined => cursors.get(result)

/** The request of a call: without a body when it is to be a GET. Throws CodecError for what cannot be sent. */
export function toRequest(isGet: boolean, { params, query, headers, body }: CallInput = {}, options: CallOptions = {}) {
  const files: Blob[] = []
  const parts = Object.entries(isGet ? { params, query } : { params, query, body }).filter(([, part]) => part !== undefined)
  const text = JSON.stringify(toWire(Object.fromEntries(parts), (file) => files.push(file) - 1))
  const all = new Headers(options.headers)
  for (const name in headers) if (headers[name] !== undefined) all.set(name, String(headers[name]))
  const common = { headers: all, signal: options.signal }
  if (isGet) return { ...common, search: parts.length ? `?${inputField}=${encodeURIComponent(text)}` : '' }
  if (!files.length) return { ...common, body: text }
  const form = new FormData()
  form.append(inputField, text)
  files.forEach((file, number) => form.append(String(number), file))
  return { ...common, body: form }
}

/** Calls `key` as a query (GET) or a mutation (POST). Rejects only with CodecError, for input that cannot be sent. */
export async function callAction(
  { transport, ports, retries, watcher }: CallerOptions,
  isQuery: boolean,
  key: string,
  input?: CallInput,
  options?: CallOptions,
): Promise<Answer> {
  const method = isQuery ? 'GET' : 'POST'
  const path = rpcPrefix + key
  const request = toRequest(isQuery, input, options)
  const begun = isQuery && watcher ? watcher.begin() : 0
  let cursor: string | null | undefined
  try {
    for (let failures = 0; ; failures++) {
      try {
        const response = await transport.send(method, path, request)
        const answer = await readAnswer(transport.where(method, path), response, request.signal)
        if (isQuery && !answer.error) {
          cursor = response.headers.get(cursorHeader)
          if (cursor) cursors.set(answer, cursor)
        }
        const notice = parseRevalidateHeader(response.headers.get(revalidateHeader))
        if (notice) watcher?.revalidated(notice)
        return answer
      } catch (thrown) {
        const error = thrown as IgniterClientError
        if (!isQuery || error.code !== 'NETWORK_ERROR' || failures >= retries) return { data: null, error }
        await pause(ports, backoff(ports, failures) / 2, request.signal)
      }
    }
  } finally {
    if (isQuery) watcher?.end(begun, { ...input, key }, cursor)
  }
}
