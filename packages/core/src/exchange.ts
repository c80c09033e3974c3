/**
 * What passes between a door (fetch, Node) and the pipeline: one request in, one reply out, both our own and small.
 * Doors implement `Incoming` and `Sink` and write a `Reply`; the pipeline knows no WHATWG and no node:http type.
 */
import type { RequestHeaders } from './headers.js'

/** A request as its door sees it. Everything but the first three is computed when asked for. */
export interface Incoming {
  /** As sent, upper case. */
  readonly method: string
  /** Origin form, not decoded: `/api/v1/posts?page=2`. */
  readonly target: string
  /** Whether body bytes may follow (a length above zero, or chunked). */
  readonly hasBody: boolean
  /** The peer's address, or null where the door cannot know it. */
  readonly ip: string | null
  readonly headers: RequestHeaders
  /** One header by its lower-case name, repeated ones joined as HTTP says; null when absent. */
  header(name: string): string | null
  /** Reads the body once; rejects with PAYLOAD_TOO_LARGE beyond `limit` bytes, REQUEST_TIMEOUT after `timeout` ms. */
  body(limit: number, timeout: number): Uint8Array | PromiseLike<Uint8Array>
  /** Aborts when the client goes away, or by `abort`. */
  readonly signal: AbortSignal
  /** Aborts `signal` from our side: the time is up. */
  abort(reason: unknown): void
  /** The WHATWG request, built when asked for. */
  readonly raw: Request
}

/** An answer, ready to be written. */
export interface Reply {
  readonly status: number
  /** Flat pairs (name, value, name, value…), names in lower case. */
  readonly headers: string[]
  readonly body: ReplyBody
}

export type ReplyBody = string | Uint8Array | ReadableStream<Uint8Array> | Push | null

/** A body that writes itself for as long as it likes: event streams and realtime connections. */
export interface Push {
  /** Called once, after the head has been written. Never throws. */
  start(sink: Sink): void
}

/** Where a `Push` writes. Made by the door; one for each response. */
export interface Sink {
  /** Queues a frame. False when the reader is slow: wait for `onDrain`, or watch `buffered`. After the end it does nothing and answers false. */
  write(frame: Frame): boolean
  /** Bytes that were written and have not left this process yet. */
  readonly buffered: number
  /** Ends the response properly, after what was queued. */
  end(): void
  /** Cuts the connection without waiting for what was queued. */
  cut(): void
  /** Runs `fn` each time the queue has emptied after a false `write`. */
  onDrain(fn: () => void): void
  /** Runs `fn` once when the response is over, whoever ended it; at once if it already is. */
  onClose(fn: () => void): void
}

/** For a push that nobody will read: it must still run its cleanups. */
export const closedSink: Sink = {
  buffered: 0,
  write: () => false,
  end: () => {},
  cut: () => {},
  onDrain: () => {},
  onClose: (fn) => fn(),
}

const encoder = new TextEncoder()

/** Bytes to be sent to one or many readers, encoded once for all of them. */
export class Frame {
  #bytes: Uint8Array | undefined
  #chunk: Uint8Array | undefined

  constructor(readonly text: string) {}

  get bytes(): Uint8Array {
    this.#bytes ??= encoder.encode(this.text)
    return this.#bytes
  }

  /** The bytes as one chunk of HTTP/1.1's chunked coding (RFC 9112 §7.1), so that a socket can take them as they are. */
  get chunk(): Uint8Array {
    if (this.#chunk === undefined) {
      const bytes = this.bytes
      const head = encoder.encode(`${bytes.length.toString(16)}\r\n`)
      const chunk = new Uint8Array(head.length + bytes.length + 2)
      chunk.set(head)
      chunk.set(bytes, head.length)
      chunk[chunk.length - 2] = 13
      chunk[chunk.length - 1] = 10
      this.#chunk = chunk
    }
    return this.#chunk
  }
}

/** Whether a reply's body writes itself. */
export const isPush = (body: unknown): body is Push =>
  typeof body === 'object' && body !== null && typeof (body as Push).start === 'function'

/** Whether `value` must be waited for. What is not a promise stays synchronous. */
export const isThenable = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  typeof value === 'object' && value !== null && typeof (value as PromiseLike<T>).then === 'function'

export type MaybePromise<T> = T | Promise<T>
