/**
 * The server-side caller: a router's actions as functions, through the whole pipeline but without HTTP.
 */
import type { App, ContextSource } from './app.js'
import { Call } from './call.js'
import { decode } from './codec.js'
import { run } from './dispatch.js'
import { IgniterError } from './error.js'
import type { Frame, Incoming, Push, Sink } from './exchange.js'
import type { RequestHeaders } from './headers.js'
import type { CallError, CallResult } from './infer.js'
import { DirectInput } from './input.js'
import { createFields } from './query.js'
import type { Route } from './router.js'

/** Options of one call. */
export interface CallerOptions {
  /** Headers that procedures and the handler see. */
  readonly headers?: HeadersInit
  readonly signal?: AbortSignal
}

interface Input {
  readonly params?: unknown
  readonly query?: unknown
  readonly headers?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** An object with every action under its controller, in the client's shape. */
export function createCaller(app: App, given: ContextSource): Record<string, Record<string, unknown>> {
  const caller = createFields<Record<string, unknown>>()
  for (const route of app.routes.values()) {
    const [controller = '', action = ''] = route.key.split('.')
    caller[controller] ??= createFields<unknown>()
    const verb = route.isStream ? 'stream' : route.kind === 'query' ? 'query' : 'mutate'
    const call = (input?: Input | null, options?: CallerOptions): unknown => {
      const make = (): Call => makeCall(app, route, given, input ?? {}, options ?? {})
      return route.isStream ? openStream(make) : callAction(make)
    }
    caller[controller][action] = { [verb]: call }
  }
  return caller
}

async function callAction(make: () => Call): Promise<CallResult<unknown, string>> {
  let call: Call
  try {
    call = make()
  } catch (error) {
    if (!IgniterError.is(error)) throw error
    return { data: null, error: toCallError(error, error.status, '') }
  }
  await run(call)
  return toResult(call)
}

function toResult(call: Call): CallResult<unknown, string> {
  const { answer, returned } = call
  if (answer?.failure) return { data: null, error: toCallError(answer.failure, call.statusCode, call.request.id) }
  if (returned?.kind === 'response') return { data: returned.response, error: null }
  return { data: call.data, error: null }
}

function toCallError({ code, message, details }: IgniterError, status: number, requestId: string): CallError {
  const error = { code, message, status, ...(details === undefined ? {} : { details }) }
  return status < 500 ? error : { ...error, requestId }
}

/** Throws BAD_REQUEST for input that could not have been sent. */
function makeCall(app: App, route: Route, given: ContextSource, input: Input, options: CallerOptions): Call {
  const direct = new DirectInput(input)
  return new Call(app, route, new DirectIncoming(route, input, options), direct, false, given)
}

/** The exchange of a call that no door brought. */
class DirectIncoming implements Incoming {
  readonly hasBody = false
  readonly ip = null
  readonly method: string
  readonly target: string
  readonly #headers: Headers
  readonly #caller: AbortSignal | undefined
  #controller: AbortController | undefined

  constructor(route: Route, { headers: inputHeaders = {} }: Input, { headers, signal }: CallerOptions) {
    this.method = route.method
    this.target = route.template
    this.#headers = toHeaders(headers, inputHeaders)
    this.#caller = signal
  }

  get headers(): RequestHeaders {
    return this.#headers as unknown as RequestHeaders
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      const caller = this.#caller
      // Not before it is asked for: a signal may serve thousands of calls, and would keep all of them.
      if (caller?.aborted) controller.abort(caller.reason)
      else caller?.addEventListener('abort', () => controller.abort(caller.reason), { once: true })
      this.#controller = controller
    }
    return this.#controller.signal
  }

  /** For libraries that insist: nobody sent it, so its host means nothing. */
  get raw(): Request {
    return new Request(`http://caller.invalid${this.target}`, { method: this.method, headers: this.#headers })
  }

  header(name: string): string | null {
    return this.#headers.get(name)
  }

  abort(reason: unknown): void {
    void this.signal
    this.#controller?.abort(reason)
  }

  body(): Uint8Array {
    return new Uint8Array()
  }
}

function toHeaders(headers: HeadersInit | undefined, more: Readonly<Record<string, unknown>>): Headers {
  try {
    const all = new Headers(headers)
    for (const [name, value] of Object.entries(more)) {
      if (value !== undefined && value !== null) all.set(name, String(value))
    }
    return all
  } catch (cause) {
    throw new IgniterError({ code: 'BAD_REQUEST', message: 'The headers of this call cannot be sent.', cause })
  }
}

/** An event as a caller gets it. */
interface ReceivedEvent {
  readonly event: string
  readonly data: unknown
  readonly id?: string
}

/** Runs a stream when it is iterated; leaving the loop ends it. A refusal, or what ends it on the way, is thrown as the error it is. */
async function* openStream(make: () => Call): AsyncGenerator<ReceivedEvent> {
  const call = make()
  await run(call)
  if (call.answer?.failure) throw call.answer.failure
  if (call.returned?.kind !== 'push') return
  const sink = new QueueSink()
  const { signal } = call.incoming
  const cut = (): void => sink.cut()
  signal.addEventListener('abort', cut, { once: true })
  const push: Push = call.returned.push
  push.start(sink)
  let hasEnded = false
  try {
    for (;;) {
      const frame = await sink.take()
      hasEnded = frame === null
      if (frame === null) return
      const event = toEvent(frame.text)
      if (event === null) continue
      if (event.event === 'error' && isFailure(event.data)) throw toError(event.data)
      yield event
    }
  } finally {
    signal.removeEventListener('abort', cut)
    sink.cut()
    // Who leaves the loop has gone away, as a client does: handlers may have left it to the signal to clean up.
    if (!hasEnded && !signal.aborted) call.incoming.abort(new DOMException('The caller left the stream.', 'AbortError'))
  }
}

/** What a stream sends before it ends because something failed. */
const isFailure = (data: unknown): data is CallError =>
  typeof data === 'object' && data !== null && 'code' in data && 'message' in data

const toError = ({ code, message, details, requestId }: CallError): Error =>
  Object.assign(new IgniterError({ code, message, details }), requestId === undefined ? {} : { requestId })

/** Reads back a block of our own encoder; null for comments and blocks without data. */
function toEvent(block: string): ReceivedEvent | null {
  let event = 'message'
  let id: string | undefined
  const data: string[] = []
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ')
    if (colon < 1) continue
    const value = line.slice(colon + 2)
    const field = line.slice(0, colon)
    if (field === 'event') event = value
    else if (field === 'id') id = value
    else if (field === 'data') data.push(value)
  }
  if (data.length === 0) return null
  const received = { event, data: decode(data.join('\n'), { maxNodes: Number.POSITIVE_INFINITY }) }
  return id === undefined ? received : { ...received, id }
}

/** A sink that one loop takes frames from; a slow loop holds the stream back. */
class QueueSink implements Sink {
  readonly #frames: Frame[] = []
  readonly #closes: (() => void)[] = []
  readonly #drains: (() => void)[] = []
  #waiting: ((frame: Frame | null) => void) | null = null
  #isOver = false

  get buffered(): number {
    return this.#frames.reduce((sum, frame) => sum + frame.bytes.length, 0)
  }

  write(frame: Frame): boolean {
    if (this.#isOver) return false
    if (this.#waiting === null) {
      this.#frames.push(frame)
      return this.#frames.length < 16
    }
    const give = this.#waiting
    this.#waiting = null
    give(frame)
    return true
  }

  /** The next frame, or null when there will be none. */
  take(): Promise<Frame | null> {
    const frame = this.#frames.shift()
    if (frame !== undefined) {
      if (this.#frames.length === 15) for (const fn of this.#drains) fn()
      return Promise.resolve(frame)
    }
    if (this.#isOver) return Promise.resolve(null)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#waiting?.(null)
    for (const fn of this.#closes) fn()
  }

  cut(): void {
    this.#frames.length = 0
    this.end()
  }

  onDrain(fn: () => void): void {
    this.#drains.push(fn)
  }

  onClose(fn: () => void): void {
    if (this.#isOver) fn()
    else this.#closes.push(fn)
  }
}
