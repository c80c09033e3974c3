/** A list of functions to be told something, each apart from the others. */

export interface Listeners<Args extends unknown[]> {
  readonly all: Set<{ readonly topic?: string | undefined }>
  /** Registers `fn` and gives its undo, which may be called again. `topic` is for who looks at them all. */
  add(fn: (...args: Args) => unknown, topic?: string): () => void
  /** Calls all that are registered now. What one throws keeps nobody from hearing: it is the rejection of its promise. */
  emit(...args: Args): Promise<unknown>[]
}

export function createListeners<Args extends unknown[] = []>(onChange = () => {}): Listeners<Args> {
  const all = new Set<{ readonly fn: (...args: Args) => unknown; readonly topic?: string | undefined }>()
  return {
    all,
    add(fn, topic) {
      const own = { fn, topic }
      all.add(own)
      onChange()
      return () => {
        all.delete(own)
        onChange()
      }
    },
    emit: (...args) => [...all].map(async ({ fn }) => fn(...args)),
  }
}
