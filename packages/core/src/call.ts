/**
 * One call of an action on its way through the pipeline, and what its handler receives: `{ request, context, response,
 * realtime }`, each made when first touched. Made by dispatch.ts for every request and by caller.ts for direct calls.
 */
import type { App, ContextSource } from './app.js'
import { encode, toPlain } from './codec.js'
import { reservedKeys } from './context.js'
import { definitionError, IgniterError, show } from './error.js'
import { type Incoming, isPush, isThenable, type MaybePromise, type Push } from './exchange.js'
import { report, toPublicError } from './failure.js'
import { fromGenerator } from './generator.js'
import type { CallInput } from './input.js'
import type { Logger } from './logger.js'
import type { Realtime } from './realtime/realtime.js'
import { RequestView } from './request.js'
import { Answer } from './response.js'
import type { Route } from './router.js'
import { EventStream, type StreamFailure } from './stream.js'

type Context = Record<string, unknown>

/** What the handler gave, besides an answer: a plain value, a WHATWG response, or something that writes itself. */
export type Returned =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'response'; readonly response: Response }
  | { readonly kind: 'push'; readonly push: Push }

export class Call {
  readonly request: RequestView
  /** What the procedures or the handler said by `response`; null while nobody has touched it. */
  answer: Answer | null = null
  /** What was returned, where that isn't the answer. */
  returned: Returned | null = null
  /** Whether procedures and handler are through: only effects are still to come. */
  isAnswered = false
  /** The log's position before the handler ran. */
  cursor: string | null = null
  /** Whether the client speaks the codec. */
  readonly isRpc: boolean
  #base: unknown
  #context: Context | null = null
  #added: Context | null = null
  #stream: EventStream | null = null
  #isSealed = false

  constructor(
    readonly app: App,
    readonly route: Route,
    readonly incoming: Incoming,
    readonly input: CallInput,
    isRpc: boolean,
    readonly given: ContextSource,
  ) {
    this.isRpc = isRpc
    this.request = new RequestView(incoming, input, route, app.requestSettings)
  }

  get context(): Context {
    this.#context ??= this.#makeContext()
    return this.#context
  }

  get response(): Answer {
    this.answer ??= new Answer(this.app.answerSettings, () => this.#openStream())
    return this.answer
  }

  get realtime(): Realtime {
    return this.app.realtime
  }

  get logger(): Logger {
    return this.app.logger.child({ requestId: this.request.id, action: this.route.key })
  }

  /** Whether a procedure or the handler has answered. */
  get isSettled(): boolean {
    return this.returned !== null || (this.answer !== null && this.answer.kind !== 'none')
  }

  get isFailure(): boolean {
    return this.answer !== null && this.answer.failure !== null
  }

  /** The status as it stands now. */
  get statusCode(): number {
    if (this.returned?.kind === 'response') return this.returned.response.status
    return this.answer === null ? 200 : this.answer.statusCode
  }

  /** Whether a success has data, not a stream, a WHATWG response or nothing at all. */
  get hasData(): boolean {
    return this.returned === null ? this.answer?.kind !== 'empty' : this.returned.kind === 'value'
  }

  /** The value of a success that is no stream and no WHATWG response, as the handler gave it. */
  get value(): unknown {
    if (this.returned !== null) return this.returned.kind === 'value' ? this.returned.value : null
    return this.answer === null ? null : this.answer.data
  }

  /** The data that leaves: `undefined` is null. */
  get data(): unknown {
    return this.value ?? null
  }

  /** Finds the base of the context; waits where the application's function does. */
  openContext(): MaybePromise<void> {
    const source = this.given === undefined ? this.app.context : this.given
    if (typeof source !== 'function') return this.#takeBase(source)
    const base = (source as (input: object) => unknown)({ request: this.request })
    if (isThenable(base)) return (base as Promise<unknown>).then((value) => this.#takeBase(value))
    this.#takeBase(base)
  }

  /** Looks at it closely until one was good; from then on when somebody asks for the context. */
  #takeBase(base: unknown): void {
    const { checks } = this.app
    if (!checks.hasContext) {
      checkBase(base)
      checks.hasContext = true
    }
    this.#base = base
  }

  /** Adds to the context; what comes later wins. */
  add(extra: object): void {
    checkReserved(extra, `${this.route.key}: a procedure`)
    if (this.#context !== null) Object.assign(this.#context, extra)
    else this.#added = { ...this.#added, ...extra }
  }

  /** The answer has left: nothing that comes later changes it. */
  seal(): void {
    this.#isSealed = true
  }

  get isSealed(): boolean {
    return this.#isSealed
  }

  /** Makes `error` the answer, whatever was said before, and reports it if nobody expected it. */
  fail(error: unknown): void {
    if (this.#isSealed) return void this.#report(error)
    this.returned = null
    this.response.fail(this.#report(error))
    this.#dropStream()
  }

  /** Takes what a procedure or handler returned as the answer. */
  settle(value: unknown): void {
    if (this.#isSealed) return this.#discard(value)
    const { isStream } = this.route
    if (value === this.answer && this.answer !== null && this.answer.kind !== 'none') {
      this.returned = null
    } else if (value instanceof Response) {
      this.#return({ kind: 'response', response: value })
    } else if (isStream && isPush(value)) {
      this.#return({ kind: 'push', push: value })
    } else if (isStream && isIterable(value)) {
      const stream = this.#openStream()
      fromGenerator(value, stream)
      this.#return({ kind: 'push', push: stream })
    } else if (value !== undefined || !this.isSettled) {
      if (isAsyncIterable(value)) throw this.#noStream('the handler gave an async iterable')
      if (isStream) throw this.#notStreamed(value)
      // `response.created(x)` without `return` is what was meant.
      this.#return({ kind: 'value', value: value === this.answer ? null : value })
    }
    this.#dropStream()
  }

  #return(returned: Returned): void {
    this.returned = returned
    this.answer?.withdraw()
  }

  /** Frees what came too late. */
  #discard(value: unknown): void {
    if (value instanceof Response) value.body?.cancel().catch(() => {})
    this.#dropStream()
  }

  /** What the context holds now, for reports; never makes one. */
  get knownContext(): Context {
    return this.#context ?? { ...(this.#base as object | undefined), ...this.#added }
  }

  #makeContext(): Context {
    const base = this.#base
    checkBase(base)
    const { app } = this
    const call = this
    const context: Context = isInstance(base)
      ? Object.assign(Object.create(Object.getPrototypeOf(base)), base)
      : { ...(base as object) }
    Object.assign(context, this.#added)
    context.store = app.store
    context.telemetry = app.telemetry
    context.realtime = app.realtime
    Object.defineProperty(context, 'logger', {
      enumerable: true,
      configurable: true,
      get: () => call.logger,
    })
    return context
  }

  #notStreamed(value: unknown): IgniterError {
    return new IgniterError({
      code: 'INTERNAL_SERVER_ERROR',
      message: `${this.route.key}: a stream gave ${value === null ? 'null' : typeof value}. Return response.stream(), or write the handler as an async generator.`,
    })
  }

  #openStream(): EventStream {
    if (!this.route.isStream) throw this.#noStream('response.stream() was called')
    if (this.#stream !== null) return this.#stream
    const { app, route, input } = this
    const stream = new EventStream({
      clock: app.config.clock,
      logger: app.logger,
      heartbeat: app.heartbeat,
      encode: input.coerces ? (data) => JSON.stringify(toPlain(data)) : encode,
      validate: route.events === null ? undefined : (event, data) => this.#checkEvent(event, data),
      onError: (error) => this.#tellFailure(error),
    })
    this.#stream = stream
    // A client that leaves before the stream begins ends it too.
    const { signal } = this.incoming
    if (signal.aborted) stream.cut()
    else signal.addEventListener('abort', () => stream.cut(), { once: true })
    return stream
  }

  #noStream(what: string): IgniterError {
    return new IgniterError({
      code: 'INTERNAL_SERVER_ERROR',
      message: `${this.route.key}: ${what} in an action that is no stream. Add \`stream: true\` to it.`,
    })
  }

  #checkEvent(event: string, data: unknown): unknown {
    const { key, events } = this.route
    const validator = events?.get(event)
    if (validator === undefined) {
      throw new IgniterError({
        code: 'INVALID_EVENT',
        message: `${key}: sends the event ${JSON.stringify(event)}, which its \`events\` don't describe. They are ${[...(events?.keys() ?? [])].join(', ')}.`,
      })
    }
    const where = `${key}: the event ${JSON.stringify(event)}`
    const judged = validator(data)
    if (isThenable(judged)) {
      throw new IgniterError({
        code: 'INVALID_EVENT',
        message: `${where} has an asynchronous schema. Use a synchronous one.`,
      })
    }
    if (judged.details === null) return judged.value
    throw new IgniterError({
      code: 'INVALID_EVENT',
      message: `${where} doesn't fit its schema.`,
      details: judged.details,
    })
  }

  /** Reports the error that ended a stream, and says what the client may know. */
  #tellFailure(error: unknown): StreamFailure {
    const { code, message, details, status } = this.#report(error)
    return status < 500 ? { code, message, details } : { code, message, details, requestId: this.request.id }
  }

  #report(error: unknown): IgniterError {
    report(this.app, error, this.request, this.route.key, () => this.knownContext)
    return toPublicError(error)
  }

  /** A stream that isn't the answer would never be started: its cleanups run now. */
  #dropStream(): void {
    const { returned } = this
    if (this.#stream === null || (returned?.kind === 'push' && returned.push === this.#stream)) return
    this.#stream.cut()
    this.#stream = null
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<never> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

const isIterable = (value: unknown): value is AsyncIterable<never> | Iterable<never> =>
  typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)

const isInstance = (value: unknown): value is object => {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype !== Object.prototype && prototype !== null
}

function checkBase(base: unknown): void {
  if (base === undefined || base === null) return
  if (typeof base !== 'object') throw definitionError('context()', `gives ${show(base)}.`, 'Give an object.')
  checkReserved(base, 'context()')
}

function checkReserved(value: object, where: string): void {
  for (const key of reservedKeys) {
    if (key in value) {
      throw definitionError(
        where,
        `gives "${key}", a name that the framework uses in every context.`,
        'Choose another name.',
      )
    }
  }
}
