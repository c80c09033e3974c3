/** The blocks of an action's stream or of the realtime connection, decoded, from one request. */
import { decode } from '@igniter-js/core/protocol'
import { notIgniter, readAnswer } from './answer.js'
import { createParser } from './event-stream.js'
import type { OutgoingRequest, Send } from './transport.js'

export interface DecodedBlock {
  /** Empty for a block without data, which only says where the stream stands. */
  readonly event: string
  readonly data?: unknown
  /** Only if the block itself has one. */
  readonly id: string | undefined
}

export interface Reading extends OutgoingRequest {
  /** Ends the reading; whoever stops to read must abort it. */
  readonly signal: AbortSignal
  /** Told the milliseconds to wait before the next request: by the stream, or by `Retry-After` (at most 300 s). */
  readonly onRetry: (ms: number) => void
  /** Called whenever bytes have come. */
  readonly onBytes?: () => void
}

/**
 * Sends a request and reads the stream that it is answered with. Throws the error that was answered instead, PARSE_ERROR
 * for what is no stream, and anything when it breaks off; aborted, it throws or ends.
 */
export async function* readEvents(
  send: Send,
  method: string,
  path: string,
  request: Reading,
): AsyncGenerator<DecodedBlock, undefined> {
  const { signal, onRetry, onBytes } = request
  const response = await send(method, path, request)
  const { body, headers } = response
  const seconds = Number(headers.get('retry-after'))
  if (seconds > 0) onRetry(Math.min(seconds, 300) * 1000)
  if (!body || !/^text\/event-stream/i.test(headers.get('content-type') ?? '')) {
    const where = `${method} ${path}`
    throw (await readAnswer(where, response)).error ?? notIgniter(where, response)
  }
  const reader = body.getReader()
  // For a `fetch` that does not heed the signal.
  signal.addEventListener('abort', () => reader.cancel().catch(() => {}))
  const parse = createParser({ onRetry })
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    onBytes?.()
    for (const { event, data, id } of parse(value)) {
      yield data ? { event: event || 'message', data: decode(data, { maxNodes: Infinity }), id } : { event: '', id }
    }
  }
}
