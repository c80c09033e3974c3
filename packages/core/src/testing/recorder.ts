/**
 * The client's end of a `Sink`, for tests of what writes itself: reads as fast as it is told to, keeps what it was given
 * and can go away. It behaves as the doors do: slow from 16 KiB on, drained when nothing is left.
 */
import type { Frame, Sink } from '../exchange.js'

export interface SinkRecorder extends Sink {
  /** What has reached the client. */
  readonly text: string
  /** How the response ended, or that it has not. */
  readonly state: 'open' | 'ended' | 'cut' | 'left'
  /** The client stops reading. */
  pause(): void
  /** The client takes that many bytes of what waits. */
  take(bytes: number): void
  /** The client takes what waits and reads on. */
  resume(): void
  /** The client goes away. */
  leave(): void
}

/** A client that reads at once. */
export function createSinkRecorder({ highWaterMark = 16 * 1024 }: { highWaterMark?: number } = {}): SinkRecorder {
  const waiting: { readonly text: string; bytes: number }[] = []
  const onDrain: (() => void)[] = []
  const onClose: (() => void)[] = []
  let text = ''
  let state: SinkRecorder['state'] = 'open'
  let reading = true
  let ending = false
  let needsDrain = false

  const buffered = () => waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  const over = (how: SinkRecorder['state']) => {
    if (state !== 'open') return
    state = how
    waiting.length = 0
    for (const fn of onClose.splice(0)) fn()
  }
  const take = (bytes: number) => {
    for (let first = waiting[0]; first !== undefined && bytes > 0; first = waiting[0]) {
      const taken = Math.min(bytes, first.bytes)
      bytes -= taken
      first.bytes -= taken
      if (first.bytes > 0) continue
      text += first.text
      waiting.shift()
    }
    if (waiting.length > 0) return
    if (ending) over('ended')
    else if (needsDrain) {
      needsDrain = false
      for (const fn of onDrain) fn()
    }
  }

  return {
    get text() {
      return text
    },
    get state() {
      return state
    },
    get buffered() {
      return buffered()
    },
    write(frame: Frame) {
      if (state !== 'open' || ending) return false
      waiting.push({ text: frame.text, bytes: frame.bytes.length })
      if (reading) take(frame.bytes.length)
      const ready = buffered() < highWaterMark
      needsDrain ||= !ready
      return ready
    },
    end() {
      ending = true
      if (waiting.length === 0) over('ended')
    },
    cut: () => over('cut'),
    onDrain: (fn) => {
      onDrain.push(fn)
    },
    onClose: (fn) => {
      if (state === 'open') onClose.push(fn)
      else fn()
    },
    pause() {
      reading = false
    },
    take,
    resume() {
      reading = true
      take(Infinity)
    },
    leave: () => over('left'),
  }
}
