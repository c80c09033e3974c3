/**
 * How actions, procedures and controllers are declared: the types of `igniter.query`, `.mutation`, `.procedure` and
 * `.controller`, and the functions behind them. What runs them is compiled by router.ts.
 */
import type {
  ActionInfo,
  DataOf,
  EventSchemas,
  Given,
  HandlerInput,
  Mutation,
  Query,
  ReceivedEvents,
  SentEvents,
} from './action.js'
import type { Contextual } from './context.js'
import type { Actions, Controller, ControllerDefinition } from './controller.js'
import type { MaybePromise } from './exchange.js'
import type { RequestHeaders } from './headers.js'
import type {
  AddedBy,
  FailuresIn,
  Overlay,
  ProcedureFactory,
  ProcedureInput,
  Step,
  StepErrors,
  WithSteps,
} from './procedure.js'
import type { Params, RawQuery } from './request.js'
import type { SchemaOf, Sides } from './standard-schema.js'

/**
 * What `query` and `mutation` take. All of it is here and not in parts: every further interface or type parameter is
 * worked out anew for each action of an application.
 */
interface Declaration<
  M,
  P,
  A extends Sides,
  Q extends Sides,
  H extends Sides,
  B extends Sides,
  O extends Sides,
  S,
  V,
  U,
  F,
> extends ActionInfo {
  /** Of a mutation: `POST` unless given. */
  readonly method?: M
  /** Joined to the controller's; `:name` marks a parameter. `/` and the action's key in kebab-case unless given. */
  readonly path?: P
  /** The path's parameters, coerced; strings without it. */
  readonly params?: SchemaOf<A>
  /** The query string, coerced. */
  readonly query?: SchemaOf<Q>
  /** Request headers, coerced, names case-insensitive. */
  readonly headers?: SchemaOf<H>
  /** Of a mutation: the body, which is JSON, urlencoded, multipart, text or bytes. */
  readonly body?: SchemaOf<B>
  /** What callers get: validated and stripped; a mismatch is a logged 500. */
  readonly output?: SchemaOf<O>
  /** Procedures for this action, after the router's and the controller's. */
  readonly use?: U
  /** Whether the answer is an event stream. */
  readonly stream?: S
  /** Schemas of a stream's events by name; what doesn't fit is not sent. */
  readonly events?: V
  /** Answers with a plain value, with something of `response`, with a `Response`, or with a generator of events. */
  readonly handler: F
}

/**
 * What answers. The type of a declaration's handler is inferred whole, with this as its default, and not by what it
 * returns: only so does the checker know what `output` and `events` ask for while it reads the handler's body, and
 * keeps `role: 'admin'` from becoming a string.
 */
type Handler<C, A extends Sides, Q extends Sides, H extends Sides, B extends Sides, O extends Sides, S, V, U> = (
  input: HandlerInput<WithSteps<C, U>, A['output'], Q['output'], B['output'], H['output'], SentEvents<V>>,
) => MaybePromise<Given<O['input'], S, V>>

/** What a handler gives in the end. */
type Gives<F> = F extends (input: never) => infer R ? Awaited<R> : never

/** The body of a query: none. */
type NoBody = Sides<undefined, undefined>

/** What a caller gets as `data`. */
type Data<O, S, R> = S extends true ? never : unknown extends O ? DataOf<R> : O

/** What a caller of a stream gets. */
type Events<S, V, R> = S extends true ? ReceivedEvents<V, R> : never

type Steps = readonly Step[]

/**
 * `igniter.query`, `.mutation`, `.procedure`, `.controller`, for handlers whose context is `C`. Results are written out
 * and not named, so that hovers and declaration files show what an action takes and gives; so does `& string` for codes.
 */
export interface Define<C> {
  /** An action that reads: `GET` and `HEAD`. */
  query<
    const P extends string = '',
    A extends Sides = Sides<Params<P>, Params<P>>,
    Q extends Sides = Sides<unknown, RawQuery>,
    H extends Sides = Sides<unknown, RequestHeaders>,
    O extends Sides = Sides,
    const S extends boolean = false,
    V extends EventSchemas | undefined = undefined,
    const U extends Steps = [],
    F extends Handler<C, A, Q, H, NoBody, O, S, V, U> = Handler<C, A, Q, H, NoBody, O, S, V, U>,
  >(
    declaration: Declaration<never, P, A, Q, H, NoBody, O, S, V, U, F>,
  ): Query<{
    params: A['input']
    query: Q['input']
    headers: H['input']
    body: undefined
    data: Data<O['output'], S, Gives<F>>
    errors: (FailuresIn<Gives<F>> | StepErrors<U>) & string
    events: Events<S, V, Gives<F>>
  }>

  /** An action that changes something: `POST` unless `method` says otherwise. */
  mutation<
    const P extends string = '',
    A extends Sides = Sides<Params<P>, Params<P>>,
    Q extends Sides = Sides<unknown, RawQuery>,
    H extends Sides = Sides<unknown, RequestHeaders>,
    B extends Sides = Sides,
    O extends Sides = Sides,
    const S extends boolean = false,
    V extends EventSchemas | undefined = undefined,
    const U extends Steps = [],
    F extends Handler<C, A, Q, H, B, O, S, V, U> = Handler<C, A, Q, H, B, O, S, V, U>,
  >(
    declaration: Declaration<'POST' | 'PUT' | 'PATCH' | 'DELETE', P, A, Q, H, B, O, S, V, U, F>,
  ): Mutation<{
    params: A['input']
    query: Q['input']
    headers: H['input']
    body: B['input']
    data: Data<O['output'], S, Gives<F>>
    errors: (FailuresIn<Gives<F>> | StepErrors<U>) & string
    events: Events<S, V, Gives<F>>
  }>

  /**
   * A step for `use`. What its handler returns is added to the context; a response ends the request; `next()` runs the
   * rest and resolves to its outcome.
   */
  procedure<Options = void, const U extends Steps = [], R extends Contextual<R> = never>(declaration: {
    /** For logs, spans and messages; the handler's own name unless given. */
    readonly name?: string
    /** Procedures that run before this one. */
    readonly use?: U
    readonly handler: (options: Options, input: ProcedureInput<WithSteps<C, U>>) => R | Promise<R>
  }): ProcedureFactory<Options, Overlay<WithSteps<{}, U>, AddedBy<R>>, (FailuresIn<R> | StepErrors<U>) & string>

  /** Actions under one path. */
  controller<const P extends string, A extends Actions, const U extends Steps = []>(
    declaration: ControllerDefinition<P, A, U>,
  ): Controller<P, A, StepErrors<U>>
}
