/** Locks within one process: one holder for each key, those who wait in order of arrival. Serves `MemoryStore`. */
import type { Clock, Timer } from '../clock.js'

interface Waiter {
  readonly enter: () => void
  readonly refuse: (error: unknown) => void
}

/** Platform timers overflow at 2^31 ms, and then fire at once. */
const longestTimer = 2 ** 31 - 1

export class LockQueue {
  readonly #clock: Clock
  /** Has an entry while the key is held: who waits for it. */
  readonly #waiters = new Map<string, Waiter[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Waits for its turn, then runs `fn`. After `ms` the next one enters, even if `fn` has not ended. */
  async run<T>(key: string, ms: number, fn: () => T | Promise<T>): Promise<T> {
    const waiters = this.#waiters.get(key)
    if (waiters === undefined) this.#waiters.set(key, [])
    else await new Promise<void>((enter, refuse) => waiters.push({ enter, refuse }))

    // A holder leaves once: when `fn` ends late, the lock is somebody else's.
    let isHolder = true
    const leave = () => {
      if (!isHolder) return
      isHolder = false
      timer.clear()
      this.#next(key)
    }
    let timer: Timer
    const expireAfter = (left: number) => {
      timer = this.#clock.after(Math.min(left, longestTimer), () =>
        left > longestTimer ? expireAfter(left - longestTimer) : leave(),
      )
    }
    expireAfter(ms)
    try {
      return await fn()
    } finally {
      leave()
    }
  }

  /** Rejects everybody who waits; holders go on. */
  close(error: unknown): void {
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.refuse(error)
    this.#waiters.clear()
  }

  #next(key: string): void {
    const waiters = this.#waiters.get(key)
    const next = waiters?.shift()
    if (next === undefined) this.#waiters.delete(key)
    else next.enter()
  }
}
