/** Time and chance as the client sees them, so that tests can drive both; and how it waits before it tries again. */

export interface Ports {
  /** Milliseconds on a clock that goes on while the machine sleeps. */
  now(): number
  /** Runs `fn` once after `ms`. Gives the undo. */
  after(ms: number, fn: () => void): () => void
  /** From 0 up to 1. */
  random(): number
}

export const systemPorts: Ports = {
  now: Date.now,
  after(ms, fn) {
    const handle = setTimeout(fn, ms)
    return () => clearTimeout(handle)
  },
  random: Math.random,
}

/** Waits `ms`; less when `signal` aborts. Never rejects. */
export const pause = ({ after }: Ports, ms: number, signal?: AbortSignal): Promise<void> =>
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
export const backOff = (ports: Ports, failures: number, signal?: AbortSignal, asked?: number): Promise<void> => {
  const most = asked === undefined ? Math.min(10_000, 2_000 * 2 ** failures) : 1_000
  return pause(ports, (asked ?? 0) + ports.random() * most, signal)
}
