/**
 * Waiting, but not for ever: for what the application or a log does on behalf of a connection.
 * The hub and the realtime endpoint use it.
 */
import type { Clock } from '../clock.js'

/**
 * Settles as `promise` does, or rejects after `ms` with an error that begins with `what`.
 * What the promise does after that is ignored, a rejection included.
 */
export function within<T>(clock: Clock, ms: number, promise: PromiseLike<T>, what: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new Error(`${what} took longer than ${ms} ms. Answer sooner.`)))
    promise.then(
      (value) => {
        timer.clear()
        resolve(value)
      },
      (error: unknown) => {
        timer.clear()
        reject(error)
      },
    )
  })
}
