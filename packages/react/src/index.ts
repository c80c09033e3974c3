/** The public API of `@igniter-js/react`. */

// The client
export { createIgniterReact } from './react.js'
export type { IgniterReactOptions } from './react.js'
export type {
  ActionInfiniteQueryOptions,
  ActionKey,
  ActionMutationOptions,
  ActionQueryOptions,
  IgniterReact,
  InfiniteQueryExtras,
  MutationExtras,
  MutationHooks,
  QueryExtras,
  QueryHooks,
  StreamHooks,
  SuspenseInfiniteQueryExtras,
  SuspenseQueryExtras,
  TaggedKey,
} from './api.js'

// The provider and hooks below it
export { IgniterProvider, useConnectionState, useRealtime } from './realtime.js'
export type { IgniterProviderProps } from './realtime.js'

// Streams
export type { StreamStatus, UseStreamOptions, UseStreamResult } from './use-stream.js'
