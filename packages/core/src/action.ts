/**
 * Actions: the queries and mutations of an API, as they are declared. One bag of types for each (`ActionTypes`);
 * everything else of an action is plain data that router.ts compiles.
 */
import type { Failure, ResponseBuilder, Result } from './response.js'
import type { Realtime } from './realtime/realtime.js'
import type { ActionRequest, Params, RawQuery } from './request.js'
import type { RequestHeaders } from './headers.js'
import type { FailuresIn, Step, StepErrors } from './procedure.js'
import type { Schema } from './schema.js'
import type { EventStream, StreamEvent } from './stream.js'

/** Everything the types know of an action: what a caller sends and what it gets. */
export interface ActionTypes {
  params: unknown
  query: unknown
  headers: unknown
  body: unknown
  /** What a caller gets as `data`. */
  data: unknown
  /** Codes that the handler and its procedures answer with. */
  errors: string
  /** What a stream sends; never for other actions. */
  events: unknown
}

/** What `security` says, as OpenAPI does: any of the list, all of one entry's schemes with their scopes. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>

/** What a handler receives. */
export interface HandlerInput<C, P, Q, B, H, E> {
  readonly request: ActionRequest<P, Q, B, H>
  readonly context: C
  readonly response: ResponseBuilder<C, E>
  readonly realtime: Realtime
}

/** Schemas of a stream's events by their names. */
export type EventSchemas = Readonly<Record<string, Schema<never, unknown>>>

/** What of an action is plain data, whatever its types. */
export interface ActionInfo {
  /** For people: the operation's summary in documents. */
  readonly name?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly security?: readonly SecurityRequirement[]
  /** Marked in documents; still answers. */
  readonly deprecated?: boolean
  readonly examples?: Readonly<Record<string, unknown>>
  /** Bytes a body may have; the application's `bodyLimit` unless given. */
  readonly bodyLimit?: number
  /** Milliseconds until the answer, or a stream's beginning; 0 for no limit. The application's `timeout` unless given. */
  readonly timeout?: number
}

/** An action as the router sees it. */
export interface Action<K extends 'query' | 'mutation' = 'query' | 'mutation', T extends ActionTypes = ActionTypes> {
  readonly $types?: T
  readonly kind: K
  readonly definition: ActionDefinition
}

export interface Query<T extends ActionTypes = ActionTypes> extends Action<'query', T> {}
export interface Mutation<T extends ActionTypes = ActionTypes> extends Action<'mutation', T> {}

/** An action's declaration with its types forgotten: what runs. */
export interface ActionDefinition extends ActionInfo {
  readonly method: string
  readonly path?: string
  readonly stream?: boolean
  readonly use?: readonly Step[]
  readonly params?: Schema<never, unknown>
  readonly query?: Schema<never, unknown>
  readonly headers?: Schema<never, unknown>
  readonly body?: Schema<never, unknown>
  readonly output?: Schema<never, unknown>
  readonly events?: EventSchemas
  readonly handler: (input: HandlerInput<never, never, never, never, never, never>) => unknown
}

/** What a handler with an `output` schema may give: data that the schema takes, or an answer around it. */
export type Returned<O> = unknown extends O ? unknown : Returnable<O> | Promise<Returnable<O>>
type Returnable<O> = O | Result<O, never> | Failure | Response

/** The `data` of what a handler gave. */
export type DataOf<R> = R extends Failure
  ? never
  : R extends Result<infer T, never>
    ? T
    : R extends undefined | void
      ? null
      : R

/** The events of what a streaming handler gave. */
export type EventsOf<R> = R extends EventStream<infer E> ? E : R extends AsyncIterable<infer Y> ? Y : never

/** The events that a record of schemas describes. */
export type DeclaredEvents<S> = {
  [K in keyof S]: S[K] extends Schema<infer I, unknown> ? StreamEvent<K & string, I> : never
}[keyof S]

export type { ActionRequest, FailuresIn, Params, RawQuery, RequestHeaders, StepErrors }
