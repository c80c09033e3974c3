/** A list of functions to be told something, each apart from the others. */

export interface Listeners<Args extends unknown[], Result = unknown> {
  readonly size: number
  /** Registers `fn` and gives its undo, which may be called again. */
  add(fn: (...args: Args) => Result): () => void
  /** Calls all that are registered now. What one throws becomes an unhandled rejection and keeps nobody from hearing. */
  emit(...args: Args): Result[]
  clear(): void
}

export function createListeners<Args extends unknown[] = [], Result = unknown>(
  onChange?: () => void,
): Listeners<Args, Result> {
  const all = new Set<{ readonly fn: (...args: Args) => Result }>()
  return {
    get size() {
      return all.size
    },
    add(fn) {
      const own = { fn }
      all.add(own)
      onChange?.()
      return () => {
        if (all.delete(own)) onChange?.()
      }
    },
    emit(...args) {
      return [...all].flatMap(({ fn }) => {
        try {
          return [fn(...args)]
        } catch (error) {
          void Promise.reject(error)
          return []
        }
      })
    },
    clear: () => all.clear(),
  }
}
