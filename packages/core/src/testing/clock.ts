/**
 * A clock that moves only when a test says so. Give it wherever a `Clock` is taken, then `await clock.advance(ms)`
 * instead of sleeping. Timers behave as Node's: nothing fires sooner than after 1 ms, equal times fire in order of creation.
 */
import type { Clock, Timer } from '../clock.js'

export interface TestClock extends Clock {
  /**
   * Lets `ms` pass (0 or more, fractions allowed): fires every timer that falls due, in order of time, those included
   * that a timer of this window makes. Before, between and after them, promise chains run to their end.
   * Rejects with what a timer threw, standing at that timer's time. Overlapping calls run one after the other.
   */
  readonly advance: (ms: number) => Promise<void>
  /** Moves `wall()` by `ms` (may be negative), as when the machine's time is set. `now()` and timers notice nothing. */
  readonly advanceWall: (ms: number) => void
  /** Timers that may still fire. 0 when nothing leaked. */
  readonly pending: number
}

interface Scheduled {
  time: number
  readonly period: number | null
  readonly fn: () => void
}

/** A clock at `now() === 0` whose `wall()` starts at `wall` ms since 1970 (2026-01-01T00:00:00Z unless given). */
export function createTestClock({ wall = Date.UTC(2026, 0, 1) }: { wall?: number } = {}): TestClock {
  /** In order of time, then of creation. */
  const timers: Scheduled[] = []
  let now = 0
  let wallOffset = wall
  let lastAdvance = Promise.resolve()

  const insert = (timer: Scheduled): void => {
    let at = timers.length
    while (at > 0 && timers[at - 1]!.time > timer.time) at--
    timers.splice(at, 0, timer)
  }

  const schedule = (delay: number, period: number | null, fn: () => void): Timer => {
    const timer: Scheduled = { time: now + delay, period, fn }
    insert(timer)
    return {
      clear() {
        const at = timers.indexOf(timer)
        if (at !== -1) timers.splice(at, 1)
      },
    }
  }

  const run = async (ms: number): Promise<void> => {
    const end = now + ms
    await settle()
    for (let next = timers[0]; next !== undefined && next.time <= end; next = timers[0]) {
      timers.shift()
      now = next.time
      if (next.period !== null) {
        next.time += next.period
        insert(next)
      }
      next.fn()
      await settle()
    }
    now = end
  }

  return {
    now: () => now,
    wall: () => wallOffset + now,
    after: (delay, fn) => schedule(atLeastOne(delay), null, fn),
    every(period, fn) {
      const delay = atLeastOne(period)
      return schedule(delay, delay, fn)
    },
    advance(ms) {
      if (!(ms >= 0 && ms < Infinity)) {
        return Promise.reject(new RangeError(`advance: ${ms} is not a time span. Give milliseconds, 0 or more.`))
      }
      const done = lastAdvance.then(() => run(ms))
      lastAdvance = done.catch(() => {})
      return done
    },
    advanceWall(ms) {
      if (!Number.isFinite(ms)) throw new RangeError(`advanceWall: ${ms} is not a time span. Give milliseconds.`)
      wallOffset += ms
    },
    get pending() {
      return timers.length
    },
  }
}

/** Node's rule for delays; without it a timer of 0 ms that renews itself would never let `advance` end. */
const atLeastOne = (delay: number): number => (delay >= 1 ? delay : 1)

/** A turn of the event loop: every promise chain that can go on without I/O has run to its end after it. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
