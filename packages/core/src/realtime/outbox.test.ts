import { describe, expect, test } from 'vitest'
import { consoleLogger } from '../logger.js'
import { createTestClock } from '../testing/clock.js'
import { type EventLog, type LogEvent, MemoryLog } from './log.js'
import { Outbox } from './outbox.js'

const event = (n: number): LogEvent => ({ kind: 'message', channel: 'c', json: `${n}` })
const numbers = (events: readonly LogEvent[]) => events.map((one) => (one.kind === 'message' ? Number(one.json) : NaN))

/** A log across a wire that tests can cut: appends take 5 ms and apply in order; a cut fails all that are under way. */
function setup({ limit = 100 } = {}) {
  const clock = createTestClock()
  const memory = new MemoryLog({ clock })
  const written: LogEvent[] = []
  memory.listen((entry) => written.push(entry.event))
  const lines: string[] = []
  const logger = consoleLogger({ level: 'debug', pretty: false, clock, write: (line) => lines.push(line) })
  const flights = new Set<{ isLost: boolean }>()
  const wire = { isCut: false, throws: false, renewals: 0 }
  const log: EventLog = {
    get head() {
      return memory.head
    },
    append(one) {
      if (wire.throws) throw new Error('no wire')
      const flight = { isLost: false }
      flights.add(flight)
      return new Promise((resolve, reject) => {
        clock.after(5, () => {
          flights.delete(flight)
          if (!wire.isCut && !flight.isLost) return resolve(memory.append(one))
          for (const later of flights) later.isLost = true
          reject(new Error('wire cut'))
        })
      })
    },
    read: (after) => memory.read(after),
    listen: (fn) => memory.listen(fn),
    onReset: (fn) => memory.onReset(fn),
    renew() {
      if (wire.isCut) return Promise.reject(new Error('wire cut'))
      wire.renewals++
      memory.renew()
    },
    close: () => memory.close(),
  }
  const levels = () => lines.map((line) => JSON.parse(line).level as string).filter((level) => level !== 'debug')
  return { clock, wire, written, levels, outbox: new Outbox({ log, clock, logger, limit }) }
}

describe('Outbox', () => {
  test('hands a synchronous log over at once and gives its cursor', () => {
    const clock = createTestClock()
    const log = new MemoryLog({ clock })
    const outbox = new Outbox({ log, clock, logger: consoleLogger({ level: 'silent' }) })
    expect(outbox.send(event(1))).toBe(log.head)
    expect(clock.pending).toBe(0)
  })

  test('keeps many under way and each gets its own cursor', async () => {
    const { clock, outbox, written } = setup()
    const sent = Promise.all([1, 2, 3].map((n) => outbox.send(event(n))))
    await clock.advance(5)
    const cursors = await sent
    expect(new Set(cursors).size).toBe(3)
    expect(numbers(written)).toEqual([1, 2, 3])
  })

  test('a log that fails loses nothing and changes no order; senders go on at once', async () => {
    const { clock, outbox, wire, written, levels } = setup()
    const before = outbox.send(event(1))
    await clock.advance(5)
    expect(await before).not.toBeNull()
    wire.isCut = true
    const during = [outbox.send(event(2)), outbox.send(event(3))]
    await clock.advance(5)
    expect(await Promise.all(during)).toEqual([null, null])
    expect(outbox.send(event(4))).toBeNull()
    expect(outbox.waiting).toBe(3)
    await clock.advance(60_000)
    expect(outbox.send(event(5))).toBeNull()
    wire.isCut = false
    await clock.advance(6_000)
    expect(outbox.waiting).toBe(0)
    const after = outbox.send(event(6))
    await clock.advance(5)
    expect(await after).not.toBeNull()
    expect(numbers(written)).toEqual([1, 2, 3, 4, 5, 6])
    expect(levels()).toEqual(['warn', 'info'])
    expect(clock.pending).toBe(0)
  })

  test('what is sent while earlier events are still failing goes after them', async () => {
    const { clock, outbox, wire, written } = setup()
    wire.isCut = true
    void outbox.send(event(1))
    await clock.advance(3)
    void outbox.send(event(2))
    await clock.advance(2)
    wire.isCut = false
    expect(outbox.send(event(3))).toBeNull()
    await clock.advance(1_000)
    expect(numbers(written)).toEqual([1, 2, 3])
  })

  test('a log that throws is a log that fails', async () => {
    const { clock, outbox, wire, written } = setup()
    wire.throws = true
    expect(outbox.send(event(1))).toBeNull()
    await clock.advance(1_000)
    wire.throws = false
    await clock.advance(6_000)
    expect(numbers(written)).toEqual([1])
  })

  test('tries again ever more seldom, but at least every 5 s', async () => {
    const { clock, outbox, wire } = setup()
    wire.throws = true
    let attempts = 0
    Object.defineProperty(wire, 'throws', {
      get() {
        attempts++
        return true
      },
    })
    void outbox.send(event(1))
    await clock.advance(60_000)
    expect(attempts).toBeGreaterThan(12)
    expect(attempts).toBeLessThan(40)
  })

  test('an overflow drops what waits and begins a new epoch before anything else is written', async () => {
    const { clock, outbox, wire, written, levels } = setup({ limit: 10 })
    wire.isCut = true
    wire.throws = true
    for (let n = 1; n <= 13; n++) void outbox.send(event(n))
    expect(outbox.waiting).toBe(2)
    await clock.advance(10_000)
    expect(wire.renewals).toBe(0)
    wire.isCut = false
    wire.throws = false
    await clock.advance(6_000)
    expect(wire.renewals).toBe(1)
    expect(numbers(written)).toEqual([12, 13])
    expect(levels()).toEqual(['warn', 'error', 'info'])
  })

  test('close tries once more, then says what is lost', async () => {
    const { clock, outbox, wire, levels } = setup()
    wire.throws = true
    void outbox.send(event(1))
    const closed = outbox.close()
    await clock.advance(10)
    await closed
    expect(levels()).toEqual(['warn', 'error'])
    expect(clock.pending).toBe(0)
  })

  test('close hands over what it still can', async () => {
    const { clock, outbox, wire, written } = setup()
    wire.throws = true
    void outbox.send(event(1))
    wire.throws = false
    const closed = outbox.close()
    await clock.advance(10)
    await closed
    expect(numbers(written)).toEqual([1])
  })
})
