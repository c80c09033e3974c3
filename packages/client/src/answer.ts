/** From a response to `{ data, error }`: the envelope by the codec, or the response itself where the handler gave one. */
import type { CallError } from '@igniter-js/core'
import { decodeAnswer, rawHeader } from '@igniter-js/core/protocol'
import { IgniterClientError, toFailure } from './error.js'
import type { OutgoingRequest } from './transport.js'

/** What a call gives, its types forgotten. */
export type Answer =
  | { readonly data: unknown; readonly error: null }
  | { readonly data: null; readonly error: CallError }

/** Reads the answer to `request`; what is none is a PARSE_ERROR. Rejects with anything when it breaks off. */
export async function readAnswer(request: OutgoingRequest, response: Response): Promise<Answer> {
  const { status, headers } = response
  const isRaw = headers.get(rawHeader)
  if (isRaw || status === 204) return { data: isRaw && response, error: null }
  const text = await response.text()
  try {
    const { data, error } = decodeAnswer(text) as { data: unknown; error: CallError | null }
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
