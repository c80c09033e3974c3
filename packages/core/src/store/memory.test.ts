import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IgniterError } from '../error.js'
import { consoleLogger } from '../logger.js'
import { createTestClock } from '../testing/clock.js'
import { storeConformance } from '../testing/store-conformance.js'
import { MemoryStore, type MemoryStoreOptions } from './memory.js'

function make(options: MemoryStoreOptions = {}) {
  const clock = createTestClock()
  const lines: string[] = []
  const logger = consoleLogger({ clock, pretty: false, write: (line) => lines.push(line) })
  const store = new MemoryStore({ clock, logger, ...options })
  return { store, clock, advance: clock.advance, entries: () => lines.map((line) => JSON.parse(line)) }
}

describe('the contract of every store', () => {
  test.each(storeConformance)('$name', async ({ run }) => {
    await expect(run(make)).resolves.toBeUndefined()
  })
})

describe('time', () => {
  test('TTLs follow the monotonic clock: a jump of the wall clock changes nothing', async () => {
    const { store, clock } = make()
    await store.set('key', 1, 60)
    clock.advanceWall(86_400_000)
    expect(await store.ttl('key')).toBe(60)
    clock.advanceWall(-2 * 86_400_000)
    await clock.advance(59_999)
    expect(await store.get('key')).toBe(1)
    await clock.advance(1)
    expect(await store.get('key')).toBe(null)
  })

  test('ttl never says more than was given, wherever the clock stands', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.integer({ min: 1, max: 100_000 }),
        async (start, seconds) => {
          const { store, clock } = make()
          await clock.advance(start)
          await store.set('key', 1, seconds)
          expect(await store.ttl('key')).toBe(seconds)
          await store.close()
        },
      ),
      { numRuns: 50 },
    )
  })

  test('the last fraction of a millisecond still counts as a second', async () => {
    const { store, clock } = make()
    await store.set('key', 1, 1)
    await clock.advance(999.9)
    expect(await store.ttl('key')).toBe(1)
  })

  test('one timer for any number of keys, and none once nothing can expire', async () => {
    const { store, clock } = make({ development: false })
    await store.set('stays', 1)
    expect(clock.pending).toBe(0)
    for (let i = 0; i < 500; i++) await store.set(`key:${i}`, i, 1 + (i % 10))
    expect(clock.pending).toBe(1)
    await clock.advance(12_000)
    expect(clock.pending).toBe(0)
    await store.set('again', 1, 5)
    await store.delete('again')
    await clock.advance(1_000)
    expect(clock.pending).toBe(0)
  })

  test.each([
    ['replaced', (store: MemoryStore) => store.set('key', 2)],
    ['deleted', (store: MemoryStore) => store.delete('key')],
    ['pushed out', (store: MemoryStore) => store.set('another', 2)],
    ['given another TTL and deleted', (store: MemoryStore) => store.expire('key', 9).then(() => store.delete('key'))],
    ['closed', (store: MemoryStore) => store.close()],
  ])('the timer ends when the only key that expires is %s', async (_, change) => {
    const { store, clock } = make({ maxEntries: 1 })
    await store.set('key', 1, 3_600)
    await change(store)
    await clock.advance(1_000)
    expect(clock.pending).toBe(0)
  })

  test('keys that nobody asks for leave memory too, many as they are', async () => {
    const { store, clock } = make({ maxEntries: 30_000 })
    // Were the expired ones still there, these would push out what stays.
    for (let i = 0; i < 25_000; i++) await store.set(`old:${i}`, i, 1)
    await store.set('stays', 1, 3_600)
    await clock.advance(5_000)
    for (let i = 0; i < 29_999; i++) await store.set(`new:${i}`, i, 3_600)
    expect(await store.get('stays')).toBe(1)
  })

  test('a lock of years is not freed at once', async () => {
    const { store, clock } = make()
    let isFree = false
    void store.lock('key', 86_400 * 60, () => new Promise(() => {}))
    const next = store.lock('key', 1, () => {
      isFree = true
    })
    await clock.advance(86_400_000 * 59)
    expect(isFree).toBe(false)
    await clock.advance(86_400_000)
    await next
    expect(clock.pending).toBe(0)
  })

  test('locks leave no timers', async () => {
    const { store, clock } = make()
    await Promise.all([store.lock('key', 60, () => 1), store.lock('key', 60, () => 2)])
    expect(clock.pending).toBe(0)
  })
})

describe('bounds', () => {
  test('beyond maxEntries the least recently used key goes', async () => {
    const { store } = make({ maxEntries: 3 })
    await store.setMany({ a: 1, b: 2, c: 3 }, 60)
    await store.get('a')
    await store.incr('b')
    await store.set('d', 4, 60)
    expect(await store.getMany(['a', 'b', 'c', 'd'])).toEqual([1, 3, null, 4])
  })

  test('scan does not count as use', async () => {
    const { store } = make({ maxEntries: 2 })
    await store.setMany({ a: 1, b: 2 }, 60)
    await store.get('a')
    for await (const _ of store.scan());
    await store.set('c', 3, 60)
    expect(await store.getMany(['a', 'b'])).toEqual([1, null])
  })

  test.each([0, -1, 1.5, Number.NaN, Infinity, '10'])('maxEntries %s is refused', (maxEntries) => {
    expect(() => new MemoryStore({ maxEntries: maxEntries as number })).toThrow(/maxEntries is .*1 or more/)
  })

  test('a long scan lets others run', async () => {
    const { store } = make()
    for (let i = 0; i < 5_000; i++) await store.set(`key:${i}`, i, 60)
    let turns = 0
    const count = () => {
      turns++
      handle = setImmediate(count)
    }
    let handle = setImmediate(count)
    for await (const _ of store.scan('nothing like it'));
    clearImmediate(handle)
    expect(turns).toBeGreaterThanOrEqual(4)
  })

  test('a scan that is under way when the store closes says so', async () => {
    const { store } = make()
    for (let i = 0; i < 3_000; i++) await store.set(`key:${i}`, i, 60)
    const scan = store.scan('nothing like it')
    const next = scan.next()
    await store.close()
    await expect(next).rejects.toThrow(/closed/)
  })
})

describe('what it logs', () => {
  test('a warning about the first key without TTL, once, in development only', async () => {
    const inDevelopment = make({ development: true })
    await inDevelopment.store.set('with', 1, 60)
    expect(inDevelopment.entries()).toEqual([])
    await inDevelopment.store.set('user:1', 1)
    await inDevelopment.store.set('user:2', 1)
    await inDevelopment.store.setMany({ a: 1 })
    expect(inDevelopment.entries()).toMatchObject([{ level: 'warn', key: 'user:1' }])
    expect(inDevelopment.entries()[0].msg).toContain('store.set("user:1") gives no TTL')

    const inProduction = make({ development: false })
    await inProduction.store.set('user:1', 1)
    expect(inProduction.entries()).toEqual([])
  })

  test('what listeners throw and reject with, naming the channel', async () => {
    const { store, clock, entries } = make()
    store.subscribe('news', () => {
      throw new Error('thrown')
    })
    store.subscribe('news', async () => {
      throw new Error('rejected')
    })
    await store.publish('news', 1)
    await clock.advance(0)
    expect(entries()).toMatchObject([
      { level: 'error', channel: 'news', err: { message: 'thrown' } },
      { level: 'error', channel: 'news', err: { message: 'rejected' } },
    ])
  })
})

test('mistakes are errors of the framework, with a message that says what to do', async () => {
  const { store } = make()
  const error = await store.set('user:1', { at: { fn: () => 1 } }, 60).catch((reason) => reason)
  expect(IgniterError.is(error)).toBe(true)
  expect(error).toMatchObject({ code: 'STORE_INVALID_ARGUMENT', status: 500 })
  expect(error.message).toContain('store.set("user:1")')
  expect(error.message).toContain('"at.fn"')
  await expect(store.get('x'.repeat(1_000_000))).rejects.toThrow(/^.{0,250}$/)
})

test('a load may ask for other keys, and a value changed while it is loaded wins', async () => {
  const { store } = make()
  const value = await store.remember('outer', 60, async () => [await store.remember('inner', 60, () => 1), 2])
  expect(value).toEqual([1, 2])
  expect(await store.get('inner')).toBe(1)
  await store.remember('count', 60, async () => {
    await store.incr('count', 5)
    return 0
  })
  expect(await store.get('count')).toBe(5)
})
