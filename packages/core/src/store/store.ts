/**
 * The port of the store: keys with a TTL, counters, locks and pub/sub.
 * `MemoryStore` is the default; adapters implement this interface and pass `storeConformance` of the testing kit.
 * Keys and channels are well-formed text of 1 to 4,096 bytes. Mistakes in a call are STORE_INVALID_ARGUMENT, calls after
 * `close` and a server out of reach STORE_UNAVAILABLE.
 */

/** Ends a subscription. Calling it again does nothing. */
export type Unsubscribe = () => void

/** Ends a subscription, and can be awaited until the subscription is live: `const off = await store.subscribe(…)`. */
export interface Subscription extends Unsubscribe {
  then<A = Unsubscribe, B = never>(
    onLive?: ((off: Unsubscribe) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B>
}

export interface Store {
  /** The value as `set` took it; null when absent or expired. */
  get<T = any>(key: string): Promise<T | null>
  /** Stores a JSON value. `ttlSeconds` above 0; without it the key never expires (warned about once in development). */
  set(key: string, value: unknown, ttlSeconds?: number): Promise<void>
  /** Whether there was something to delete. */
  delete(key: string): Promise<boolean>
  exists(key: string): Promise<boolean>
  /** Adds `by` (1 unless given, a safe integer) and gives the new value; an absent key counts as 0. Keeps the TTL. */
  incr(key: string, by?: number): Promise<number>
  decr(key: string, by?: number): Promise<number>
  /** Sets the TTL of an existing key; false when there is none. */
  expire(key: string, ttlSeconds: number): Promise<boolean>
  /** Seconds left, rounded up; null without expiry or without the key. */
  ttl(key: string): Promise<number | null>
  getMany<T = any>(keys: readonly string[]): Promise<(T | null)[]>
  setMany(entries: Readonly<Record<string, unknown>>, ttlSeconds?: number): Promise<void>
  /** Stores only if the key is absent; whether it did. */
  setIfAbsent(key: string, value: unknown, ttlSeconds?: number): Promise<boolean>
  /**
   * The stored value, or what `load` gives, stored for `ttlSeconds`. One load for any number of waiters; one that fails
   * fails them all and stores nothing. `undefined` is handed on and not stored. A `set` or `delete` of the key meanwhile
   * wins: the waiters get what was loaded, the store keeps the change. `load` must not ask for its own key.
   */
  remember<T>(key: string, ttlSeconds: number, load: () => T | Promise<T>): Promise<T>
  /** The keys that match a glob of `*` and `?`, in batches, without blocking others. */
  scan(pattern?: string): AsyncIterable<string>
  /** Runs `fn` while holding the lock `key`, waiting for it first; the lock frees itself after `ttlSeconds`. */
  lock<T>(key: string, ttlSeconds: number, fn: () => T | Promise<T>): Promise<T>
  /** Sends a JSON value to every subscriber of the channel. */
  publish(channel: string, message: unknown): Promise<void>
  subscribe<T = any>(channel: string, listener: (message: T) => void): Subscription
  /** Ends every subscription and frees what the store holds. */
  close(): Promise<void>
}
