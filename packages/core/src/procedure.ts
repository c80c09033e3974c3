/**
 * Procedures: steps that run before a handler, add to its context, end the request, or wrap the rest.
 * Defined by `igniter.procedure`, listed in `use`, run by dispatch.ts.
 */
import type { Contextual } from './context.js'
import type { Realtime } from './realtime/realtime.js'
import type { UnvalidatedRequest } from './request.js'
import type { Failure, Outcome, ResponseBuilder, Result } from './response.js'

/** What a procedure gives when it ran the rest itself: carries the type of what it added. */
export interface NextOutcome<Added> extends Outcome {
  readonly $added?: Added
}

/** What a procedure's handler receives besides its options. */
export interface ProcedureInput<C> {
  readonly request: UnvalidatedRequest
  /** What `context()` gave and earlier procedures added, with the framework's own keys. */
  readonly context: C
  readonly response: ResponseBuilder<C>
  readonly realtime: Realtime
  /** Adds `extra` to the context, runs what comes after this procedure, and resolves to how it ended. Once only; never rejects. */
  next<Added extends Contextual<Added> = {}>(extra?: Added): Promise<NextOutcome<Added>>
}

/** One entry of `use`: a procedure with its options. */
export interface Step<Added = unknown, Errors extends string = string> {
  readonly $added?: Added
  readonly $errors?: Errors
  readonly name: string
  /** Procedures that run before this one. */
  readonly use: readonly Step[]
  /** Runs it. What it gives is judged by dispatch.ts. */
  readonly run: (input: ProcedureInput<never>) => unknown
}

/** Makes the entry for `use`; options may be left out where all of them are optional. */
export type ProcedureFactory<Options, Added, Errors extends string> = unknown extends Options
  ? (options?: Options) => Step<Added, Errors>
  : [Options] extends [void]
    ? () => Step<Added, Errors>
    : undefined extends Options
      ? (options?: Options) => Step<Added, Errors>
      : {} extends Options
        ? (options?: Options) => Step<Added, Errors>
        : (options: Options) => Step<Added, Errors>

/** `B` laid over `A`: where both have a key, B's type counts. Of several possible `B`, one. */
export type Overlay<A, B> = B extends unknown
  ? keyof A & keyof B extends never
    ? A & B
    : Omit<A, keyof B> & Over<A, B>
  : never

/** What is optional in `B` may have left A's value standing. */
type Over<A, B> = { [K in keyof B]: undefined extends B[K] ? B[K] | (K extends keyof A ? A[K] : never) : B[K] }

/** A context with what a list of procedures adds to it, the later over the earlier. */
export type WithSteps<C, U> = U extends readonly []
  ? C
  : U extends readonly [Step<infer A, string>, ...infer Rest]
    ? WithSteps<Overlay<C, A>, Rest>
    : C

/** The error codes that a list of procedures may answer with. */
export type StepErrors<U> = U extends readonly (infer S)[] ? (S extends Step<unknown, infer E> ? E : never) : never

type AddedObject<R> = R extends Failure | Result<unknown, never> | Response
  ? never
  : R extends NextOutcome<infer A>
    ? A
    : R extends object
      ? R
      : never

type OrNothing<T> = [T] extends [never] ? {} : T

/** What a procedure's handler adds: the objects among its results; partial where it may also give something else. */
export type AddedBy<R> = [Exclude<R, object>] extends [never]
  ? OrNothing<AddedObject<R>>
  : Partial<OrNothing<AddedObject<R>>>

/** The codes of the failures among a handler's results. */
export type FailuresIn<R> = R extends Failure<infer K> ? K : never
