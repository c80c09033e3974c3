import { describe, expect, test } from 'vitest'
import { createTestClock } from '../testing/clock.js'
import { logConformance } from '../testing/log-conformance.js'
import { type LogEvent, MemoryLog } from './log.js'

const message = (data: unknown): LogEvent => ({
  kind: 'message',
  channel: 'news',
  json: JSON.stringify({ channel: 'news', data }),
})

describe('MemoryLog keeps the contract of event logs', () => {
  for (const { name, run } of logConformance)
    test(name, () => run(() => ({ log: new MemoryLog({ events: 300 }), keeps: 300 })))
})

describe('MemoryLog', () => {
  test('keeps 10,000 events unless told otherwise', () => {
    const log = new MemoryLog()
    const start = log.head
    const first = log.append(message(0))
    for (let n = 1; n < 10_000; n++) log.append(message(n))
    expect(log.read(start)).toHaveLength(10_000)
    log.append(message(10_000))
    expect(log.read(start)).toBe('reset')
    expect(log.read(first)).toHaveLength(10_000)
  })

  test('forgets after 10 minutes unless told otherwise, and the head stays good for ever', async () => {
    const clock = createTestClock()
    const log = new MemoryLog({ clock })
    const start = log.head
    const first = log.append(message(1))
    await clock.advance(6 * 60_000)
    const second = log.append(message(2))
    await clock.advance(4 * 60_000)
    expect(log.read(start)).toHaveLength(2)
    await clock.advance(1)
    expect(log.read(start)).toBe('reset')
    expect(log.read(first)).toHaveLength(1)
    await clock.advance(24 * 60 * 60_000)
    expect(log.read(first)).toBe('reset')
    expect(log.read(second)).toEqual([])
  })

  test('takes no notice of a machine whose time is set', async () => {
    const clock = createTestClock()
    const log = new MemoryLog({ clock })
    const start = log.head
    log.append(message(1))
    clock.advanceWall(60 * 60_000)
    log.append(message(2))
    clock.advanceWall(-2 * 60 * 60_000)
    log.append(message(3))
    expect(log.read(start)).toHaveLength(3)
  })

  test('keeps at most so many megabytes of messages', () => {
    const log = new MemoryLog({ megabytes: 1 })
    const cursors = Array.from({ length: 5 }, () => log.append(message('x'.repeat(300_000))))
    expect(log.read(cursors[0] as string)).toBe('reset')
    expect(log.read(cursors[1] as string)).toHaveLength(3)
  })

  test('goes on keeping the right ones after very many', () => {
    const log = new MemoryLog({ events: 1_500 })
    const cursors = Array.from({ length: 20_000 }, (_, n) => log.append(message(n)))
    const read = log.read(cursors[18_499] as string)
    expect(read).toHaveLength(1_500)
    expect(read[0]).toEqual({ cursor: cursors[18_500], event: message(18_500) })
    expect(log.read(cursors[18_498] as string)).toBe('reset')
  })

  test('says what a listener threw', () => {
    const errors: unknown[] = []
    const logger = { error: (fields: { err: unknown }) => errors.push(fields.err) } as never
    const log = new MemoryLog({ logger })
    const error = new Error('a listener threw')
    log.listen(() => {
      throw error
    })
    log.append(message(1))
    expect(errors).toEqual([error])
  })

  test('two logs never share an epoch', () => {
    const epochs = Array.from({ length: 100 }, () => new MemoryLog().head)
    expect(new Set(epochs).size).toBe(100)
  })
})
