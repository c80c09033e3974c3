/**
 * Server-sent events as text, for custom streams (stream.ts) and realtime frames. `parseEventStream` of the client is
 * the inverse. Nothing given here can end a line of its own, so no value can become a field or an event.
 * Source: WHATWG HTML §9.2.5 "Parsing an event stream" and §9.2.6 "Interpreting an event stream".
 */
import { IgniterError } from './error.js'

/** One block of an event stream, its data already text. */
export interface EventBlock {
  /** The event's name; left out or empty, readers say `message`. No control characters. */
  readonly event?: string
  /** Any text. CR and CRLF arrive as LF, a lone surrogate as U+FFFD. Without it the block dispatches nothing. */
  readonly data?: string
  /** Becomes the reader's last event id, also without data; empty resets it. No control characters. */
  readonly id?: string
  /** Milliseconds that the reader waits before it reconnects: a whole number, 0 or more. */
  readonly retry?: number
}

/** Line ends as a reader of event streams sees them. */
const lineEnd = /\r\n|\r|\n/g
// With the `u` flag a surrogate pair is one character, so that only lone surrogates are of category Cs.
const unfit = /[\p{Cc}\p{Cs}]/u

/** The block, closed by an empty line. Throws INVALID_EVENT for a field that the format cannot carry. */
export function encodeEvent({ event, data, id, retry }: EventBlock): string {
  let block = ''
  if (event !== undefined && event !== '') block += `event: ${checked('event', event)}\n`
  if (id !== undefined) block += `id: ${checked('id', id)}\n`
  if (retry !== undefined) block += `retry: ${checkedRetry(retry)}\n`
  if (data !== undefined) block += `data: ${data.replace(lineEnd, '\ndata: ')}\n`
  return `${block}\n`
}

/** A comment, which readers skip: one line of it for each line of `text`. */
export function encodeComment(text: string): string {
  return `: ${text.replace(lineEnd, '\n: ')}\n\n`
}

/** The error for what an event stream cannot carry. */
export function invalidEvent(message: string, cause?: unknown): IgniterError<'INVALID_EVENT'> {
  return new IgniterError({ code: 'INVALID_EVENT', message, cause })
}

function checked(field: 'event' | 'id', value: string): string {
  if (typeof value !== 'string') {
    throw invalidEvent(`send: \`${field}\` is of type ${typeof value}. Give a string, or leave it out.`)
  }
  const at = value.search(unfit)
  if (at !== -1) {
    // The value itself stays out of the message: it may be somebody's data, and the message may reach an answer.
    const code = value.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')
    throw invalidEvent(
      `send: \`${field}\` holds U+${code} at position ${at}; line ends, control characters and lone surrogates cannot stand there. Remove it, or put the text into \`data\`.`,
    )
  }
  return value
}

function checkedRetry(retry: number): number {
  if (!Number.isSafeInteger(retry) || retry < 0) {
    throw invalidEvent('send: `retry` must be a whole number of milliseconds, 0 or more.')
  }
  return retry
}
