/** From a response to `{ data, error }`: the envelope by the codec, or the response itself where the handler gave one. */
import type { CallError } from '@igniter-js/core'
import { decode, rawHeader } from '@igniter-js/core/protocol'
import { IgniterClientError, toFailure } from './error.js'
import type { OutgoingRequest } from './transport.js'

/** What a call gives, its types forgotten. */
export type Answer =
  | { readonly data: unknown; readonly error: null }
  | { readonly data: null; readonly error: CallError }

/** Reads the answer to `request`; what is none is a PARSE_ERROR. Rejects with anything when it breaks off. */
export async function readAnswer(request: OutgoingRequest, response: Response): Promise<Answer> {
  const { status, headers } = response
  if (headers.get(rawHeader)) return { data: response, error: null }
  if (status === 204) return { data: null, error: null }
  const text = await response.text()
  try {
    // Answers may be as large as their server likes.
    const { data, error } = decode(text, { maxNodes: Infinity }) as { data: unknown; error: CallError | null }
    if (error === null) return { data, error }
    if (error.code) return { data: null, error: new IgniterClientError({ ...error, status }) }
  } catch {
    // What cannot be read is as good as what means nothing.
  }
  return { data: null, error: notIgniter(request, response) }
}

/** An answer that our server cannot have given. */
export const notIgniter = (request: OutgoingRequest, { status, headers }: Response): IgniterClientError =>
  toFailure(request, 'PARSE_ERROR', `a broken answer, or a proxy's (${status}, ${headers.get('content-type')})`, status)
