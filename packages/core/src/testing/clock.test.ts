import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTestClock } from './clock.js'

describe('advance', () => {
  test('fires timers in order of their time, equal times in order of creation', async () => {
    const clock = createTestClock()
    const fired: string[] = []
    clock.after(20, () => fired.push('c'))
    clock.after(10, () => fired.push('a'))
    clock.after(10, () => fired.push('b'))
    clock.after(21, () => fired.push('too late'))
    await clock.advance(20)
    expect(fired).toEqual(['a', 'b', 'c'])
    expect(clock.now()).toBe(20)
    expect(clock.pending).toBe(1)
  })

  test('any set of timers fires sorted by time, and each sees its own time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 30 }), async (delays) => {
        const clock = createTestClock()
        const seen: number[] = []
        for (const delay of delays) clock.after(delay, () => seen.push(clock.now()))
        await clock.advance(50)
        expect(seen).toEqual([...delays].sort((a, b) => a - b))
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  test('a timer that a timer makes inside the window fires too, at its own time', async () => {
    const clock = createTestClock()
    const times: number[] = []
    const tick = () => {
      times.push(clock.now())
      if (times.length < 5) clock.after(10, tick)
    }
    clock.after(10, tick)
    await clock.advance(35)
    expect(times).toEqual([10, 20, 30])
    await clock.advance(100)
    expect(times).toEqual([10, 20, 30, 40, 50])
  })

  test('long promise chains run between two timers', async () => {
    const clock = createTestClock()
    const log: string[] = []
    clock.after(10, async () => {
      for (let i = 0; i < 200; i++) await null
      log.push(`chain at ${clock.now()}`)
      clock.after(5, () => log.push(`made by the chain at ${clock.now()}`))
    })
    clock.after(20, () => log.push('second'))
    await clock.advance(30)
    expect(log).toEqual(['chain at 10', 'made by the chain at 15', 'second'])
  })

  test('what was awaited before the call has run before the first timer', async () => {
    const clock = createTestClock()
    const log: string[] = []
    void (async () => {
      await null
      clock.after(1, () => log.push('fired'))
    })()
    await clock.advance(1)
    expect(log).toEqual(['fired'])
  })

  test('overlapping calls add up', async () => {
    const clock = createTestClock()
    const fired: number[] = []
    clock.every(10, () => fired.push(clock.now()))
    await Promise.all([clock.advance(10), clock.advance(20)])
    expect(clock.now()).toBe(30)
    expect(fired).toEqual([10, 20, 30])
  })

  test('rejects with what a timer threw, and goes on from there', async () => {
    const clock = createTestClock()
    let later = false
    clock.after(5, () => {
      throw new Error('broken timer')
    })
    clock.after(6, () => {
      later = true
    })
    await expect(clock.advance(10)).rejects.toThrow('broken timer')
    expect(clock.now()).toBe(5)
    await clock.advance(1)
    expect(later).toBe(true)
  })

  test.each([-1, Number.NaN, Infinity])('refuses %s', async (ms) => {
    await expect(createTestClock().advance(ms)).rejects.toThrow(RangeError)
  })
})

describe('timers', () => {
  test('a cleared timer never fires, also when another timer of the same instant clears it', async () => {
    const clock = createTestClock()
    let fired = false
    clock.after(10, () => second.clear())
    const second = clock.after(10, () => {
      fired = true
    })
    await clock.advance(20)
    expect(fired).toBe(false)
    second.clear()
    expect(clock.pending).toBe(0)
  })

  test('every fires each period until cleared, also by itself', async () => {
    const clock = createTestClock()
    const times: number[] = []
    const timer = clock.every(10, () => {
      times.push(clock.now())
      if (times.length === 3) timer.clear()
    })
    await clock.advance(25)
    expect(clock.pending).toBe(1)
    await clock.advance(100)
    expect(times).toEqual([10, 20, 30])
    expect(clock.pending).toBe(0)
  })

  test.each([0, -5, Number.NaN])('a delay of %s is 1 ms, so that a timer that renews itself ends', async (delay) => {
    const clock = createTestClock()
    let runs = 0
    const again = () => {
      runs++
      clock.after(delay, again)
    }
    clock.after(delay, again)
    await clock.advance(3)
    expect(runs).toBe(3)
  })
})

test('the wall clock moves with time and jumps alone', async () => {
  const clock = createTestClock({ wall: 1_000 })
  expect([clock.now(), clock.wall()]).toEqual([0, 1_000])
  await clock.advance(500)
  expect([clock.now(), clock.wall()]).toEqual([500, 1_500])
  clock.advanceWall(-3_600_000)
  expect([clock.now(), clock.wall()]).toEqual([500, -3_598_500])
  expect(() => clock.advanceWall(Number.NaN)).toThrow(RangeError)
})
