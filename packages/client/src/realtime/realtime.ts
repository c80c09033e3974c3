/** `api.$realtime` as applications and bindings see it. What makes it is connection.ts. */
import type { RevalidateKey } from '@igniter-js/core/protocol'
import type { QueryId } from '../call.js'

/**
 * `idle`: nothing listens, so there is no connection. `denied`: the server wants someone who may connect. `offline`: the
 * last attempt failed, or the browser is offline.
 */
export type RealtimeState = 'idle' | 'connecting' | 'live' | 'offline' | 'denied'

/** Called with a message's data. */
export type MessageHandler = (data: unknown, message: { readonly channel: string; readonly event?: string }) => unknown

export interface ChannelOptions {
  /** Only messages with this event. */
  readonly event?: string
  /** Called when the server refuses the channel to this client; at each connect again. */
  readonly onRefused?: () => unknown
}

export interface Channel {
  /** Calls `handler` with each message; gives its undo. Messages from before the subscription is live are not heard. */
  on(handler: MessageHandler, options?: ChannelOptions): () => void
}

/** Called with keys to be fetched again, and with the log position that a result must cover to be fresh; empty when none is fresh. */
export type RevalidateHandler = (keys: readonly RevalidateKey[], cursor: string) => unknown

export interface Realtime {
  readonly state: RealtimeState
  channel(name: string): Channel
  /**
   * Calls `fn` when queries have changed: at once for what this client's own mutations changed, and never twice for one
   * event. What matches (`keyMatches` of core/protocol) and is shown should be fetched again. Gives the undo.
   */
  onRevalidate(fn: RevalidateHandler): () => void
  /** Calls `fn` when anything may have been missed, or somebody else has signed in: everything shown should be fetched again. */
  onReset(fn: () => unknown): () => void
  onState(fn: (state: RealtimeState) => unknown): () => void
  /** Narrows the scopes to these; an empty list, as at the start, leaves all that the server grants. A change reconnects. */
  declareScopes(scopes: readonly string[]): void
  /**
   * Says that data is shown which this client did not fetch (rendered by a server, restored from storage) and which
   * covers `cursor`: the connection begins there, or the query is revalidated if it has missed something.
   */
  track(query: QueryId, cursor: string): void
  /** To be called after signing in or out: forgets what was heard, connects as who it is now, and has everything fetched again. */
  reset(): void
  /** Forgets all listeners and ends the connection. */
  close(): void
}
