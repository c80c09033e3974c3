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
  now: () => Date.now(),
  after(ms, fn) {
    const handle = setTimeout(fn, ms)
    return () => clearTimeout(handle)
  },
  random: () => Math.random(),
}

/**
 * Milliseconds before the next attempt after `failures` of them: anything up to 2 s, doubled with each failure up to
 * 10 s; or what the server has `asked` for, and up to 1 s more. So those who lost the same server come back spread out.
 */
export const backoff = ({ random }: Ports, failures: number, asked?: number): number =>
  asked === undefined ? random() * Math.min(10_000, 2_000 * 2 ** failures) : asked + random() * 1_000

/** Waits `ms`, or for ever; less when `signal` aborts. Never rejects. */
export const pause = (ports: Ports, ms: number | undefined, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      cancel?.()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = ms === undefined ? undefined : ports.after(ms, done)
    signal?.addEventListener('abort', done)
    if (signal?.aborted) done()
  })
