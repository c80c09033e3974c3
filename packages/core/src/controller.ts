/** Controllers: actions under one path. Compiled by router.ts. */
import type { Action } from './action.js'
import type { Step } from './procedure.js'

export type Actions = Readonly<Record<string, Action>>

/** What `igniter.controller` takes. */
export interface ControllerDefinition<P extends string, A, U = readonly Step[]> {
  /** For people; the key in `router({ controllers })` unless given. */
  readonly name?: string
  readonly description?: string
  /** Comes before each action's path. May hold parameters: `/orgs/:org`. */
  readonly path: P
  /** Procedures for every action, after the router's and before the action's own. */
  readonly use?: U
  readonly actions: A
}

/** Actions under the path `P`. `E` are the codes that the procedures of the controller and its router answer with. */
export interface Controller<P extends string = string, A = Actions, E extends string = never>
  extends ControllerDefinition<P, A> {
  readonly $errors?: E
}
/** A controller whatever its types. */
export type AnyController = Controller<string, unknown, string>
export type Controllers = Readonly<Record<string, AnyController>>

/** Controllers whose actions may all answer with the codes `E`, too. */
export type Refusing<Cs, E extends string> = [E] extends [never]
  ? Cs
  : { readonly [M in keyof Cs]: Cs[M] extends Controller<infer P, infer A, infer F> ? Controller<P, A, E | F> : never }
