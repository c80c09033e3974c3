/** A client whose time and chance the test drives. */
import type { RouterTypes } from '@igniter-js/core'
import { createTestClock, type TestClock } from '@igniter-js/core/testing'
import { onTestFinished } from 'vitest'
import { assembleClient, type Client, type ClientOptions } from '../src/client.js'

export interface Driven<R> {
  readonly api: Client<R>
  readonly clock: TestClock
}

/** Chance gives 0.5 always. */
export function drive<R extends RouterTypes>(options: ClientOptions): Driven<R> {
  const clock = createTestClock()
  const api = assembleClient<R>(options, {
    now: clock.now,
    after(ms, fn) {
      const timer = clock.after(ms, fn)
      return () => timer.clear()
    },
    random: () => 0.5,
  })
  onTestFinished(() => api.$realtime.close())
  return { api, clock }
}
