/** The events of an action's stream or of the realtime connection, decoded, from one request. */
import { decode } from '@igniter-js/core/protocol'
import { notIgniter, readAnswer } from './answer.js'
import { type ParseOptions, parseEventStream } from './event-stream.js'
import type { OutgoingRequest, Send } from './transport.js'

export interface DecodedEvent {
  readonly event: string
  readonly data: unknown
  readonly lastEventId: string
}

export interface ReadingSteps extends ParseOptions {
  /** Called whenever bytes have come. */
  readonly onChunk?: () => void
}

/**
 * Sends a request and reads the stream that it is answered with. Throws the error that was answered instead, PARSE_ERROR
 * for what is no stream, and anything when it breaks off or is aborted. `Retry-After` (seconds, at most 300) is told as
 * a retry, too.
 */
export async function* readEvents(
  send: Send,
  method: string,
  path: string,
  request: OutgoingRequest,
  steps: ReadingSteps,
): AsyncGenerator<DecodedEvent, undefined> {
  const response = await send(method, path, request)
  const { body, headers } = response
  const seconds = Number(headers.get('retry-after'))
  if (seconds > 0) steps.onRetry?.(Math.min(seconds, 300) * 1000)
  if (!body || !/^text\/event-stream/i.test(headers.get('content-type') ?? '')) {
    const where = `${method} ${path}`
    throw (await readAnswer(where, response)).error ?? notIgniter(where, response)
  }
  const watched = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      steps.onChunk?.()
      controller.enqueue(chunk)
    },
  })
  // The signal is for a `fetch` that does not heed it.
  const bytes = body.pipeThrough(watched, request.signal && { signal: request.signal })
  for await (const { data, ...event } of parseEventStream(bytes, steps)) {
    yield { ...event, data: decode(data, { maxNodes: Infinity }) }
  }
}
