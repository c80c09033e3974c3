/**
 * The one timer behind all open event streams of an application: every 15 seconds each of them writes a comment, so
 * that proxies keep it open, and looks whether its client still takes bytes. Made once by the application.
 */
import type { Clock, Timer } from './clock.js'

/** What is told to beat. */
export interface Beating {
  /** Called once a period. Must not throw. */
  beat(): void
  /** Ends it properly. */
  close(): void
}

export interface HeartbeatOptions {
  readonly clock: Clock
  /** Milliseconds between two beats, 15,000 unless given. */
  readonly period?: number
}

export class Heartbeat {
  readonly #streams = new Set<Beating>()
  readonly #clock: Clock
  readonly #period: number
  #timer: Timer | undefined
  #closed = false

  constructor({ clock, period = 15_000 }: HeartbeatOptions) {
    this.#clock = clock
    this.#period = period
  }

  /** How many streams are watched. */
  get size(): number {
    return this.#streams.size
  }

  /** Watches `stream` until `delete`. The timer runs only while there is something to watch. */
  add(stream: Beating): void {
    this.#streams.add(stream)
    this.#timer ??= this.#clock.every(this.#period, () => {
      for (const one of this.#streams) one.beat()
    })
    if (this.#closed) stream.close()
  }

  delete(stream: Beating): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    this.#timer?.clear()
    this.#timer = undefined
  }

  /**
   * For shutdown: closes every stream, those included that come later. They are watched until their bytes are out, so
   * that a client that reads nothing cannot hold the process up for longer than two beats.
   */
  close(): void {
    this.#closed = true
    for (const stream of this.#streams) stream.close()
  }
}
