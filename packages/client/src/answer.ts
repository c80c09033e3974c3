/** What a call gives, and how a response becomes it: the envelope by the codec, or the response itself if it is none. */
import type { CallError } from '@igniter-js/core'
import { decodeAnswer, rawHeader } from '@igniter-js/core/protocol'
import { IgniterClientError, toError } from './error.js'
import type { OutgoingRequest } from './transport.js'

/** What a call gives, its types forgotten. */
export type Answer =
  | { readonly data: unknown; readonly error: null }
  | { readonly data: null; readonly error: CallError }

/**
 * The data of the answer to `request`; the response itself where the handler gave one. Throws the error that was
 * answered, PARSE_ERROR for what is no answer of ours, and anything when it breaks off.
 */
export async function readAnswer(request: OutgoingRequest, response: Response): Promise<unknown> {
  const { status, headers } = response
  const isRaw = headers.get(rawHeader)
  if (isRaw || status === 204) return isRaw && response
  const text = await response.text()
  let answer: unknown
  try {
    answer = decodeAnswer(text)
  } catch {
    // What cannot be read is as good as what means nothing.
  }
  const { data, error } = Object(answer)
  if (error === null) return data
  throw error?.code ? new IgniterClientError({ ...error, status }) : notIgniter(request, response)
}

/** An answer that our server cannot have given. */
export const notIgniter = (request: OutgoingRequest, { status, headers }: Response): IgniterClientError =>
  toError(request, `no Igniter answer (${status}, ${headers.get('content-type')})`, { code: 'PARSE_ERROR', status })
