/** The cases of `storeConformance` about one caller: values, keys, TTL, counters, many at once, scan. */
import assert from 'node:assert/strict'
import type { Store } from '../store/store.js'

/** What each case is given. */
export interface StoreTools {
  readonly store: Store
  /** Another instance on the same data. */
  readonly other: Store
  /** Lets so many ms pass. */
  readonly pass: (ms: number) => Promise<void>
}

/** Whether `error` is the store's answer to a mistake in a call, and says what `text` matches. */
export const isRefusal =
  (text: RegExp) =>
  (error: unknown): true => {
    assert.equal((error as { code?: unknown }).code, 'STORE_INVALID_ARGUMENT', String(error))
    assert.match((error as Error).message, text)
    return true
  }

/** All that a glob finds, sorted. */
export async function found(store: Store, pattern?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.scan(pattern)) keys.push(key)
  return keys.sort()
}

const ttl = 0.4
const afterTtl = ttl * 1_000 + 50

export const valueCases: Readonly<Record<string, (tools: StoreTools) => Promise<void>>> = {
  'get gives back exactly what set took': async ({ store, other }) => {
    const values: unknown[] = [
      '',
      'text',
      '5',
      'null',
      '{"a":1}',
      '[]',
      'ü€😀\n\u0000',
      0,
      1,
      -1.5,
      1e21,
      Number.MAX_SAFE_INTEGER,
      true,
      false,
      null,
      [],
      {},
      [1, [2, { three: [null, ''] }]],
      { a: { b: [] }, 'c.d': 1, constructor: 2 },
      new Date(1_234),
      12345678901234567890n,
      new Map<unknown, unknown>([['a', new Set([1n])]]),
      { at: new Date(0), none: undefined },
      { $date: 'not a date' },
      { $map: [] },
      Array.from({ length: 120_000 }, (_, i) => i % 7),
      'x'.repeat(1_000_000),
    ]
    for (const value of values) {
      await store.set('key', value, 60)
      assert.deepEqual(await store.get('key'), value)
      assert.deepEqual(await other.get('key'), value)
    }
  },

  'an absent key is null, and nothing else of it is there': async ({ store }) => {
    assert.equal(await store.get('none'), null)
    assert.equal(await store.exists('none'), false)
    assert.equal(await store.delete('none'), false)
    assert.equal(await store.ttl('none'), null)
    assert.equal(await store.expire('none', 60), false)
    assert.equal(await store.exists('none'), false)
  },

  'nobody shares an object with the store': async ({ store }) => {
    const value = { list: [1] }
    await store.set('key', value, 60)
    value.list.push(2)
    const first = await store.get<typeof value>('key')
    assert.deepEqual(first, { list: [1] })
    first?.list.push(3)
    assert.deepEqual(await store.get('key'), { list: [1] })
    const [one] = await store.getMany<typeof value>(['key'])
    one?.list.push(4)
    assert.deepEqual(await store.get('key'), { list: [1] })
  },

  'set replaces value and TTL': async ({ store, pass }) => {
    await store.set('key', 1, ttl)
    await store.set('key', 'two')
    assert.equal(await store.ttl('key'), null)
    await pass(afterTtl)
    assert.equal(await store.get('key'), 'two')
  },

  'delete and exists tell whether the key was there': async ({ store, other }) => {
    await store.set('key', null, 60)
    assert.equal(await other.exists('key'), true)
    assert.equal(await other.delete('key'), true)
    assert.equal(await store.exists('key'), false)
    assert.equal(await store.delete('key'), false)
  },

  'what cannot be carried is refused, naming key and place, and nothing is stored': async ({ store }) => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    for (const [value, place] of [
      [{ items: [1, { onClick: () => 1 }] }, /"key".*items\[1\]\.onClick/],
      [{ a: Symbol('s') }, /"key".*a/],
      [circle, /"key"/],
      [() => 1, /"key"/],
      [undefined, /"key".*undefined/],
    ] as const) {
      await assert.rejects(store.set('key', value, 60), isRefusal(place))
      await assert.rejects(store.setMany({ fine: 1, key: value }, 60), isRefusal(place))
      await assert.rejects(store.setIfAbsent('key', value, 60), isRefusal(place))
    }
    assert.deepEqual(await found(store), [])
  },

  'any text of 1 to 4,096 bytes is a key of its own': async ({ store }) => {
    const keys = [
      'a',
      'A',
      ' ',
      'a b',
      'a:b',
      '*',
      '?',
      '[a]',
      '\\',
      '{a}',
      '__proto__',
      'constructor',
      'ü',
      'u\u0308',
      '😀',
      '\n',
      '\u0000',
      'x'.repeat(4_096),
    ]
    for (const [index, key] of keys.entries()) await store.set(key, index, 60)
    assert.deepEqual(await store.getMany(keys), [...keys.keys()])
    assert.deepEqual(await found(store), [...keys].sort())
    for (const key of keys) assert.equal(await store.delete(key), true)
  },

  'another key is refused, by every method': async ({ store }) => {
    const nothing = () => {}
    for (const key of [
      '',
      'x'.repeat(4_097),
      '€'.repeat(1_366),
      'x'.repeat(1_000_000),
      '\ud800',
      1,
      null,
      undefined,
      {},
    ]) {
      const bad = key as string
      const isKeyError = isRefusal(/(key|channel) (is|holds)/)
      await assert.rejects(store.get(bad), isKeyError)
      await assert.rejects(store.set(bad, 1, 60), isKeyError)
      await assert.rejects(store.delete(bad), isKeyError)
      await assert.rejects(store.exists(bad), isKeyError)
      await assert.rejects(store.incr(bad), isKeyError)
      await assert.rejects(store.decr(bad), isKeyError)
      await assert.rejects(store.expire(bad, 60), isKeyError)
      await assert.rejects(store.ttl(bad), isKeyError)
      await assert.rejects(store.getMany(['fine', bad]), isKeyError)
      await assert.rejects(store.setIfAbsent(bad, 1, 60), isKeyError)
      await assert.rejects(store.remember(bad, 60, nothing), isKeyError)
      await assert.rejects(store.lock(bad, 60, nothing), isKeyError)
      await assert.rejects(store.publish(bad, 1), isKeyError)
      await assert.rejects(async () => void (await store.subscribe(bad, nothing)), isKeyError)
    }
    await assert.rejects(store.setMany({ fine: 1, '': 1 }, 60), isRefusal(/key is empty/))
    assert.deepEqual(await found(store), [])
  },

  'a key is gone when its TTL has passed': async ({ store, pass }) => {
    await store.set('set', 1, ttl)
    await store.setMany({ many: 1 }, ttl)
    await store.setIfAbsent('absent', 1, ttl)
    await store.set('stays', 1, 60)
    assert.deepEqual(await store.getMany(['set', 'many', 'absent', 'stays']), [1, 1, 1, 1])
    await pass(afterTtl)
    assert.deepEqual(await store.getMany(['set', 'many', 'absent', 'stays']), [null, null, null, 1])
    assert.deepEqual(await found(store), ['stays'])
    assert.equal(await store.exists('set'), false)
    assert.equal(await store.ttl('set'), null)
    assert.equal(await store.delete('set'), false)
    assert.equal(await store.expire('set', 60), false)
    assert.equal(await store.incr('many'), 1)
    assert.equal(await store.ttl('many'), null)
  },

  'ttl gives seconds left, rounded up, and null without expiry': async ({ store }) => {
    await store.set('hour', 1, 3_600)
    await store.set('short', 1, 0.9)
    await store.set('year', 1, 31_536_000)
    await store.set('none', 1)
    assert.equal(await store.ttl('hour'), 3_600)
    assert.equal(await store.ttl('short'), 1)
    assert.equal(await store.ttl('year'), 31_536_000)
    assert.equal(await store.ttl('none'), null)
  },

  'expire sets the TTL anew, shorter or longer': async ({ store, pass }) => {
    await store.set('shorter', 1)
    await store.set('longer', 1, ttl)
    assert.equal(await store.expire('shorter', ttl), true)
    assert.equal(await store.expire('longer', 60), true)
    assert.equal(await store.ttl('longer'), 60)
    await pass(afterTtl)
    assert.deepEqual(await store.getMany(['shorter', 'longer']), [null, 1])
  },

  'a TTL that is not above 0 and finite is refused, and nothing changes': async ({ store }) => {
    await store.set('key', 'old', 60)
    for (const seconds of [0, -0, -1, Number.NaN, Infinity, -Infinity, 1e12, '60', null, {}]) {
      const bad = seconds as number
      const isTtlError = isRefusal(/TTL is .*above 0/)
      await assert.rejects(store.set('key', 1, bad), isTtlError)
      await assert.rejects(store.setMany({ key: 1 }, bad), isTtlError)
      await assert.rejects(store.setIfAbsent('none', 1, bad), isTtlError)
      await assert.rejects(store.expire('key', bad), isTtlError)
      await assert.rejects(
        store.remember('none', bad, () => 1),
        isTtlError,
      )
      await assert.rejects(
        store.lock('key', bad, () => 1),
        isTtlError,
      )
    }
    await assert.rejects(
      store.remember('none', undefined as never, () => 1),
      isRefusal(/TTL is of type undefined/),
    )
    assert.equal(await store.get('key'), 'old')
    assert.equal(await store.ttl('key'), 60)
    assert.equal(await store.exists('none'), false)
  },

  'incr and decr count, from 0 where there is no key': async ({ store, other }) => {
    assert.equal(await store.incr('up'), 1)
    assert.equal(await other.incr('up', 41), 42)
    assert.equal(await store.incr('up', -2), 40)
    assert.equal(await store.incr('up', 0), 40)
    assert.equal(await store.decr('up', 50), -10)
    assert.equal(await store.decr('down'), -1)
    assert.equal(await store.get('up'), -10)
    await store.set('set', 7, 60)
    assert.equal(await store.incr('set'), 8)
  },

  'counting loses nothing when many count at once': async ({ store, other }) => {
    const seen = await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 2 ? store : other).incr('key')))
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      Array.from({ length: 200 }, (_, i) => i + 1),
    )
  },

  'counting keeps the TTL': async ({ store, pass }) => {
    await store.set('key', 1, ttl)
    await pass(ttl * 500)
    assert.equal(await store.incr('key'), 2)
    assert.equal(await store.decr('key', 2), 0)
    await pass(ttl * 500 + 50)
    assert.equal(await store.get('key'), null)
  },

  'what is no integer cannot be counted, and stays': async ({ store }) => {
    for (const value of ['5', '', 1.5, null, true, [1], { a: 1 }, 5n]) {
      await store.set('key', value, 60)
      await assert.rejects(store.incr('key'), isRefusal(/"key".*no integer/))
      await assert.rejects(store.decr('key'), isRefusal(/"key".*no integer/))
      assert.deepEqual(await store.get('key'), value)
    }
  },

  'counting stops at the safe integers, and by steps that are none': async ({ store }) => {
    await store.set('key', Number.MAX_SAFE_INTEGER - 1, 60)
    assert.equal(await store.incr('key'), Number.MAX_SAFE_INTEGER)
    await assert.rejects(store.incr('key'), isRefusal(/"key".*safe integers/))
    assert.equal(await store.get('key'), Number.MAX_SAFE_INTEGER)
    await store.set('key', Number.MIN_SAFE_INTEGER, 60)
    await assert.rejects(store.decr('key'), isRefusal(/"key".*safe integers/))
    for (const by of [0.5, Number.NaN, Infinity, 2 ** 53, '1']) {
      await assert.rejects(store.incr('key', by as number), isRefusal(/"key".*step is/))
      await assert.rejects(store.decr('key', by as number), isRefusal(/"key".*step is/))
    }
    assert.equal(await store.get('key'), Number.MIN_SAFE_INTEGER)
  },

  'getMany answers in the order of the keys': async ({ store }) => {
    await store.setMany({ a: 1, b: { x: [] }, c: null }, 60)
    assert.deepEqual(await store.getMany(['c', 'none', 'b', 'a', 'a']), [null, null, { x: [] }, 1, 1])
    assert.deepEqual(await store.getMany([]), [])
    await store.setMany({}, 60)
    assert.deepEqual(await found(store), ['a', 'b', 'c'])
    assert.equal(await store.ttl('b'), 60)
  },

  'setIfAbsent stores once, and leaves what is there alone': async ({ store, other }) => {
    const won = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? store : other).setIfAbsent('key', i, 60)),
    )
    assert.equal(won.filter(Boolean).length, 1)
    assert.equal(await store.get('key'), won.indexOf(true))
    assert.equal(await store.setIfAbsent('key', 'late', 10), false)
    assert.equal(await store.ttl('key'), 60)
    await store.set('null', null, 60)
    assert.equal(await store.setIfAbsent('null', 1, 60), false)
  },

  'scan finds by * and ?, everything else being plain': async ({ store }) => {
    const keys = [
      'a',
      'ab',
      'abc',
      'user:1',
      'user:12',
      'user:2:posts',
      '*',
      'a*c',
      '[ab]',
      '\\',
      'A',
      'a\nb',
      '^a$',
      'a.c',
    ]
    for (const key of keys) await store.set(key, 1, 60)
    for (const [pattern, expected] of [
      ['*', keys],
      [undefined, keys],
      ['**', keys],
      ['a', ['a']],
      ['?', ['*', 'A', '\\', 'a']],
      ['a?', ['ab']],
      ['a??', ['a\nb', 'a*c', 'a.c', 'abc']],
      ['user:*', ['user:1', 'user:12', 'user:2:posts']],
      ['user:?', ['user:1']],
      ['*:*:*', ['user:2:posts']],
      ['*c', ['a*c', 'a.c', 'abc']],
      ['a*b*', ['a\nb', 'ab', 'abc']],
      ['a\\*c', ['a*c']],
      ['\\*', ['*']],
      ['\\\\', ['\\']],
      ['[ab]', ['[ab]']],
      ['^a$', ['^a$']],
      ['none*', []],
    ] as const) {
      assert.deepEqual(await found(store, pattern), [...expected].sort(), `pattern ${pattern}`)
    }
    await assert.rejects(found(store, ''), isRefusal(/pattern is empty/))
  },

  'scan meets every key that stays, while others come and go': async ({ store }) => {
    const stays = Array.from({ length: 300 }, (_, i) => `stays:${i}`)
    for (const key of stays) await store.set(key, 1, 60)
    for (let i = 0; i < 300; i++) await store.set(`goes:${i}`, 1, 60)
    const seen = new Set<string>()
    let step = 0
    for await (const key of store.scan()) {
      seen.add(key)
      if (step < 300) {
        await store.delete(`goes:${step}`)
        await store.set(`comes:${step}`, 1, 60)
        await store.set(stays[step]!, 2, 60)
      }
      step++
    }
    assert.deepEqual(
      stays.filter((key) => !seen.has(key)),
      [],
    )
  },
}
