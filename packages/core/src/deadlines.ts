/**
 * Time limits for many things at once: a request that ends in time, as nearly all do, costs one entry in a set and no
 * timer. Made once by the application; dispatch.ts and the Node door set limits with it.
 */
import type { Clock, Timer } from './clock.js'

/** Into how many steps a limit is divided; it is kept to within one step. */
const steps = 8

export class Deadlines {
  readonly #clock: Clock
  readonly #wheels = new Map<number, Wheel>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs `onLate` once, `ms` to `ms` × 1.125 from now, unless cleared before. */
  after(ms: number, onLate: () => void): Timer {
    let wheel = this.#wheels.get(ms)
    if (wheel === undefined) {
      wheel = new Wheel(this.#clock, ms)
      this.#wheels.set(ms, wheel)
    }
    return wheel.add(onLate)
  }
}

/** All limits of one length: a ring of sets, of which the oldest comes due at each step. */
class Wheel {
  readonly #clock: Clock
  readonly #period: number
  readonly #sets: Set<Entry>[] = Array.from({ length: steps + 2 }, () => new Set())
  #at = 0
  #timer: Timer | null = null

  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#period = ms / steps
  }

  add(onLate: () => void): Entry {
    const set = this.#sets[this.#at] as Set<Entry>
    const entry = new Entry(set, onLate)
    set.add(entry)
    this.#timer ??= this.#clock.every(this.#period, () => this.#step())
    return entry
  }

  #step(): void {
    this.#at = (this.#at + 1) % this.#sets.length
    // What came just before the first of these steps has waited a whole limit only after the ninth.
    const due = this.#sets[(this.#at + 1) % this.#sets.length] as Set<Entry>
    for (const entry of due) {
      due.delete(entry)
      entry.onLate()
    }
    if (this.#sets.some((set) => set.size > 0)) return
    this.#timer?.clear()
    this.#timer = null
  }
}

class Entry implements Timer {
  constructor(
    readonly set: Set<Entry>,
    readonly onLate: () => void,
  ) {}

  clear(): void {
    this.set.delete(this)
  }
}
