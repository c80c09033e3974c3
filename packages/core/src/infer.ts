/**
 * Types that are read off a router: the shape of its client and of its server-side caller, inputs and outputs by key.
 * Types only; evaluated for an action when it is touched, never for a whole router at once.
 */
import type { ActionTypes } from './action.js'
import type { Controller } from './controller.js'
import type { Params } from './request.js'

/** Codes that any call may end with, whatever its action answers. */
export type CommonCode =
  | 'BAD_REQUEST'
  | 'VALIDATION_ERROR'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'PAYLOAD_TOO_LARGE'
  | 'REQUEST_TIMEOUT'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'INTERNAL_SERVER_ERROR'
  | 'SERVICE_UNAVAILABLE'
  | 'TIMEOUT'

/** An error as it travels: told apart by `code`. */
export interface CallError<Code extends string = string> {
  readonly code: Code | CommonCode
  readonly message: string
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number
  readonly details?: unknown
  /** The request's id, to be found in the server's log. */
  readonly requestId?: string
}

/** What a call gives: data, or an error, told apart by `error`. */
export type CallResult<Data, Code extends string> =
  | { readonly data: Data; readonly error: null }
  | { readonly data: null; readonly error: CallError<Code> }

type Part<K extends string, V> = unknown extends V
  ? { readonly [N in K]?: unknown }
  : [V] extends [undefined]
    ? {}
    : keyof V extends never
      ? { readonly [N in K]?: V }
      : {} extends V
        ? { readonly [N in K]?: V }
        : undefined extends V
          ? { readonly [N in K]?: V }
          : { readonly [N in K]: V }

/** What a call of an action takes: its params (the controller's path included), query, headers and body. */
export type InputOf<T extends ActionTypes, ControllerPath extends string = ''> = Flat<
  Part<'params', Flat<Params<ControllerPath> & T['params']>> &
    Part<'query', T['query']> &
    Part<'headers', T['headers']> &
    Part<'body', T['body']>
>

/** An intersection as one object, which is how people read it; `& {}` keeps this name out of hovers and messages. */
type Flat<T> = { [K in keyof T]: T[K] } & {}

/** Input may be left out when all of it may be. */
type Arguments<Input, Options> = {} extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options]

/** One callable action, as client and caller have it. `Options` are those of the one who calls. */
export type Call<A, ControllerPath extends string, Options, Extra extends string> = A extends {
  readonly $types?: infer T extends ActionTypes
}
  ? [T['events']] extends [never]
    ? A extends { readonly kind: 'query' }
      ? {
          query(
            ...args: Arguments<InputOf<T, ControllerPath>, Options>
          ): Promise<CallResult<T['data'], T['errors'] | Extra>>
        }
      : {
          mutate(
            ...args: Arguments<InputOf<T, ControllerPath>, Options>
          ): Promise<CallResult<T['data'], T['errors'] | Extra>>
        }
    : { stream(...args: Arguments<InputOf<T, ControllerPath>, Options>): AsyncIterable<T['events']> }
  : never

/** Every action of a router by controller and key. `Extra` are error codes that the way of calling adds. */
export type Calls<Cs, Options, Extra extends string = never> = {
  readonly [M in keyof Cs]: Cs[M] extends Controller<infer P, infer A, infer E>
    ? { readonly [K in keyof A]: Call<A[K], P, Options, E | Extra> }
    : never
}

/** Anything that carries a router's types. */
export interface RouterTypes<Cs = unknown> {
  readonly $controllers?: Cs
}

type ControllersOf<R> = R extends RouterTypes<infer Cs> ? Cs : never
type ActionAt<R, Key extends string> = Key extends `${infer M}.${infer K}`
  ? M extends keyof ControllersOf<R>
    ? ControllersOf<R>[M] extends Controller<infer P, infer A, string>
      ? K extends keyof A
        ? { action: A[K]; path: P }
        : never
      : never
    : never
  : never

/** The keys of a router's actions: `'posts.list' | 'posts.create' | …`. */
export type ActionKey<R> = {
  [M in keyof ControllersOf<R> & string]: ControllersOf<R>[M] extends Controller<string, infer A, string>
    ? `${M}.${keyof A & string}`
    : never
}[keyof ControllersOf<R> & string]

/** What a call of an action takes: `InferInput<typeof AppRouter, 'posts.create'>`. */
export type InferInput<R, Key extends ActionKey<R>> =
  ActionAt<R, Key> extends {
    action: { readonly $types?: infer T extends ActionTypes }
    path: infer P extends string
  }
    ? InputOf<T, P>
    : never

/** What a call of an action gives as `data`, of a stream its events: `InferOutput<typeof AppRouter, 'posts.list'>`. */
export type InferOutput<R, Key extends ActionKey<R>> =
  ActionAt<R, Key> extends {
    action: { readonly $types?: infer T extends ActionTypes }
  }
    ? [T['events']] extends [never]
      ? T['data']
      : T['events']
    : never
