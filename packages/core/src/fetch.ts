/**
 * The fetch door: a WHATWG `Request` in, a `Response` out. Everything that isn't node:http goes through here. It cannot
 * know the peer's address, nor bound how slowly a platform hands over a body that it has buffered itself.
 */
import type { App, ContextSource } from './app.js'
import { dispatch } from './dispatch.js'
import { IgniterError } from './error.js'
import { closedSink, type Frame, type Incoming, isPush, type Push, type Reply, type Sink } from './exchange.js'
import { Gathering, tooLarge, tooSlow } from './gathering.js'
import type { RequestHeaders } from './headers.js'

/** Answers one request. */
export function handleFetch(app: App, request: Request, given: ContextSource): Promise<Response> {
  const incoming = new FetchIncoming(request, app)
  const reply = dispatch(app, incoming, given)
  return Promise.resolve(reply).then((late) => toResponse(late, incoming))
}

class FetchIncoming implements Incoming {
  readonly method: string
  readonly target: string
  readonly ip = null
  readonly hasBody: boolean
  #controller: AbortController | undefined

  constructor(
    readonly raw: Request,
    readonly app: App,
  ) {
    this.method = raw.method.toUpperCase()
    this.target = toTarget(raw.url)
    this.hasBody = raw.body !== null
  }

  get headers(): RequestHeaders {
    return this.raw.headers as unknown as RequestHeaders
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      const { signal } = this.raw
      // By hand: AbortSignal.any keeps every request alive on Node 20.
      if (signal.aborted) controller.abort(signal.reason)
      else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
      this.#controller = controller
    }
    return this.#controller.signal
  }

  header(name: string): string | null {
    return this.raw.headers.get(name)
  }

  abort(reason: unknown): void {
    void this.signal
    this.#controller?.abort(reason)
  }

  async body(limit: number, timeout: number): Promise<Uint8Array> {
    const { body } = this.raw
    if (body === null) return new Uint8Array()
    if (Number(this.header('content-length')) > limit) {
      body.cancel().catch(() => {})
      throw tooLarge(limit)
    }
    const reader = body.getReader()
    let isLate = false
    const timer =
      timeout === 0
        ? null
        : this.app.deadlines.after(timeout, () => {
            isLate = true
            reader.cancel().catch(() => {})
          })
    try {
      const gathering = new Gathering()
      for (;;) {
        const { done, value } = await reader.read().catch(brokenOff)
        if (isLate) throw tooSlow(timeout)
        if (done) return gathering.take()
        gathering.add(value, limit)
      }
    } catch (error) {
      reader.cancel().catch(() => {})
      throw error
    } finally {
      timer?.clear()
    }
  }
}

/** What a client that leaves makes of a body. */
function brokenOff(cause: unknown): never {
  const message = 'The connection closed before the body was complete.'
  throw new IgniterError({ code: 'BAD_REQUEST', message, cause })
}

/** Path and query of an absolute address, as they stand there. */
function toTarget(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  if (start < 0) return '/'
  const end = url.indexOf('#', start)
  return end < 0 ? url.slice(start) : url.slice(start, end)
}

function toResponse({ status, headers, body }: Reply, incoming: FetchIncoming): Response {
  const fields = new Headers()
  for (let i = 0; i < headers.length; i += 2) fields.append(headers[i] as string, headers[i + 1] as string)
  if (incoming.method === 'HEAD') {
    if (typeof body === 'string') fields.set('content-length', String(new TextEncoder().encode(body).length))
    else if (isPush(body)) body.start(closedSink)
    else if (body instanceof ReadableStream) body.cancel().catch(() => {})
    return new Response(null, { status, headers: fields })
  }
  const content = isPush(body) ? toStream(body, incoming) : body
  return new Response(content as BodyInit | null, { status, headers: fields })
}

/** A stream that a `Push` writes into. It ends by whichever says so first: the reader's cancel, the request's signal, the push. */
function toStream(push: Push, incoming: FetchIncoming): ReadableStream<Uint8Array> {
  let sink: StreamSink
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        sink = new StreamSink(controller)
        const { signal } = incoming
        if (signal.aborted) sink.cut()
        else signal.addEventListener('abort', () => sink.cut(), { once: true })
        push.start(sink)
      },
      pull: () => sink.drained(),
      cancel: () => sink.over(),
    },
    { highWaterMark: 16_384, size: (chunk) => chunk?.byteLength ?? 0 },
  )
}

class StreamSink implements Sink {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>
  readonly #drains: (() => void)[] = []
  readonly #closes: (() => void)[] = []
  #isFull = false
  #isOver = false

  constructor(controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#controller = controller
  }

  get buffered(): number {
    if (this.#isOver) return 0
    return Math.max(0, 16_384 - (this.#controller.desiredSize ?? 0))
  }

  write(frame: Frame): boolean {
    if (this.#isOver) return false
    // A copy: some platforms take the buffer away with the chunk, and a frame has many readers.
    this.#controller.enqueue(frame.bytes.slice())
    if ((this.#controller.desiredSize ?? 0) > 0) return true
    this.#isFull = true
    return false
  }

  end(): void {
    if (this.#isOver) return
    this.#controller.close()
    this.over()
  }

  cut(): void {
    if (this.#isOver) return
    this.#controller.error(new DOMException('The connection was cut.', 'AbortError'))
    this.over()
  }

  onDrain(fn: () => void): void {
    this.#drains.push(fn)
  }

  onClose(fn: () => void): void {
    if (this.#isOver) fn()
    else this.#closes.push(fn)
  }

  /** The reader has room again. */
  drained(): void {
    if (!this.#isFull || this.#isOver) return
    this.#isFull = false
    for (const fn of this.#drains) fn()
  }

  over(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const fn of this.#closes) fn()
  }
}
