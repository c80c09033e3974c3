/** One call of an action over HTTP, from its input to `{ data, error }`. client.ts makes them for `.query` and `.mutate`. */
import { inputField, rpcPrefix, toWire } from '@igniter-js/core/protocol'
import { type Answer, readAnswer } from './answer.js'
import { toClientError } from './error.js'
import { backoff, pause, type Ports } from './ports.js'
import type { Send } from './transport.js'

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
export interface QueryId {
  /** `posts.list`. */
  readonly key: string
  readonly params?: CallInput['params']
  readonly query?: CallInput['query']
}

/** Who wants to know of calls, because it keeps what is shown fresh. */
export interface Watcher {
  /** A query begins. Gives the turn that `onAnswer` wants. */
  onBegin(): number
  /** It has ended, with an answer or without. */
  onEnd(): void
  /** An answer has come: to `query`, which began in `turn`, or to a mutation. */
  onAnswer(answer: Answer, headers: Headers, query: QueryId | false, turn: number): void
}

export interface CallerOptions {
  readonly send: Send
  readonly ports: Ports
  readonly basePath: string
  /** How often a query is tried again after NETWORK_ERROR. */
  readonly retries: number
  readonly watcher?: Watcher | undefined
}

/** The request of a call, without a body when it is to be a GET. Throws CodecError for what cannot be sent. */
export function toRequest(method: string, input: CallInput = {}, { headers, signal }: CallOptions = {}) {
  const sent: Record<string, unknown> = {}
  for (const part of ['params', 'query', 'body'] as const) if (input[part] !== undefined) sent[part] = input[part]
  const files: Blob[] = []
  let body: string | FormData = JSON.stringify(toWire(sent, (file) => files.push(file) - 1))
  // Headers that are undefined are left out, numbers become text.
  const own: (HeadersInit | undefined)[] = [headers, JSON.parse(JSON.stringify(input.headers ?? {}))]
  const common = { headers: own, signal }
  if (method === 'GET') return { ...common, search: body === '{}' ? '' : `?${inputField}=${encodeURIComponent(body)}` }
  if (files[0]) {
    const form = new FormData()
    form.append(inputField, body)
    for (const [number, file] of files.entries()) form.append(String(number), file)
    body = form
  }
  return { ...common, body }
}

/** Calls `key` by GET (a query) or POST (a mutation). Rejects only with CodecError, for input that cannot be sent. */
export async function callAction(
  { send, ports, basePath, retries, watcher }: CallerOptions,
  method: 'GET' | 'POST',
  key: string,
  input?: CallInput,
  options?: CallOptions,
): Promise<Answer> {
  const path = basePath + rpcPrefix + key
  const where = `${method} ${path}`
  const request = toRequest(method, input, options)
  const { signal } = request
  const query = method === 'GET' && { key, params: input?.params, query: input?.query }
  const turn = (query && watcher?.onBegin()) || 0
  try {
    for (let failures = 0; ; failures++) {
      try {
        const response = await send(method, path, request)
        const answer = await readAnswer(where, response)
        signal?.throwIfAborted()
        watcher?.onAnswer(answer, response.headers, query, turn)
        return answer
      } catch (cause) {
        const error = toClientError(where, cause, signal)
        if (!query || error.code !== 'NETWORK_ERROR' || failures >= retries) return { data: null, error }
      }
      await pause(ports, backoff(ports, failures) / 2, signal)
    }
  } finally {
    if (query) watcher?.onEnd()
  }
}
