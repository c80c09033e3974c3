/** A body as it is read by event streams: given up at once when its signal aborts, also where `fetch` does not heed one. */

export interface ReadingSteps {
  /** Called before each read, when all that came before has been dealt with. */
  readonly onPull?: () => void
  /** Called when bytes have come. */
  readonly onChunk?: () => void
}

/** Whether `response` carries events. */
export const isEventStream = ({ body, headers, ok }: Response): boolean =>
  ok && !!body && /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')

/** The bytes of `body`, once. Ends, or fails, when `signal` aborts. */
export function readBytes(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  { onPull, onChunk }: ReadingSteps = {},
): AsyncIterable<Uint8Array> {
  const reader = body.getReader()
  const cancel = () => reader.cancel().catch(() => {})
  signal.addEventListener('abort', cancel)
  const iterator = {
    async next() {
      onPull?.()
      const chunk = await reader.read()
      onChunk?.()
      return chunk as IteratorResult<Uint8Array>
    },
    async return() {
      await cancel()
      return { done: true as const, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}
