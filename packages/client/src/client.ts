/** `createIgniterClient`: from options to `api.posts.list.query(…)`, typed by the router alone. */
import type { Calls, RouterTypes } from '@igniter-js/core'
import { callAction, type CallerOptions, type CallInput, type CallOptions, type Watcher } from './call.js'
import type { ClientErrorCode } from './error.js'
import { type Ports, systemPorts } from './ports.js'
import { createActionProxy } from './proxy.js'
import { createRealtime, type Realtime, type RealtimeOptions } from './realtime/realtime.js'
import { streamAction } from './stream.js'
import { createTransport, type Transport, type TransportOptions } from './transport.js'

export interface CallsOptions extends TransportOptions {
  /** How often a query is tried again when no answer came or it broke off, after up to 1, 2, 4 and then 5 s. 2 unless given. */
  readonly retries?: number
}

export interface ClientOptions extends CallsOptions {
  readonly realtime?: RealtimeOptions
  /** Called when the server denies the realtime connection (401, 403); it connects again when what this gives has resolved. */
  readonly onDenied?: () => unknown
}

type ControllersOf<R> = R extends RouterTypes<infer Cs> ? Cs : never

/** A router's actions as functions: `api.posts.list.query(input?, options?)`, `.mutate(…)`, `.stream(…)`. */
export type ClientCalls<R> = Calls<ControllersOf<R>, CallOptions, ClientErrorCode>

/** A router's actions as functions, and its realtime connection. */
export type Client<R> = ClientCalls<R> & { readonly $realtime: Realtime }

/**
 * A typed client: `createIgniterClient<typeof AppRouter>({ baseURL })`. Calls resolve to `{ data, error }` and reject only
 * for input that cannot be sent (CodecError). Does nothing until it is used.
 */
export const createIgniterClient = <R extends RouterTypes>(options: ClientOptions = {}): Client<R> =>
  assembleClient<R>(options, systemPorts)

/** The same without `$realtime`, for where a smaller bundle counts: 2 kB less. */
export const createIgniterCalls = <R extends RouterTypes>(options: CallsOptions = {}): ClientCalls<R> =>
  assembleCalls(createTransport(options), options, systemPorts) as ClientCalls<R>

/** `createIgniterClient` with time and chance given. */
export function assembleClient<R extends RouterTypes>(options: ClientOptions, ports: Ports): Client<R> {
  const transport = createTransport(options)
  const realtime = createRealtime(transport, ports, options.realtime)
  if (options.onDenied) realtime.onDenied(options.onDenied)
  return assembleCalls(transport, options, ports, realtime) as Client<R>
}

function assembleCalls(
  transport: Transport,
  { retries = 2 }: CallsOptions,
  ports: Ports,
  realtime?: Realtime & Watcher,
): unknown {
  const caller: CallerOptions = { transport, ports, retries, watcher: realtime }
  const verbs: Record<string, (key: string) => unknown> = {
    query: (key) => (input?: CallInput, options?: CallOptions) => callAction(caller, true, key, input, options),
    mutate: (key) => (input?: CallInput, options?: CallOptions) => callAction(caller, false, key, input, options),
    stream: (key) => (input?: CallInput, options?: CallOptions) => streamAction(caller, key, input, options),
  }
  return createActionProxy(
    (key, name) => (Object.hasOwn(verbs, name) ? verbs[name]!(key) : undefined),
    realtime && { $realtime: realtime },
  )
}
