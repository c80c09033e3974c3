/** Functions to be told something, each about one topic and each apart from the others. */

export type Listener = (...args: never[]) => unknown

export interface Listeners {
  /** What is listened to. */
  topics(): string[]
  /** Registers `fn` and gives its undo, which may be called again. */
  on(topic: string, fn: Listener): () => void
  /** Calls all of the topic. What one throws becomes an unhandled rejection and keeps nobody from hearing. */
  emit(topic: string, ...args: unknown[]): void
  clear(): void
}

export function createListeners(onChange?: () => unknown): Listeners {
  let all: (readonly [topic: string, fn: Listener])[] = []
  return {
    topics: () => [...new Set(all.map(([topic]) => topic))],
    on(topic, fn) {
      const own = [topic, fn] as const
      all = [...all, own]
      onChange?.()
      return () => {
        all = all.filter((one) => one !== own)
        onChange?.()
      }
    },
    emit(about, ...args) {
      for (const [topic, fn] of all) if (topic === about) void (async () => fn(...(args as never[])))()
    },
    clear() {
      all = []
    },
  }
}
