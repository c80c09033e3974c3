/**
 * Who has something waiting, and when it may leave: after each revalidation a connection stays quiet for a while.
 * Connections that became quiet in the same millisecond share a window, so there is one timer for all of them,
 * and none while nothing waits.
 */
import type { Clock, Timer } from '../clock.js'

/** One that may have to wait. */
export interface Paced {
  /** The window it is in now; a window it has left ignores it. */
  readonly window: Window | null
  /** Sends what waits. */
  release(now: number): void
}

/** A time of quiet. */
export class Window {
  readonly members: Paced[] = []
  /** In the clock's milliseconds. */
  constructor(readonly closesAt: number) {}
}

export class Pacer {
  readonly #clock: Clock
  readonly #quiet: number
  /** In the order in which they close; whole milliseconds, so there are never more than `quiet + 1` open ones. */
  readonly #windows: Window[] = []
  #timer: Timer | null = null
  #timerAt = Infinity

  /** `quiet`: how long a window stays open, in whole ms. */
  constructor(clock: Clock, quiet: number) {
    this.#clock = clock
    this.#quiet = quiet
  }

  /** The window of those that sent something at `now`. */
  open(now: number): Window {
    const closesAt = Math.ceil(now) + this.#quiet
    const newest = this.#windows.at(-1)
    if (newest?.closesAt === closesAt) return newest
    for (let first = this.#windows[0]; first && first.closesAt <= now && first.members.length === 0; ) {
      this.#windows.shift()
      first = this.#windows[0]
    }
    const window = new Window(closesAt)
    this.#windows.push(window)
    return window
  }

  /** Has `member` released when `window` closes, unless it has moved to another window by then. */
  join(window: Window, member: Paced): void {
    window.members.push(member)
    if (window.closesAt < this.#timerAt) this.#arm(window.closesAt)
  }

  /** Forgets everyone. */
  clear(): void {
    this.#timer?.clear()
    this.#timer = null
    this.#timerAt = Infinity
    this.#windows.length = 0
  }

  #arm(at: number): void {
    this.#timer?.clear()
    this.#timerAt = at
    this.#timer = this.#clock.after(Math.max(1, at - this.#clock.now()), () => this.#close())
  }

  #close(): void {
    this.#timer = null
    this.#timerAt = Infinity
    const now = this.#clock.now()
    for (let window = this.#windows[0]; window && window.closesAt <= now; window = this.#windows[0]) {
      this.#windows.shift()
      for (const member of window.members) if (member.window === window) member.release(now)
    }
    const next = this.#windows.find((window) => window.members.length > 0)
    if (next) this.#arm(next.closesAt)
  }
}
