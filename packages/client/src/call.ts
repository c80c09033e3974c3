/** One call of an action over HTTP, from its input to `{ data, error }`. client.ts makes them for `.query` and `.mutate`. */
import { inputField, toWire } from '@igniter-js/core/protocol'
import { type Answer, readAnswer } from './answer.js'
import { toClientError } from './error.js'
import { type After, backOff } from './timing.js'
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

/**
 * Told when a call begins, a query with what it asks for; what it gives is told how the call has ended, with the headers
 * of the answer if one has come.
 */
export type Watch = (query: QueryId | false) => (answer: Answer, headers?: Headers) => void

export interface CallerOptions {
  readonly send: Send
  readonly after: After
  /** Of every address: the base path and `/~/`. */
  readonly prefix: string
  /** How often a query is tried again after NETWORK_ERROR. */
  readonly retries: number
  readonly watch?: Watch
}

/** Without what is undefined. */
const defined = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

/** The request of a call to `path`. Throws CodecError for what cannot be sent. */
export function toRequest(
  method: 'GET' | 'POST',
  path: string,
  { headers = {}, ...input }: CallInput = {},
  options: CallOptions = {},
) {
  const files: Blob[] = []
  const text = JSON.stringify(toWire(defined(input as Record<string, unknown>), (file) => files.push(file) - 1))
  let body: string | FormData | undefined
  if (method === 'GET') path += text === '{}' ? '' : `?${inputField}=${encodeURIComponent(text)}`
  else if (files[0]) {
    const form = new FormData()
    form.append(inputField, text)
    files.forEach((file, number) => form.append(`${number}`, file))
    body = form
  } else body = text
  const own = [options.headers, defined(headers) as HeadersInit]
  return { method, path, body, headers: own, signal: options.signal }
}

/** Calls `key` by GET (a query) or POST (a mutation). Rejects only with CodecError, for input that cannot be sent. */
export async function callAction(
  { send, after, prefix, retries, watch }: CallerOptions,
  method: 'GET' | 'POST',
  key: string,
  input?: CallInput,
  options?: CallOptions,
): Promise<Answer> {
  const request = toRequest(method, prefix + key, input, options)
  const query = method === 'GET' && { key, params: input?.params, query: input?.query }
  const onEnd = watch?.(query)
  for (let failures = 0; ; failures++) {
    let response: Response | undefined
    let answer: Answer
    try {
      response = await send(request)
      answer = { data: await readAnswer(request, response), error: null }
      request.signal?.throwIfAborted()
    } catch (cause) {
      const error = toClientError(request, cause)
      if (query && error.code === 'NETWORK_ERROR' && failures < retries) {
        // Half as long as a connection would wait: somebody wants the answer.
        await backOff(after, failures - 1, request.signal)
        continue
      }
      answer = { data: null, error }
    }
    onEnd?.(answer, response?.headers)
    return answer
  }
}
