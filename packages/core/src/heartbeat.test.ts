import { expect, test } from 'vitest'
import { Heartbeat } from './heartbeat.js'
import { createTestClock } from './testing/clock.js'

const createBeating = () => ({
  beats: 0,
  closed: 0,
  beat() {
    this.beats++
  },
  close() {
    this.closed++
  },
})

test('tells every stream to beat every 15 s, by one timer', async () => {
  const clock = createTestClock()
  const heartbeat = new Heartbeat({ clock })
  const streams = [createBeating(), createBeating(), createBeating()]
  for (const stream of streams) heartbeat.add(stream)
  expect(clock.pending).toBe(1)
  await clock.advance(14_999)
  expect(streams.map(({ beats }) => beats)).toEqual([0, 0, 0])
  await clock.advance(1)
  expect(streams.map(({ beats }) => beats)).toEqual([1, 1, 1])
  await clock.advance(30_000)
  expect(streams.map(({ beats }) => beats)).toEqual([3, 3, 3])
})

test('has a timer only while there is something to watch', async () => {
  const clock = createTestClock()
  const heartbeat = new Heartbeat({ clock, period: 100 })
  const [a, b] = [createBeating(), createBeating()]
  expect(clock.pending).toBe(0)
  heartbeat.add(a)
  heartbeat.add(b)
  heartbeat.delete(a)
  expect(clock.pending).toBe(1)
  heartbeat.delete(b)
  heartbeat.delete(b)
  expect(clock.pending).toBe(0)
  await clock.advance(1000)
  expect(b.beats).toBe(0)
  heartbeat.add(b)
  await clock.advance(100)
  expect(b.beats).toBe(1)
})

test('a stream that goes while others are told does not disturb them', async () => {
  const clock = createTestClock()
  const heartbeat = new Heartbeat({ clock, period: 100 })
  const last = createBeating()
  const leaving = { beat: () => heartbeat.delete(leaving), close() {} }
  heartbeat.add(leaving)
  heartbeat.add(last)
  await clock.advance(200)
  expect(last.beats).toBe(2)
  expect(heartbeat.size).toBe(1)
})

test('close() closes what is there and what comes later, and watches on until it is gone', () => {
  const clock = createTestClock()
  const heartbeat = new Heartbeat({ clock })
  const [early, late] = [createBeating(), createBeating()]
  heartbeat.add(early)
  heartbeat.close()
  heartbeat.add(late)
  expect([early.closed, late.closed]).toEqual([1, 1])
  expect(heartbeat.size).toBe(2)
  heartbeat.delete(early)
  heartbeat.delete(late)
  expect(clock.pending).toBe(0)
})
