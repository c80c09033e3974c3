/** The public API of the client. */

// The client
export { createIgniterCalls, createIgniterClient } from './client.js'
export type { CallsOptions, Client, ClientCalls, ClientOptions } from './client.js'
export type { TransportOptions } from './transport.js'

// Calls
export type { CallInput, CallOptions, QueryId } from './call.js'
export { IgniterClientError } from './error.js'
export type { ClientErrorCode } from './error.js'

// Streams
export { parseEventStream } from './event-stream.js'
export type { ParseOptions, ServerSentEvent } from './event-stream.js'
export type { ClientEvent } from './stream.js'

// Realtime
export { cursorOf } from './realtime/connection.js'
export type {
  Channel,
  ChannelOptions,
  MessageHandler,
  Realtime,
  RealtimeState,
  RevalidateHandler,
} from './realtime/realtime.js'

// For bindings
export { createActionProxy } from './proxy.js'
export type { Verb } from './proxy.js'
