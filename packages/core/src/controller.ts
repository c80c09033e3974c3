/** Controllers: actions under one path. Compiled by router.ts. */
import type { Action } from './action.js'
import type { Step } from './procedure.js'

export type Actions = Readonly<Record<string, Action>>

/** What `igniter.controller` takes. */
export interface ControllerDefinition<P extends string, A> {
  /** For people; the key in `router({ controllers })` unless given. */
  readonly name?: string
  readonly description?: string
  /** Comes before each action's path. May hold parameters: `/orgs/:org`. */
  readonly path: P
  /** Procedures for every action, after the router's and before the action's own. */
  readonly use?: readonly Step[]
  readonly actions: A
}

export interface Controller<P extends string = string, A = Actions> extends ControllerDefinition<P, A> {}
export type Controllers = Readonly<Record<string, Controller<string, unknown>>>
