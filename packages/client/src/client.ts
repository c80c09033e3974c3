/** `createIgniterClient`: from options to `api.posts.list.query(…)`, typed by the router alone. */
import type { Calls, RouterTypes } from '@igniter-js/core'
import { rpcPrefix } from '@igniter-js/core/protocol'
import { callAction, type CallerOptions, type CallOptions } from './call.js'
import type { ClientErrorCode } from './error.js'
import { type After, systemAfter } from './timing.js'
import { createActionProxy, type Verb } from './proxy.js'
import { createRealtime } from './realtime/connection.js'
import type { Realtime } from './realtime/realtime.js'
import { streamAction } from './stream.js'
import { createSend, type TransportOptions } from './transport.js'

export interface CallsOptions extends TransportOptions {
  /** The server's `basePath`. `/api/v1` unless given. */
  readonly basePath?: string
  /** How often a query is tried again when no answer came or it broke off, after up to 1, 2, 4, 8 and then 10 s. 2 unless given. */
  readonly retries?: number
}

export interface ClientOptions extends CallsOptions {
  /** Called when the server denies the realtime connection (401, 403); it connects again when what this gives has resolved. */
  readonly onDenied?: () => unknown
}

type ControllersOf<R> = R extends RouterTypes<infer Cs> ? Cs : never

type AllCalls<R> = Calls<ControllersOf<R>, CallOptions, ClientErrorCode>

/** A router's actions as functions, `api.posts.list.query(input?, options?)`, `.mutate(…)`, `.stream(…)`, and its realtime. */
export type Client<R> = AllCalls<R> & { readonly $realtime: Realtime }

/** A router's queries and mutations as functions. */
export type ClientCalls<R> = {
  readonly [M in keyof AllCalls<R>]: {
    readonly [K in keyof AllCalls<R>[M] as AllCalls<R>[M][K] extends { stream: unknown } ? never : K]: AllCalls<R>[M][K]
  }
}

/**
 * A typed client: `createIgniterClient<typeof AppRouter>({ baseURL })`. Calls resolve to `{ data, error }` and reject only
 * for input that cannot be sent (CodecError). Does nothing until it is used.
 */
export const createIgniterClient = <R extends RouterTypes>(options: ClientOptions = {}): Client<R> =>
  assembleClient<R>(options, systemAfter)

/** `createIgniterClient` with its timer given. */
export function assembleClient<R extends RouterTypes>(options: ClientOptions, after: After): Client<R> {
  const caller = toCaller(options, after)
  const [$realtime, watch] = createRealtime(caller, options.onDenied)
  return createActionProxy(toVerb({ ...caller, watch }, streamAction), { $realtime }) as Client<R>
}

/** The same without streams and `$realtime`, where a smaller bundle counts: half the size. */
export const createIgniterCalls = <R extends RouterTypes>(options: CallsOptions = {}): ClientCalls<R> =>
  createActionProxy(toVerb(toCaller(options, systemAfter))) as ClientCalls<R>

const toCaller = (options: CallsOptions, after: After): CallerOptions => {
  const { basePath = '/api/v1', retries = 2 } = options
  return { send: createSend(options), after, prefix: basePath + rpcPrefix, retries }
}

const toVerb =
  (caller: CallerOptions, stream?: typeof streamAction): Verb =>
  (key, name) => {
    if (name === 'query') return callAction.bind(null, caller, 'GET', key)
    if (name === 'mutate') return callAction.bind(null, caller, 'POST', key)
    if (name === 'stream') return stream?.bind(null, caller, key)
  }
