/** The cases of `storeConformance` about several callers: remember, lock, publish and subscribe, close. */
import assert from 'node:assert/strict'
import type { Store } from '../store/store.js'
import { until } from './conformance.js'
import { found, isRefusal, type StoreTools } from './store-values.js'

const ttl = 0.4
const afterTtl = ttl * 1_000 + 50

/** A promise that a case settles itself. */
function gate<T = void>(): { readonly passed: Promise<T>; open(value: T): void; break(error: unknown): void } {
  let open!: (value: T) => void
  let fail!: (error: unknown) => void
  const passed = new Promise<T>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { passed, open, break: fail }
}

/** What may still be under way when a case fails: its own failure must not look like one of the test runner. */
function running(promises: readonly Promise<unknown>[]): void {
  for (const promise of promises) promise.catch(() => {})
}

/** Waits until a message that is published now comes back: whatever was published before has been delivered then. */
async function delivered(publisher: Store, listener: Store = publisher): Promise<void> {
  let isThrough = false
  const off = await listener.subscribe('delivered', () => {
    isThrough = true
  })
  await publisher.publish('delivered', null)
  await until('a message came through', () => isThrough)
  off()
}

export const coordinationCases: Readonly<Record<string, (tools: StoreTools) => Promise<void>>> = {
  'remember loads once for any number of waiters, on all instances': async ({ store, other }) => {
    let loads = 0
    const loading = gate<{ n: number }>()
    const load = () => {
      loads++
      return loading.passed
    }
    const waiters = Array.from({ length: 20 }, (_, i) => (i % 2 ? store : other).remember('key', 60, load))
    running(waiters)
    await until('a load began', () => loads > 0)
    loading.open({ n: 1 })
    assert.deepEqual(await Promise.all(waiters), Array(20).fill({ n: 1 }))
    assert.deepEqual(await other.remember('key', 60, load), { n: 1 })
    assert.equal(loads, 1)
    assert.equal(await store.ttl('key'), 60)
  },

  'remember loads again once the TTL has passed': async ({ store, pass }) => {
    let loads = 0
    const load = () => ++loads
    assert.equal(await store.remember('key', ttl, load), 1)
    assert.equal(await store.remember('key', ttl, load), 1)
    await pass(afterTtl)
    assert.equal(await store.remember('key', ttl, load), 2)
  },

  'remember gives what set stored, null and its kin included': async ({ store }) => {
    for (const value of [null, 0, '', false, 'text', { a: new Date(1) }]) {
      await store.set('key', value, 60)
      assert.deepEqual(await store.remember('key', 60, () => assert.fail('loaded what was there')), value)
      await store.delete('key')
      assert.deepEqual(await store.remember('key', 60, () => value), value)
      assert.deepEqual(await store.remember('key', 60, () => assert.fail('loaded what was there')), value)
    }
  },

  'remember hands undefined on and stores nothing': async ({ store }) => {
    assert.equal(await store.remember('key', 60, () => undefined), undefined)
    assert.equal(await store.exists('key'), false)
    assert.equal(await store.remember('key', 60, () => 1), 1)
  },

  'remember: a load that fails fails its waiters, stores nothing, and the next one loads again': async ({ store }) => {
    let loads = 0
    const loading = gate<number>()
    const waiters = Array.from({ length: 5 }, () =>
      store.remember('key', 60, () => {
        loads++
        return loading.passed
      }),
    )
    const outcomes = Promise.allSettled(waiters)
    await until('a load began', () => loads > 0)
    loading.break(new Error('database down'))
    for (const outcome of await outcomes) {
      assert.equal(outcome.status, 'rejected')
      assert.match(String(outcome.reason), /database down/)
    }
    assert.equal(loads, 1)
    assert.equal(await store.exists('key'), false)
    const fail = () => {
      throw new Error('thrown at once')
    }
    await assert.rejects(store.remember('key', 60, fail), /thrown at once/)
    await assert.rejects(
      store.remember('key', 60, () => () => 1),
      isRefusal(/store\.remember\("key"\)/),
    )
    assert.equal(await store.remember('key', 60, () => 2), 2)
  },

  'remember gives each waiter a copy': async ({ store }) => {
    const value = { list: [1] }
    const [first, second] = await Promise.all([
      store.remember('key', 60, () => value),
      store.remember('key', 60, () => value),
    ])
    first.list.push(2)
    value.list.push(3)
    assert.deepEqual(second, { list: [1] })
    assert.deepEqual(await store.get('key'), { list: [1] })
  },

  'remember never stores over a set or delete that came while it loaded': async ({ store, other }) => {
    for (const change of [() => other.set('key', 'new', 60), () => other.delete('key')]) {
      await store.delete('key')
      let hasBegun = false
      const loading = gate<string>()
      const waiter = store.remember('key', 60, () => {
        hasBegun = true
        return loading.passed
      })
      running([waiter])
      await until('the load began', () => hasBegun)
      await change()
      const expected = await store.get('key')
      loading.open('stale')
      assert.equal(await waiter, 'stale')
      assert.equal(await store.get('key'), expected)
      assert.equal(await store.remember('key', 60, () => 'fresh'), expected ?? 'fresh')
    }
  },

  'lock lets one in at a time, in order of arrival': async ({ store }) => {
    const log: string[] = []
    let inside = 0
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        store.lock('key', 60, async () => {
          assert.equal(++inside, 1)
          log.push(`in ${i}`)
          await Promise.resolve()
          inside--
          return i
        }),
      ),
    )
    const order = Array.from({ length: 10 }, (_, i) => i)
    assert.deepEqual(results, order)
    assert.deepEqual(
      log,
      order.map((i) => `in ${i}`),
    )
  },

  'lock holds against other instances': async ({ store, other }) => {
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
      inside--
    }
    await Promise.all(Array.from({ length: 6 }, (_, i) => (i % 2 ? store : other).lock('key', 60, work)))
    assert.equal(most, 1)
  },

  'lock is freed by a result and by an error, and different keys do not wait': async ({ store }) => {
    assert.equal(await store.lock('key', 60, () => 1), 1)
    const fail = () => {
      throw new Error('inside')
    }
    await assert.rejects(store.lock('key', 60, fail), /inside/)
    await assert.rejects(
      store.lock('key', 60, async () => fail()),
      /inside/,
    )
    assert.equal(await store.lock('key', 60, () => store.lock('another', 60, () => 2)), 2)
  },

  'lock frees itself after its TTL, and a late holder frees nobody else': async ({ store, pass }) => {
    const log: string[] = []
    const first = gate()
    const second = gate()
    const late = store.lock('key', ttl, async () => {
      log.push('first in')
      await first.passed
      return 'late'
    })
    const next = store.lock('key', 60, async () => {
      log.push('second in')
      await second.passed
    })
    const last = store.lock('key', 60, () => void log.push('third in'))
    running([late, next, last])
    await until('the first is in', () => log.length >= 1)
    await pass(afterTtl)
    await until('the second is in', () => log.length >= 2)
    first.open()
    assert.equal(await late, 'late')
    await pass(50)
    assert.deepEqual(log, ['first in', 'second in'])
    second.open()
    await Promise.all([next, last])
    assert.deepEqual(log, ['first in', 'second in', 'third in'])
  },

  'a lock is no key': async ({ store }) => {
    await store.set('key', 'value', 60)
    await store.lock('key', 60, async () => {
      assert.equal(await store.get('key'), 'value')
      assert.equal(await store.delete('key'), true)
      assert.deepEqual(await found(store), [])
    })
    assert.equal(await store.exists('key'), false)
  },

  'messages arrive in order, as they were, on every instance': async ({ store, other }) => {
    const here: unknown[] = []
    const there: unknown[] = []
    await store.subscribe('channel', (message) => void here.push(message))
    await other.subscribe('channel', (message) => void there.push(message))
    const messages = [
      'text',
      '5',
      0,
      null,
      false,
      { a: [new Date(5), 7n, new Map([[1, undefined]])] },
      ...Array(50).keys(),
    ]
    for (const message of messages) await store.publish('channel', message)
    await until('all have arrived', () => here.length >= messages.length && there.length >= messages.length)
    await delivered(store)
    assert.deepEqual(here, messages)
    assert.deepEqual(there, messages)
  },

  'order holds without waiting for each publish': async ({ store, other }) => {
    const got: number[] = []
    await other.subscribe<number>('channel', (message) => void got.push(message))
    await Promise.all(Array.from({ length: 100 }, (_, i) => store.publish('channel', i)))
    await until('all have arrived', () => got.length >= 100)
    assert.deepEqual(
      got,
      Array.from({ length: 100 }, (_, i) => i),
    )
  },

  'a listener runs after the publisher has gone on, with a copy of its own': async ({ store }) => {
    const got: { list: number[] }[] = []
    const listener = (message: { list: number[] }) => {
      message.list.push(got.length)
      got.push(message)
    }
    await store.subscribe('channel', listener)
    await store.subscribe('channel', listener)
    const message = { list: [7] }
    const published = store.publish('channel', message)
    assert.equal(got.length, 0)
    message.list.push(8)
    await published
    await until('both were told', () => got.length === 2)
    assert.deepEqual(got, [{ list: [7, 0] }, { list: [7, 1] }])
  },

  'unsubscribing works at once, as often as it is called, for this subscription only': async ({ store }) => {
    const got: string[] = []
    const listener = (message: string) => void got.push(message)
    const off = store.subscribe('channel', listener)
    const awaited = await store.subscribe('channel', listener)
    await off
    assert.equal(typeof off, 'function')
    assert.equal(typeof awaited, 'function')
    assert.equal('then' in awaited, false)
    await store.publish('channel', 'both')
    await until('both were told', () => got.length === 2)
    off()
    off()
    await store.publish('channel', 'one')
    await delivered(store)
    assert.deepEqual(got, ['both', 'both', 'one'])
    awaited()
    awaited()
    await store.publish('channel', 'none')
    await delivered(store)
    assert.deepEqual(got, ['both', 'both', 'one'])
  },

  'what is under way when a listener leaves does not reach it': async ({ store }) => {
    const got: unknown[] = []
    const off = await store.subscribe('channel', (message) => void got.push(message))
    const published = store.publish('channel', 1)
    off()
    await published
    await delivered(store)
    assert.deepEqual(got, [])
  },

  'a listener that throws or rejects hurts nobody': async ({ store }) => {
    const got: unknown[] = []
    await store.subscribe('channel', () => {
      throw new Error('a listener of the conformance suite throws')
    })
    const reject = () => Promise.reject(new Error('a listener of the conformance suite rejects'))
    await store.subscribe('channel', reject as () => void)
    await store.subscribe('channel', (message) => void got.push(message))
    await store.publish('channel', 1)
    await store.publish('channel', 2)
    await until('both have arrived', () => got.length === 2)
    assert.deepEqual(got, [1, 2])
  },

  'channels are exact, and no keys': async ({ store }) => {
    const got: unknown[] = []
    await store.set('a*', 'value', 60)
    await store.subscribe('a*', (message) => void got.push(message))
    await store.publish('ab', 'other channel')
    await store.publish('a*', 'this channel')
    await delivered(store)
    assert.deepEqual(got, ['this channel'])
    assert.equal(await store.get('a*'), 'value')
    assert.deepEqual(await found(store), ['a*'])
  },

  'publish and subscribe refuse what they cannot take': async ({ store }) => {
    await assert.rejects(store.publish('channel', undefined), isRefusal(/"channel".*undefined/))
    await assert.rejects(store.publish('channel', { f: () => 1 }), isRefusal(/"channel".*f/))
    await assert.rejects(async () => void (await store.subscribe('channel', 1 as never)), isRefusal(/listener/))
    await store.publish('nobody listens', 1)
  },

  'close ends everything, and later calls say that the store is closed': async ({ store }) => {
    const got: unknown[] = []
    await store.subscribe('channel', (message) => void got.push(message))
    const holding = gate()
    const holder = store.lock('key', 60, () => holding.passed)
    const waiter = store.lock('key', 60, () => assert.fail('entered a closed store'))
    running([holder, waiter])
    await store.close()
    await store.close()
    holding.open()
    await assert.rejects(waiter, /closed/)
    const nothing = () => {}
    for (const call of [
      () => store.get('key'),
      () => store.set('key', 1, 60),
      () => store.delete('key'),
      () => store.exists('key'),
      () => store.incr('key'),
      () => store.decr('key'),
      () => store.expire('key', 60),
      () => store.ttl('key'),
      () => store.getMany([]),
      () => store.setMany({}, 60),
      () => store.setIfAbsent('key', 1, 60),
      () => store.remember('key', 60, nothing),
      () => found(store),
      () => store.lock('key', 60, nothing),
      () => store.publish('channel', 1),
      async () => void (await store.subscribe('channel', nothing)),
    ]) {
      await assert.rejects(call, (error: Error & { code?: unknown }) => {
        assert.equal(error.code, 'STORE_UNAVAILABLE', call.toString())
        assert.match(error.message, /closed/)
        return true
      })
    }
    assert.deepEqual(got, [])
  },
}
