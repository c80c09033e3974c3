/**
 * How actions, procedures and controllers are declared: the types of `igniter.query`, `.mutation`, `.procedure` and
 * `.controller`, and the functions behind them. What runs them is compiled by router.ts.
 */
import type {
  Action,
  ActionInfo,
  ActionTypes,
  DataOf,
  DeclaredEvents,
  EventSchemas,
  EventsOf,
  HandlerInput,
  Mutation,
  Query,
  Returned,
} from './action.js'
import type { Controller, ControllerDefinition } from './controller.js'
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
import type { Schema } from './schema.js'
import type { StreamEvent } from './stream.js'

/** The parts of a declaration that queries and mutations share. */
interface Declaration<P extends string, PI, PO, QI, QO, HI, HO, OI, OO, S, V, U> extends ActionInfo {
  /** Joined to the controller's; `:name` marks a parameter. `/` and the action's key in kebab-case unless given. */
  readonly path?: P
  /** The path's parameters, coerced; strings without it. */
  readonly params?: Schema<PI, PO>
  /** The query string, coerced. */
  readonly query?: Schema<QI, QO>
  /** Request headers, coerced, names case-insensitive. */
  readonly headers?: Schema<HI, HO>
  /** What callers get: validated and stripped; a mismatch is a logged 500. */
  readonly output?: Schema<OI, OO>
  /** Procedures for this action, after the router's and the controller's. */
  readonly use?: U
  /** Whether the answer is an event stream. */
  readonly stream?: S
  /** Schemas of a stream's events by name; what doesn't fit is not sent. */
  readonly events?: V
}

/** The bag of an action, from what was inferred of its declaration. */
interface Bag<P, Q, H, B, OO, S, V, U, R> {
  params: P
  query: Q
  headers: H
  body: B
  data: unknown extends OO ? DataOf<Awaited<R>> : OO
  errors: FailuresIn<Awaited<R>> | StepErrors<U>
  events: S extends true ? (V extends EventSchemas ? DeclaredEvents<V> : EventsOf<Awaited<R>>) : never
}

type Steps = readonly Step[]

/** `igniter.query`, `.mutation`, `.procedure`, `.controller`, for handlers whose context is `C`. */
export interface Define<C> {
  /** An action that reads: `GET` and `HEAD`. */
  query<
    const P extends string = '',
    PI = Params<P>,
    PO = Params<P>,
    QI = unknown,
    QO = RawQuery,
    HI = unknown,
    HO = RequestHeaders,
    OI = unknown,
    OO = unknown,
    const S extends boolean = false,
    V extends EventSchemas | undefined = undefined,
    const U extends Steps = [],
    R extends Returned<OI> = Returned<OI>,
  >(
    declaration: Declaration<P, PI, PO, QI, QO, HI, HO, OI, OO, S, V, U> & {
      readonly handler: (
        input: HandlerInput<
          WithSteps<C, U>,
          PO,
          QO,
          undefined,
          HO,
          V extends EventSchemas ? DeclaredEvents<V> : StreamEvent
        >,
      ) => R
    },
  ): Query<Bag<PI, QI, HI, undefined, OO, S, V, U, R>>

  /** An action that changes something: `POST` unless `method` says otherwise. */
  mutation<
    const P extends string = '',
    PI = Params<P>,
    PO = Params<P>,
    QI = unknown,
    QO = RawQuery,
    HI = unknown,
    HO = RequestHeaders,
    BI = unknown,
    BO = unknown,
    OI = unknown,
    OO = unknown,
    const S extends boolean = false,
    V extends EventSchemas | undefined = undefined,
    const U extends Steps = [],
    R extends Returned<OI> = Returned<OI>,
  >(
    declaration: Declaration<P, PI, PO, QI, QO, HI, HO, OI, OO, S, V, U> & {
      readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
      /** The body: JSON, urlencoded, multipart, text or bytes. */
      readonly body?: Schema<BI, BO>
      readonly handler: (
        input: HandlerInput<WithSteps<C, U>, PO, QO, BO, HO, V extends EventSchemas ? DeclaredEvents<V> : StreamEvent>,
      ) => R
    },
  ): Mutation<Bag<PI, QI, HI, BI, OO, S, V, U, R>>

  /**
   * A step for `use`. What its handler returns is added to the context; a response ends the request; `next()` runs the
   * rest and resolves to its outcome.
   */
  procedure<Options = void, R = unknown, const U extends Steps = []>(declaration: {
    readonly name?: string
    readonly use?: U
    readonly handler: (options: Options, input: ProcedureInput<WithSteps<C, U>>) => R
  }): ProcedureFactory<Options, Overlay<WithSteps<{}, U>, AddedBy<Awaited<R>>>, FailuresIn<Awaited<R>> | StepErrors<U>>

  /** Actions under one path. */
  controller<const P extends string, A extends Readonly<Record<string, Action>>>(
    declaration: ControllerDefinition<P, A>,
  ): Controller<P, A>
}

export type { ActionTypes }
