/**
 * The store of one process, and the default: nothing to install, nothing to connect to. It passes the same conformance
 * suite as the adapters, so moving to Redis changes one line. What it holds ends with the process.
 */
import { type Clock, systemClock, type Timer } from '../clock.js'
import { decode } from '../codec.js'
import { definitionError } from '../error.js'
import { consoleLogger, type Logger, withRedaction } from '../logger.js'
import { checkKey, checkStep, closedError, invalidArgument, nameCall, toMilliseconds, toStored } from './arguments.js'
import { toMatcher } from './glob.js'
import { Listeners, toSubscription } from './listeners.js'
import { LockQueue } from './lock-queue.js'
import { Lru } from './lru.js'
import type { Store, Subscription } from './store.js'

export interface MemoryStoreOptions {
  /** How many keys it holds, 1 or more (100,000 unless given). Beyond that, the least recently used key is forgotten. */
  readonly maxEntries?: number
  readonly clock?: Clock
  readonly logger?: Logger
  /** Whether to warn once about a key without TTL. Unless given: true when `NODE_ENV` is not `production`. */
  readonly development?: boolean
}

/** A value at rest: text, or what cannot be changed and so needs no copy. */
type Packed = Encoded | string | number | boolean | null

class Encoded {
  constructor(
    readonly text: string,
    /** The codec marked something, and must read it back. */
    readonly isRich: boolean,
  ) {}
}

interface Entry {
  packed: Packed
  /** By the clock's `now()`; Infinity without TTL. */
  expires: number
}

/** Expired keys go when they are met; for those that nobody asks for, this many are looked at in each period (ms). */
const sweepSize = 10_000
const sweepPeriod = 1_000
/** Keys that a scan looks at before it lets others run. */
const scanBatch = 1_000

/** Key-value, counters, locks and pub/sub in memory. See `Store` for each method. */
export class MemoryStore implements Store {
  readonly #entries: Lru<Entry>
  readonly #loads = new Map<string, Promise<Packed | undefined>>()
  readonly #locks: LockQueue
  readonly #listeners: Listeners
  readonly #clock: Clock
  readonly #logger: Logger
  #warnsAboutTtl: boolean
  #isClosed = false
  /** How many entries have a TTL; the sweep runs while there are any. */
  #expiring = 0
  #sweepTimer: Timer | undefined
  #unswept: Iterator<string> | undefined

  constructor(options: MemoryStoreOptions = {}) {
    const { maxEntries = 100_000, clock = systemClock, logger = consoleLogger() } = options
    if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
      throw definitionError(
        'new MemoryStore()',
        `maxEntries is ${String(maxEntries)}.`,
        'Give a whole number, 1 or more.',
      )
    }
    this.#entries = new Lru(maxEntries)
    this.#clock = clock
    this.#locks = new LockQueue(clock)
    this.#logger = withRedaction(logger)
    this.#listeners = new Listeners((channel, err) => this.#logger.error({ err, channel }, 'A store listener failed'))
    this.#warnsAboutTtl = options.development ?? globalThis.process?.env?.NODE_ENV !== 'production'
  }

  async get<T = any>(key: string): Promise<T | null> {
    this.#check('get', key)
    return unpack(this.#find(key)?.packed ?? null) as T | null
  }

  async set(key: string, value: unknown, ttlSeconds?: number): Promise<void> {
    this.#check('set', key)
    this.#put(key, pack('set', key, value), this.#lifetime('set', key, ttlSeconds))
  }

  async delete(key: string): Promise<boolean> {
    this.#check('delete', key)
    const existed = this.#find(key) !== undefined
    this.#remove(key)
    return existed
  }

  async exists(key: string): Promise<boolean> {
    this.#check('exists', key)
    return this.#find(key) !== undefined
  }

  async incr(key: string, by = 1): Promise<number> {
    return this.#count('incr', key, by, 1)
  }

  async decr(key: string, by = 1): Promise<number> {
    return this.#count('decr', key, by, -1)
  }

  async expire(key: string, ttlSeconds: number): Promise<boolean> {
    this.#check('expire', key)
    const lifetime = toMilliseconds('expire', key, ttlSeconds)
    const entry = this.#find(key)
    if (entry === undefined) return false
    this.#forget(entry)
    this.#limit(entry, lifetime)
    return true
  }

  async ttl(key: string): Promise<number | null> {
    this.#check('ttl', key)
    const entry = this.#find(key)
    if (entry === undefined || entry.expires === Infinity) return null
    // Rounded to ms first: the difference of two fractions can exceed a whole second by a hair.
    return Math.ceil(Math.round(entry.expires - this.#clock.now()) / 1_000) || 1
  }

  async getMany<T = any>(keys: readonly string[]): Promise<(T | null)[]> {
    this.#checkOpen('getMany')
    for (const key of keys) checkKey('getMany', key)
    return keys.map((key) => unpack(this.#find(key)?.packed ?? null) as T | null)
  }

  async setMany(entries: Readonly<Record<string, unknown>>, ttlSeconds?: number): Promise<void> {
    this.#checkOpen('setMany')
    // All are checked before the first is stored.
    const packed = Object.entries(entries).map(([key, value]) => {
      checkKey('setMany', key)
      return [key, pack('setMany', key, value), this.#lifetime('setMany', key, ttlSeconds)] as const
    })
    for (const entry of packed) this.#put(...entry)
  }

  async setIfAbsent(key: string, value: unknown, ttlSeconds?: number): Promise<boolean> {
    this.#check('setIfAbsent', key)
    const packed = pack('setIfAbsent', key, value)
    const lifetime = this.#lifetime('setIfAbsent', key, ttlSeconds)
    if (this.#find(key) !== undefined) return false
    this.#put(key, packed, lifetime)
    return true
  }

  async remember<T>(key: string, ttlSeconds: number, load: () => T | Promise<T>): Promise<T> {
    this.#check('remember', key)
    const lifetime = toMilliseconds('remember', key, ttlSeconds)
    const found = this.#find(key)
    if (found !== undefined) return unpack(found.packed) as T
    return unpack(await (this.#loads.get(key) ?? this.#load(key, lifetime, load))) as T
  }

  async *scan(pattern = '*'): AsyncGenerator<string, void, undefined> {
    checkKey('scan', pattern, 'pattern')
    const isMatch = toMatcher(pattern)
    let looked = 0
    this.#checkOpen('scan')
    for (const key of Array.from(this.#entries.keys())) {
      if (++looked % scanBatch === 0) {
        await new Promise((resolve) => setImmediate(resolve))
        this.#checkOpen('scan')
      }
      if (isMatch(key) && this.#peek(key) !== undefined) yield key
    }
  }

  async lock<T>(key: string, ttlSeconds: number, fn: () => T | Promise<T>): Promise<T> {
    this.#check('lock', key)
    return this.#locks.run(key, toMilliseconds('lock', key, ttlSeconds), fn)
  }

  async publish(channel: string, message: unknown): Promise<void> {
    this.#check('publish', channel, 'channel')
    const packed = pack('publish', channel, message)
    this.#listeners.deliver(channel, () => unpack(packed))
  }

  /** Live at once. Throws, rather than rejects, what is wrong with the call. */
  subscribe<T = any>(channel: string, listener: (message: T) => void): Subscription {
    this.#check('subscribe', channel, 'channel')
    if (typeof listener !== 'function') {
      throw invalidArgument(nameCall('subscribe', channel), 'the listener is no function.', 'Give (message) => { … }.')
    }
    return toSubscription(this.#listeners.add(channel, listener), Promise.resolve())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#sweepTimer?.clear()
    this.#sweepTimer = undefined
    this.#unswept = undefined
    this.#expiring = 0
    this.#entries.clear()
    this.#loads.clear()
    this.#listeners.clear()
    this.#locks.close(closedError('lock'))
  }

  #check(method: string, key: unknown, noun?: string): asserts key is string {
    this.#checkOpen(method)
    checkKey(method, key, noun)
  }

  #checkOpen(method: string): void {
    if (this.#isClosed) throw closedError(method)
  }

  /** In ms; Infinity without TTL. */
  #lifetime(method: string, key: string, ttlSeconds: number | undefined): number {
    if (ttlSeconds !== undefined) return toMilliseconds(method, key, ttlSeconds)
    if (this.#warnsAboutTtl) {
      this.#warnsAboutTtl = false
      this.#logger.warn(
        { key },
        `${nameCall(method, key)} gives no TTL: the key stays until it is deleted. Give seconds after the value. (Said once, in development.)`,
      )
    }
    return Infinity
  }

  /** The entry, which counts as a use of it. */
  #find(key: string): Entry | undefined {
    return this.#peek(key) && this.#entries.get(key)
  }

  #peek(key: string): Entry | undefined {
    const entry = this.#entries.peek(key)
    if (entry === undefined || entry.expires === Infinity || entry.expires > this.#clock.now()) return entry
    this.#forget(this.#entries.delete(key))
    return undefined
  }

  #put(key: string, packed: Packed, lifetime: number): void {
    const entry: Entry = { packed, expires: Infinity }
    // What is being loaded is older than this.
    this.#loads.delete(key)
    this.#forget(this.#entries.set(key, entry))
    if (lifetime !== Infinity) this.#limit(entry, lifetime)
  }

  #remove(key: string): void {
    this.#loads.delete(key)
    this.#forget(this.#entries.delete(key))
  }

  #limit(entry: Entry, lifetime: number): void {
    entry.expires = this.#clock.now() + lifetime
    this.#expiring++
    this.#sweepTimer ??= this.#clock.after(sweepPeriod, () => this.#sweep())
  }

  #forget(entry: Entry | undefined): void {
    if (entry !== undefined && entry.expires !== Infinity) this.#expiring--
  }

  #sweep(): void {
    this.#unswept ??= this.#entries.keys()
    for (let looked = 0; looked < sweepSize; looked++) {
      const next = this.#unswept.next()
      if (next.done) {
        this.#unswept = undefined
        break
      }
      this.#peek(next.value)
    }
    this.#sweepTimer = this.#expiring > 0 ? this.#clock.after(sweepPeriod, () => this.#sweep()) : undefined
  }

  #count(method: 'incr' | 'decr', key: string, by: number, sign: 1 | -1): number {
    this.#check(method, key)
    checkStep(method, key, by)
    const entry = this.#find(key)
    const before = entry === undefined ? 0 : entry.packed
    if (typeof before !== 'number' || !Number.isSafeInteger(before)) {
      throw invalidArgument(nameCall(method, key), 'the stored value is no integer.', 'Count under a key of its own.')
    }
    const after = before + sign * by
    if (!Number.isSafeInteger(after)) {
      throw invalidArgument(nameCall(method, key), `${after} is beyond the safe integers.`, 'Start the counter anew.')
    }
    if (entry === undefined) this.#put(key, after, Infinity)
    else entry.packed = after
    return after
  }

  #load(key: string, lifetime: number, load: () => unknown): Promise<Packed | undefined> {
    const isCurrent = () => this.#loads.get(key) === loading
    const loading = Promise.resolve()
      .then(load)
      .then((value) => {
        if (value === undefined) return undefined
        const packed = pack('remember', key, value)
        // Not if the key was set or deleted meanwhile: what was loaded may be what that change replaced.
        if (isCurrent()) this.#put(key, packed, lifetime)
        return packed
      })
      .finally(() => {
        if (isCurrent()) this.#loads.delete(key)
      })
    this.#loads.set(key, loading)
    return loading
  }
}

function pack(method: string, key: string, value: unknown): Packed {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  const stored = toStored(method, key, value)
  return new Encoded(JSON.stringify(stored), stored !== value)
}

function unpack(packed: Packed | undefined): unknown {
  if (!(packed instanceof Encoded)) return packed
  return packed.isRich ? decode(packed.text, { maxNodes: Infinity }) : JSON.parse(packed.text)
}
