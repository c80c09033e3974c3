/**
 * The way of frames to one client: bounded, in order, and no faster than it reads. An event stream (stream.ts) writes
 * into it before and after the door has given the sink.
 */
import type { Frame, Sink } from './exchange.js'

/** Bytes that may wait for a client that reads too slowly, or for the start. */
const bufferLimit = 256 * 1024
/** After so many writes in a row the next one lets the event loop turn, so that a loop of sends cannot starve others. */
const fairness = 128

interface Gate {
  readonly promise: Promise<void>
  readonly open: () => void
}

export class Outlet {
  #sink: Sink | undefined
  /** What was written before the start, and its bytes. */
  #queue: Frame[] = []
  #queued = 0
  /** There while the client is slow: what writers wait for. */
  #gate: Gate | undefined
  #count = 0
  /** Bytes handed to the sink, those of them that had left by the last beat, and beats in a row without any leaving. */
  #written = 0
  #delivered = 0
  #missed = 0
  #ended = false
  #wasCut = false

  /**
   * Queues a frame. Resolves at once, or while the client is slow when it has caught up, or at the end. Null, and
   * nothing is written, when the frame would be one of more than 256 KiB that wait; a single larger frame may wait.
   */
  write(frame: Frame): Promise<void> | null {
    const sink = this.#sink
    const size = frame.bytes.length
    if (this.#gate !== undefined && (sink?.buffered ?? this.#queued) + size > bufferLimit) return null
    let ready: boolean
    if (sink === undefined) {
      this.#queue.push(frame)
      this.#queued += size
      ready = this.#queued <= bufferLimit
    } else {
      ready = this.#put(sink, frame)
    }
    if (!ready && !this.#ended) this.#gate ??= createGate()
    if (this.#gate !== undefined) return this.#gate.promise
    return ++this.#count % fairness === 0 ? turn() : Promise.resolve()
  }

  /** Begins to write to `sink`, first what has waited for it. */
  start(sink: Sink): void {
    this.#sink = sink
    if (this.#wasCut) return sink.cut()
    sink.onDrain(() => this.#release())
    let ready = true
    for (const frame of this.#queue) ready = this.#put(sink, frame)
    this.#queue = []
    if (ready) this.#release()
    else this.#gate ??= createGate()
    if (this.#ended) sink.end()
    sink.onClose(() => {
      this.#ended = true
      this.#release()
    })
  }

  /** Ends after what was written. */
  end(): void {
    this.#ended = true
    this.#sink?.end()
    this.#release()
  }

  /** Ends at once, without what still waits. */
  cut(): void {
    this.#ended = true
    this.#wasCut = true
    this.#queue = []
    this.#sink?.cut()
    this.#release()
  }

  /**
   * A heartbeat: writes `frame` when everything before it has left. False, and nothing is written, when bytes wait and
   * none has left since the last beat but one; after `end` the response may not stay open for longer than that either.
   */
  beat(frame: Frame): boolean {
    const sink = this.#sink
    if (sink === undefined) return true
    const { buffered } = sink
    const missed = this.#written - buffered <= this.#delivered && (buffered > 0 || this.#ended)
    this.#missed = missed ? this.#missed + 1 : 0
    if (this.#missed >= 2) return false
    if (buffered === 0 && !this.#ended) void this.write(frame)
    // After the write: a heartbeat that leaves at once says nothing about the time until the next one.
    this.#delivered = this.#written - sink.buffered
    return true
  }

  #put(sink: Sink, frame: Frame): boolean {
    this.#written += frame.bytes.length
    return sink.write(frame)
  }

  #release(): void {
    this.#gate?.open()
    this.#gate = undefined
  }
}

/** Resolves when the event loop has gone round: not a wait for time, so no clock's business. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

function createGate(): Gate {
  let open = () => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}
