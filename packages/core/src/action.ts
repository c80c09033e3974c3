/**
 * Actions: the queries and mutations of an API, as they are declared. One bag of types for each (`ActionTypes`);
 * everything else of an action is plain data that router.ts compiles.
 */
import type { Step } from './procedure.js'
import type { Realtime } from './realtime/realtime.js'
import type { ActionRequest } from './request.js'
import type { Failure, ResponseBuilder, Result } from './response.js'
import type { AnySchema, SchemaOf } from './standard-schema.js'
import type { EventStream, ReceivedEvent, StreamEvent } from './stream.js'

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
  /** What callers of a stream get; never for other actions. */
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
export type EventSchemas = Readonly<Record<string, AnySchema>>

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

/** An action as the router sees it. It asks nothing of its types, so that none of them is worked out before it is used. */
export interface Action {
  readonly kind: 'query' | 'mutation'
  readonly definition: ActionDefinition
}

/** An action that reads. */
export interface Query<T extends ActionTypes = ActionTypes> extends Action {
  readonly kind: 'query'
  readonly $types?: T
}

/** An action that changes something. */
export interface Mutation<T extends ActionTypes = ActionTypes> extends Action {
  readonly kind: 'mutation'
  readonly $types?: T
}

/** An action's declaration with its types forgotten: what runs. */
export interface ActionDefinition extends ActionInfo {
  readonly method: string
  readonly path?: string
  readonly stream?: boolean
  readonly use?: readonly Step[]
  readonly params?: AnySchema
  readonly query?: AnySchema
  readonly headers?: AnySchema
  readonly body?: AnySchema
  readonly output?: AnySchema
  readonly events?: EventSchemas
  readonly handler: (input: HandlerInput<never, never, never, never, never, never>) => unknown
}

/** What a handler may give: a stream of events, or data that the `output` schema takes, or an answer around it. */
export type Given<O, S, V> = S extends true ? Streamed<SentEvents<V>> : O | Result<O, never> | Failure | Response
type Streamed<E> = EventStream<E> | AsyncIterable<E> | Iterable<E> | Failure | Response

/** The `data` of what a handler gave. */
export type DataOf<R> = R extends Failure
  ? never
  : R extends Result<infer T, never>
    ? T
    : R extends undefined | void
      ? null
      : R

/** What `response.stream()` sends and generators yield: what the schemas of `events` take, or anything. */
export type SentEvents<V> = V extends EventSchemas
  ? { [K in keyof V]: V[K] extends SchemaOf<infer S> ? StreamEvent<K & string, S['input']> : never }[keyof V]
  : StreamEvent

/** What callers of a stream get: what the schemas of `events` give, or what the handler sends. */
export type ReceivedEvents<V, R> = V extends EventSchemas
  ? { [K in keyof V]: V[K] extends SchemaOf<infer S> ? ReceivedEvent<K & string, S['output']> : never }[keyof V]
  : [SentBy<R>] extends [never]
    ? ReceivedEvent
    : Received<SentBy<R>>

type SentBy<R> = R extends EventStream<infer E> ? E : R extends AsyncIterable<infer Y> | Iterable<infer Y> ? Y : never
type Received<E> = E extends { readonly event: infer Name extends string; readonly data: infer Data }
  ? ReceivedEvent<Name, Data>
  : E extends { readonly data: infer Data }
    ? ReceivedEvent<string, Data>
    : ReceivedEvent
