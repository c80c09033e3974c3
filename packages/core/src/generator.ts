/**
 * Event streams fed by a generator: what an action with `stream: true` may return instead of `response.stream()`.
 * Called by the pipeline.
 */
import { type EventStream, settle } from './stream.js'

/**
 * Sends what `source` yields (what `send` takes; anything else is refused and ends the stream) from the moment a client
 * reads, one by one at the client's speed, and closes the stream at its end. What it throws ends the stream (`fail`).
 * When the stream ends first, `source` is told by `return()` at once; nothing waits for it, and what comes is dropped.
 */
export function fromGenerator<E>(source: AsyncIterable<E> | Iterable<E>, stream: EventStream<E>): void {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  const forget = stream.onClose(() => {
    settle(
      () => iterator.return?.(),
      () => {},
      (error) => stream.fail(error),
    )
  })
  const pump = async () => {
    // No race of `next()` with the end: a promise that lives as long as the stream would keep every race's reactions.
    // Nothing awaits this loop instead, so that it may stay parked in a generator that never goes on.
    while (!stream.closed) {
      const result = await iterator.next()
      if (stream.closed) return
      if (result.done === true) {
        forget()
        return stream.close()
      }
      await stream.send(await result.value)
    }
  }
  stream.onStart(() => {
    pump().catch((error) => stream.fail(error))
  })
}
