/** From a response to `{ data, error }`: the envelope by the codec, or the response itself where the handler gave one. */
import type { CallError } from '@igniter-js/core'
import { decode, rawHeader } from '@igniter-js/core/protocol'
import { IgniterClientError } from './error.js'
import { networkError } from './transport.js'

/** What a call gives, its types forgotten. */
export type Answer = { readonly data: unknown; readonly error: null } | { readonly data: null; readonly error: CallError }

/** Reads the answer of `where`. PARSE_ERROR is one too; rejects with NETWORK_ERROR or ABORTED when it breaks off. */
export async function readAnswer(where: string, response: Response, signal?: AbortSignal): Promise<Answer> {
  const { status, headers } = response
  if (headers.get(rawHeader)) return { data: response, error: null }
  if (status === 204) return { data: null, error: null }
  let text: string
  try {
    text = await response.text()
    signal?.throwIfAborted()
  } catch (cause) {
    throw networkError(where, 'the answer broke off', cause, signal)
  }
  const type = headers.get('content-type') ?? 'no content type'
  let cause: unknown
  try {
    if (!/^application\/json\b/i.test(type)) throw new Error('a proxy may have answered, or basePath is wrong')
    const envelope = decode(text, { maxNodes: Infinity }) as { data?: unknown; error?: ErrorBody | null } | null
    if (envelope?.error === null) return { data: envelope.data ?? null, error: null }
    if (typeof envelope?.error?.code !== 'string') throw new Error('it has no { data, error }')
    return { data: null, error: new IgniterClientError({ ...envelope.error, status }) }
  } catch (reason) {
    cause = reason
  }
  const message = `${where}: cannot read the answer (${status}, ${type}): ${(cause as Error).message}.`
  return { data: null, error: new IgniterClientError({ code: 'PARSE_ERROR', status, message, cause }) }
}

interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly details?: unknown
  readonly requestId?: string
}
