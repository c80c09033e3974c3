/**
 * Time as the framework sees it. Everything that waits or expires asks a Clock, so that tests can drive it
 * (`createTestClock` in `@igniter-js/core/testing`) instead of sleeping.
 */

/** A pending callback. */
export interface Timer {
  /** Forgets the callback; harmless when it has run already. */
  clear(): void
}

export interface Clock {
  /** Milliseconds since the clock was made: never jumps and never goes back. For intervals, deadlines and TTLs. */
  now(): number
  /** Milliseconds since 1970, as the machine believes. Only for what people or other machines read. */
  wall(): number
  /** Runs `fn` once after `delay` ms. The process does not stay alive for it. */
  after(delay: number, fn: () => void): Timer
  /** Runs `fn` every `period` ms until cleared. The process does not stay alive for it. */
  every(period: number, fn: () => void): Timer
}

const unref = (handle: unknown): void => {
  // Browsers and Deno give numbers, Node and Bun objects.
  if (typeof handle === 'object' && handle !== null && 'unref' in handle) (handle as { unref(): void }).unref()
}

const longestDelay = 2 ** 31 - 1

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, fn) {
    let handle: ReturnType<typeof setTimeout>
    const wait = (left: number): void => {
      // Beyond this a timer would fire at once.
      const step = Math.min(left, longestDelay)
      handle = setTimeout(step < left ? () => wait(left - step) : fn, step)
      unref(handle)
    }
    wait(delay)
    return { clear: () => clearTimeout(handle) }
  },
  every(period, fn) {
    const handle = setInterval(fn, period)
    unref(handle)
    return { clear: () => clearInterval(handle) }
  },
}
