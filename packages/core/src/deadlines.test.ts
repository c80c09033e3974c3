import { expect, test } from 'vitest'
import { Deadlines } from './deadlines.js'
import { createTestClock } from './testing/clock.js'

test('a limit is never early, and late by an eighth at most, wherever in a step it begins', async () => {
  for (const offset of [0, 1, 99, 100, 124, 125, 126, 700]) {
    const clock = createTestClock()
    const deadlines = new Deadlines(clock)
    const keep = deadlines.after(1_000, () => {})
    await clock.advance(offset)
    const begun = clock.now()
    let late: number | null = null
    deadlines.after(1_000, () => {
      late = clock.now() - begun
    })
    await clock.advance(1_126)
    expect(late).toBeGreaterThanOrEqual(1_000)
    expect(late).toBeLessThanOrEqual(1_125)
    keep.clear()
  }
})

test('what is cleared in time is never heard of, and no timer is left', async () => {
  const clock = createTestClock()
  const deadlines = new Deadlines(clock)
  const heard: string[] = []
  const timer = deadlines.after(1_000, () => heard.push('late'))
  deadlines.after(500, () => heard.push('other'))
  timer.clear()
  timer.clear()
  await clock.advance(5_000)
  expect(heard).toEqual(['other'])
  expect(clock.pending).toBe(0)
})

test('each comes due once', async () => {
  const clock = createTestClock()
  const deadlines = new Deadlines(clock)
  let count = 0
  for (let i = 0; i < 10; i++) {
    deadlines.after(800, () => count++)
    await clock.advance(50)
  }
  await clock.advance(10_000)
  expect(count).toBe(10)
})
