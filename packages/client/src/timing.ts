/** How the client waits: its one timer, which tests can drive, and the pauses made of it. */

/** Runs `fn` once after `ms`. Gives the undo. */
export type After = (ms: number, fn: () => void) => () => void

export const systemAfter: After = (ms, fn) => {
  const handle = setTimeout(fn, ms)
  return () => clearTimeout(handle)
}

/** Waits `ms`; less when `signal` aborts. Never rejects. */
export const pause = (after: After, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = after(ms, done)
    signal?.addEventListener('abort', done)
    if (signal?.aborted) done()
  })

/**
 * Waits before the next attempt after `failures` of them: anything up to 2 s, doubled with each failure up to 10 s; or
 * what the server has `asked` for, in ms, and up to 1 s more. So those who lost the same server come back spread out.
 */
export const backOff = (after: After, failures: number, signal?: AbortSignal, asked = 0): Promise<void> =>
  pause(after, asked + Math.random() * (asked ? 1_000 : Math.min(10_000, 2_000 * 2 ** failures)), signal)
