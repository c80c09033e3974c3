/**
 * Between the hub and the log: events that the log did not take wait here, in order, and are tried again.
 * A mutation that has done its work never fails because of its events; an event is late, or everyone is told to reset.
 */
import type { Clock, Timer } from '../clock.js'
import { isThenable, type MaybePromise } from '../exchange.js'
import type { Logger } from '../logger.js'
import type { EventLog, LogEvent } from './log.js'

export interface OutboxOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  /** Events that may be on their way or wait. 10,000 unless given. Beyond it they are dropped, and a new epoch begins. */
  readonly limit?: number
}

interface Letter {
  readonly number: number
  readonly event: LogEvent
}

/** Milliseconds before the first retry, and at most; each is up to a half shorter, so that instances do not retry together. */
const firstDelay = 100
const longestDelay = 5_000

export class Outbox {
  readonly #log: EventLog
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #limit: number
  #number = 0
  /** Appends whose outcome is not known. */
  #flying = 0
  /** By number. While there is one, what is new waits behind it. */
  #waiting: Letter[] = []
  /** Events were dropped: no position before may be resumed. */
  #mustRenew = false
  #delay = firstDelay
  #timer: Timer | null = null
  #draining: Promise<void> | null = null
  #isClosed = false

  constructor({ log, clock, logger, limit = 10_000 }: OutboxOptions) {
    this.#log = log
    this.#clock = clock
    this.#logger = logger
    this.#limit = limit
  }

  /** Events that wait for the log. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Appends the event and gives its cursor, or null when it has to wait. Never throws and never rejects. */
  send(event: LogEvent): MaybePromise<string | null> {
    const letter = { number: ++this.#number, event }
    if (this.#isBlocked || this.#flying >= this.#limit) return this.#wait(letter)
    let cursor: MaybePromise<string>
    try {
      cursor = this.#log.append(event)
    } catch (err) {
      return this.#wait(letter, err)
    }
    if (!isThenable(cursor)) return cursor
    this.#flying++
    return cursor.then(
      (written) => {
        this.#flying--
        this.#schedule()
        return written
      },
      (err: unknown) => {
        this.#flying--
        return this.#wait(letter, err)
      },
    )
  }

  /** Tries once more to hand over what waits, then gives up. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.clear()
    this.#timer = null
    await this.#draining
    if (this.#isBlocked) await this.#drain()
    if (this.#waiting.length > 0) {
      this.#logger.error({ events: this.#waiting.length }, 'realtime: closed with events that the log did not take.')
    }
  }

  get #isBlocked(): boolean {
    return this.#waiting.length > 0 || this.#mustRenew
  }

  #wait(letter: Letter, err?: unknown): null {
    if (!this.#isBlocked) {
      this.#logger.warn({ err }, 'realtime: the event log did not take an event. It waits, and so do those after it.')
    }
    // Those that fail late were sent before those that wait already.
    let at = this.#waiting.length
    while (at > 0 && this.#waiting[at - 1]!.number > letter.number) at--
    this.#waiting.splice(at, 0, letter)
    if (this.#waiting.length > this.#limit) {
      this.#logger.error(
        { events: this.#waiting.length },
        'realtime: too many events wait for the event log. They are dropped, and every client will refetch.',
      )
      this.#waiting = []
      this.#mustRenew = true
    }
    this.#schedule()
    return null
  }

  /** Not before everything that is under way has come back: it may have to go first. */
  #schedule(): void {
    if (!this.#isBlocked || this.#flying > 0 || this.#timer || this.#draining || this.#isClosed) return
    const delay = this.#delay * (1 - Math.random() / 2)
    this.#delay = Math.min(this.#delay * 2, longestDelay)
    this.#timer = this.#clock.after(delay, () => {
      this.#timer = null
      this.#draining = this.#drain().finally(() => {
        this.#draining = null
        this.#schedule()
      })
    })
  }

  async #renew(): Promise<void> {
    try {
      await this.#log.renew()
    } catch (err) {
      this.#mustRenew = true
      throw err
    }
  }

  async #drain(): Promise<void> {
    try {
      while (this.#isBlocked) {
        if (this.#mustRenew) {
          // Set again if more is dropped while the epoch changes, or if that fails.
          this.#mustRenew = false
          await this.#renew()
        }
        const first = this.#waiting[0]
        if (first === undefined) continue
        await this.#log.append(first.event)
        // They may have been dropped meanwhile.
        if (this.#waiting[0] === first) this.#waiting.shift()
      }
      this.#delay = firstDelay
      this.#logger.info('realtime: the event log takes events again. None wait any more.')
    } catch (err) {
      this.#logger.debug({ err }, 'realtime: the event log still takes no events.')
    }
  }
}
