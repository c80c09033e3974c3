import { expect, test } from 'vitest'
import { createTestClock } from '../testing/clock.js'
import { Pacer, type Window } from './pacer.js'

function member(window: Window) {
  const released: number[] = []
  return { window: window as Window | null, released, release: (now: number) => void released.push(now) }
}

test('releases each member when its window closes, with one timer for all', async () => {
  const clock = createTestClock()
  const pacer = new Pacer(clock, 50)
  const early = member(pacer.open(clock.now()))
  await clock.advance(20)
  const late = member(pacer.open(clock.now()))
  expect(clock.pending).toBe(0)
  pacer.join(late.window as Window, late)
  pacer.join(early.window as Window, early)
  expect(clock.pending).toBe(1)
  await clock.advance(29)
  expect([early.released, late.released]).toEqual([[], []])
  await clock.advance(1)
  expect([early.released, late.released]).toEqual([[50], []])
  await clock.advance(20)
  expect([early.released, late.released]).toEqual([[50], [70]])
  expect(clock.pending).toBe(0)
})

test('gives the same window within a millisecond, never a shorter one', async () => {
  const clock = createTestClock()
  const pacer = new Pacer(clock, 50)
  await clock.advance(0.2)
  const window = pacer.open(clock.now())
  expect(window.closesAt).toBe(51)
  await clock.advance(0.5)
  expect(pacer.open(clock.now())).toBe(window)
  await clock.advance(0.5)
  expect(pacer.open(clock.now())).not.toBe(window)
})

test('leaves alone who has moved on, and whose timer the machine fired early', async () => {
  const clock = createTestClock()
  let fireEarly = true
  const hasty = { ...clock, now: () => (fireEarly ? clock.now() - 0.4 : clock.now()) }
  const pacer = new Pacer(hasty, 50)
  const window = pacer.open(hasty.now())
  const one = member(window)
  const two = member(window)
  pacer.join(window, one)
  pacer.join(window, two)
  two.window = pacer.open(hasty.now() + 1)
  await clock.advance(50)
  fireEarly = false
  await clock.advance(5)
  expect(one.released).toHaveLength(1)
  expect(one.released[0]).toBeGreaterThanOrEqual(50)
  expect(two.released).toEqual([])
})

test('a member may join again while it is released', async () => {
  const clock = createTestClock()
  const pacer = new Pacer(clock, 50)
  const times: number[] = []
  const one = {
    window: pacer.open(0) as Window | null,
    release(now: number) {
      times.push(now)
      one.window = pacer.open(now)
      if (times.length < 4) pacer.join(one.window, one)
    },
  }
  pacer.join(one.window as Window, one)
  await clock.advance(1_000)
  expect(times).toEqual([50, 100, 150, 200])
  expect(clock.pending).toBe(0)
})

test('forgets everyone and its timer', async () => {
  const clock = createTestClock()
  const pacer = new Pacer(clock, 50)
  const one = member(pacer.open(0))
  pacer.join(one.window as Window, one)
  pacer.clear()
  expect(clock.pending).toBe(0)
  await clock.advance(100)
  expect(one.released).toEqual([])
})
