/** Time and chance as the client sees them, so that tests can drive both; and how it waits before it tries again. */

export interface Ports {
  /** Any clock in ms, but one that goes on while the machine sleeps is better. */
  now(): number
  /** Runs `fn` once after `ms`. */
  after(ms: number, fn: () => void): { clear(): void }
  /** From 0 up to 1. */
  random(): number
}

export const systemPorts: Ports = {
  now: () => Date.now(),
  after(ms, fn) {
    const handle = setTimeout(fn, ms)
    return { clear: () => clearTimeout(handle) }
  },
  random: () => Math.random(),
}

/**
 * Milliseconds before the next attempt after `failures` of them: anything up to 2 s, doubled with each failure up to
 * 10 s, so that those who lost the same server come back spread out.
 */
export const backoff = ({ random }: Ports, failures: number): number => random() * Math.min(10_000, 2_000 * 2 ** failures)

/** What a server asks to be waited for (`Retry-After`, seconds or a date), at most 5 minutes; undefined when it doesn't. */
export function retryAfter({ headers }: Response, { now, random }: Ports): number | undefined {
  const text = headers.get('retry-after')
  if (!text) return
  const ms = /^\d+$/.test(text) ? +text * 1000 : Date.parse(text) - now()
  // Later than asked and not at once: everybody was told the same second.
  return ms >= 0 ? Math.min(ms, 300_000) + random() * 1000 : undefined
}

/** Waits; less when `signal` aborts. Never rejects. */
export const pause = ({ after }: Ports, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      timer.clear()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = after(ms, done)
    signal?.addEventListener('abort', done)
    if (signal?.aborted) done()
  })
