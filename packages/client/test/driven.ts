/** A client whose time and chance the test drives. */
import type { RouterTypes } from '@igniter-js/core'
import { createTestClock, type TestClock } from '@igniter-js/core/testing'
import { onTestFinished, vi } from 'vitest'
import { assembleClient, type Client, type ClientOptions } from '../src/client.js'

export interface Driven<R> {
  readonly api: Client<R>
  readonly clock: TestClock
  /** The waits under way, in ms. */
  readonly waits: readonly number[]
}

/** Chance gives 0.5 always. */
export function drive<R extends RouterTypes>(options: ClientOptions): Driven<R> {
  const clock = createTestClock()
  const waits: number[] = []
  const start = Date.now()
  const spies = [
    vi.spyOn(Math, 'random').mockReturnValue(0.5),
    vi.spyOn(Date, 'now').mockImplementation(() => start + clock.now()),
  ]
  const api = assembleClient<R>(options, (ms, fn) => {
    waits.push(ms)
    let isOver = false
    const end = () => {
      if (!isOver) waits.splice(waits.indexOf(ms), 1)
      isOver = true
    }
    const timer = clock.after(ms, () => {
      end()
      fn()
    })
    return () => {
      end()
      timer.clear()
    }
  })
  onTestFinished(() => {
    api.$realtime.close()
    for (const spy of spies) spy.mockRestore()
  })
  return { api, clock, waits }
}
