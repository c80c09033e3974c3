/**
 * What applications say through realtime: `igniter.realtime`, `context.realtime` and a handler's `realtime` are this.
 */
import type { RevalidateKey } from '../protocol.js'

/** Which connections to end. */
export type DisconnectTarget = { readonly scope: string } | { readonly identity: string | number }

/** A live connection, for Studio and tests. Its id is a secret and not part of this. */
export interface ConnectionInfo {
  /** What the router's `identity` gave; null for nobody in particular. */
  readonly identity: string | number | null
  readonly scopes: readonly string[]
  readonly channels: readonly string[]
  /** When it opened, in ms since 1970. */
  readonly since: number
  /** The position in the log up to which it has been served. */
  readonly cursor: string
  /** Bytes written for it that have not left this process. */
  readonly buffered: number
}

export interface Realtime {
  /**
   * Tells clients to refetch the queries that match `keys`: everyone, or only connections that hold one of `scopes`.
   * Resolves when the event is in the log, or waits in order to get there.
   */
  revalidate(keys: readonly RevalidateKey[], scopes?: readonly string[]): Promise<void>
  /** Sends `data` to the connections that listen on `channel`. */
  publish(channel: string, data: unknown, options?: { readonly event?: string }): Promise<void>
  /** Ends connections at once; how many of this instance. */
  disconnect(where: DisconnectTarget): Promise<number>
  connections(): readonly ConnectionInfo[] | Promise<readonly ConnectionInfo[]>
}
