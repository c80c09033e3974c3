/** A list of functions to be told something, each apart from the others. */

export interface Listeners<Args extends unknown[]> {
  readonly all: Set<unknown>
  /** Registers `fn` and gives its undo, which may be called again. */
  add(fn: (...args: Args) => unknown): () => void
  /** Calls all that are registered now. What one throws becomes an unhandled rejection and keeps nobody from hearing. */
  emit(...args: Args): void
}

export function createListeners<Args extends unknown[] = []>(onChange = () => {}): Listeners<Args> {
  const all = new Set<{ readonly fn: (...args: Args) => unknown }>()
  return {
    all,
    add(fn) {
      const own = { fn }
      all.add(own)
      onChange()
      return () => {
        all.delete(own)
        onChange()
      }
    },
    emit(...args) {
      for (const { fn } of [...all]) void (async () => fn(...args))()
    },
  }
}
