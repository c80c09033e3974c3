/**
 * Who listens to which channel in this process. `MemoryStore` publishes straight into it, an adapter hands on what its
 * server pushed: both deliver in order, later than the publisher's own step, and no listener can hurt another.
 */
import { isThenable } from '../exchange.js'
import type { Subscription, Unsubscribe } from './store.js'

type Listener = (message: never) => unknown

interface Registration {
  readonly listener: Listener
  isLive: boolean
}

export class Listeners {
  readonly #channels = new Map<string, Set<Registration>>()
  readonly #report: (channel: string, error: unknown) => void

  /** `report` is told what a listener threw or rejected with. */
  constructor(report: (channel: string, error: unknown) => void) {
    this.#report = report
  }

  /** The channels that somebody listens to. */
  get channels(): Iterable<string> {
    return this.#channels.keys()
  }

  /** Registers a listener, as often as it is given. Its undo works once and is harmless after that. */
  add(channel: string, listener: Listener): Unsubscribe {
    const registration: Registration = { listener, isLive: true }
    const registrations = this.#channels.get(channel) ?? new Set()
    this.#channels.set(channel, registrations.add(registration))
    return () => {
      registration.isLive = false
      if (registrations.delete(registration) && registrations.size === 0) this.#channels.delete(channel)
    }
  }

  /** Soon calls everyone who listens now and still does then; `read` makes each of them a copy of the message. */
  deliver(channel: string, read: () => unknown): void {
    const registrations = this.#channels.get(channel)
    if (registrations === undefined) return
    const receivers = [...registrations]
    queueMicrotask(() => {
      for (const { listener, isLive } of receivers) if (isLive) this.#call(channel, listener, read)
    })
  }

  /** Ends every registration. */
  clear(): void {
    for (const registrations of this.#channels.values()) {
      for (const registration of registrations) registration.isLive = false
      registrations.clear()
    }
    this.#channels.clear()
  }

  #call(channel: string, listener: Listener, read: () => unknown): void {
    try {
      const result = listener(read() as never)
      // An async listener's rejection belongs to nobody else, and would end the process.
      if (isThenable(result)) result.then(undefined, (error) => this.#report(channel, error))
    } catch (error) {
      this.#report(channel, error)
    }
  }
}

/** `off` as a `Subscription`: awaiting it waits for `live` and gives `off`, which itself cannot be awaited any more. */
export function toSubscription(off: Unsubscribe, live: Promise<unknown>): Subscription {
  // Nobody has to await it; whoever makes `live` reports why it failed.
  live.catch(() => {})
  return Object.assign(() => off(), {
    // oxlint-disable-next-line unicorn/no-thenable -- that it can be awaited is its contract
    then: (onLive, onError) => live.then(() => off).then(onLive, onError),
  } satisfies Pick<Subscription, 'then'>)
}
