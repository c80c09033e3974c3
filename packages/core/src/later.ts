/**
 * A value that comes later, told to those who wait in the very turn in which it comes. The Node door reads bodies with
 * it: a request whose handler is synchronous is answered from within the `end` event, without a trip through the
 * microtask queue for each step between.
 */
import { isThenable } from './exchange.js'

type Settled<T> = { readonly isOk: true; readonly value: T } | { readonly isOk: false; readonly error: unknown }

export class Later<T> implements PromiseLike<T> {
  #settled: Settled<T> | null = null
  #waiting: ((settled: Settled<T>) => void)[] | null = null

  /** Tells the value; only the first word counts. */
  resolve(value: T): void {
    this.#settle({ isOk: true, value })
  }

  reject(error: unknown): void {
    this.#settle({ isOk: false, error })
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is awaited like a promise
  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Later<A | B> {
    const next = new Later<A | B>()
    const tell = (settled: Settled<T>): void => {
      try {
        if (settled.isOk) next.#adopt(onValue ? onValue(settled.value) : (settled.value as unknown as A))
        else if (onError) next.#adopt(onError(settled.error))
        else next.reject(settled.error)
      } catch (error) {
        next.reject(error)
      }
    }
    if (this.#settled !== null) tell(this.#settled)
    else if (this.#waiting === null) this.#waiting = [tell]
    else this.#waiting.push(tell)
    return next
  }

  #adopt(value: T | PromiseLike<T>): void {
    if (!isThenable(value)) return this.resolve(value)
    value.then(
      (late) => this.resolve(late),
      (error: unknown) => this.reject(error),
    )
  }

  #settle(settled: Settled<T>): void {
    if (this.#settled !== null) return
    this.#settled = settled
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null) for (const tell of waiting) tell(settled)
  }
}
