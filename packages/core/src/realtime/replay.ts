/**
 * What a resuming connection missed, as frames: only what it may hear today, revalidations between two messages merged.
 * The hub uses it. Clients that lost their connection together missed the same, so frames are shared among them.
 */
import type { Frame } from '../exchange.js'
import type { Connection } from './connection.js'
import { Batch, messageFrame, type MessageEntry, type RevalidateEntry } from './frames.js'
import type { LogEntry, LogEvent } from './log.js'

/** A frame and the position that it brings its reader to. */
export interface Step {
  readonly frame: Frame
  readonly cursor: string
}

export class Replays {
  #steps = new WeakMap<LogEntry, Batch | Step>()

  /** The steps from `entries`, or null when they come to more than `limit` bytes. */
  steps(connection: Connection, entries: readonly LogEntry[], limit: number): Step[] | null {
    const steps: Step[] = []
    let bytes = 0
    let batch: Batch | null = null
    const push = (step: Step): boolean => {
      steps.push(step)
      bytes += step.frame.bytes.length
      return bytes <= limit
    }
    for (const entry of entries) {
      if (!hears(connection, entry.event)) continue
      if (entry.event.kind === 'revalidate') {
        const single = this.#single(entry as RevalidateEntry)
        batch = batch === null ? single : batch.and(single)
        continue
      }
      if (batch !== null && !push(batch)) return null
      batch = null
      if (!push(this.#message(entry as MessageEntry))) return null
    }
    if (batch !== null && !push(batch)) return null
    return steps
  }

  /** Lets go of the frames made so far; called now and then, since each of them doubles what the log keeps. */
  forget(): void {
    this.#steps = new WeakMap()
  }

  #single(entry: RevalidateEntry): Batch {
    const known = this.#steps.get(entry)
    if (known !== undefined) return known as Batch
    const batch = Batch.of(entry)
    this.#steps.set(entry, batch)
    return batch
  }

  #message(entry: MessageEntry): Step {
    const known = this.#steps.get(entry)
    if (known !== undefined) return known as Step
    const step: Step = { frame: messageFrame(entry), cursor: entry.cursor }
    this.#steps.set(entry, step)
    return step
  }
}

/** Whether the event is for this connection, by what it holds now. */
function hears(connection: Connection, event: LogEvent): boolean {
  if (event.kind === 'message') return connection.channels.has(event.channel)
  if (event.kind !== 'revalidate') return false
  return event.scopes === null || event.scopes.some((scope) => connection.scopes.has(scope))
}
