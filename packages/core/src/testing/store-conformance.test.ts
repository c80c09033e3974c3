/** The suite itself: that it fails, and in the right cases, for a store that breaks one rule. */
import { expect, test } from 'vitest'
import { consoleLogger } from '../logger.js'
import { MemoryStore } from '../store/memory.js'
import type { Store } from '../store/store.js'
import { createTestClock } from './clock.js'
import { storeConformance } from './store-conformance.js'

/** A MemoryStore some of whose methods are replaced. */
type Flaw = (store: Store) => Partial<Store>

async function failures(flaw: Flaw): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of storeConformance) {
    const clock = createTestClock()
    const sound = new MemoryStore({ clock, logger: consoleLogger({ level: 'silent' }) })
    const flawed = flaw(sound)
    const store = new Proxy(sound, {
      get: (_, method: keyof Store) => flawed[method] ?? sound[method].bind(sound),
    })
    try {
      await run(() => ({ store, advance: clock.advance }))
    } catch {
      names.push(name)
    }
  }
  return names
}

test('a sound store passes', async () => {
  expect(await failures(() => ({}))).toEqual([])
})

const flaws: [string, Flaw, string[]][] = [
  [
    'text that looks like JSON is read as JSON',
    (store) => ({
      async get(key: string) {
        const value = await store.get(key)
        return typeof value === 'string' && /^\d+$/.test(value) ? JSON.parse(value) : value
      },
    }),
    ['get gives back exactly what set took', 'what is no integer cannot be counted, and stays'],
  ],
  [
    'values go through plain JSON',
    (store) => ({
      set: (key, value, ttl) =>
        store.set(key, value && typeof value === 'object' ? JSON.parse(JSON.stringify(value)) : value, ttl),
    }),
    [
      'get gives back exactly what set took',
      'what cannot be carried is refused, naming key and place, and nothing is stored',
      'remember gives what set stored, null and its kin included',
    ],
  ],
  [
    'get gives everybody the same object',
    (store) => {
      const shared = new Map<string, any>()
      return {
        async get(key: string) {
          const value = await store.get(key)
          if (value?.list) return shared.get(key) ?? shared.set(key, value).get(key)
          return value
        },
      }
    },
    ['nobody shares an object with the store'],
  ],
  [
    'set without TTL keeps the old one',
    (store) => ({
      set: async (key, value, ttl) =>
        store.set(key, value, ttl === undefined ? ((await store.ttl(key)) ?? undefined) : ttl),
    }),
    ['set replaces value and TTL'],
  ],
  [
    'expire only says yes',
    (store) => ({ expire: async (key) => store.exists(key) }),
    [
      'expire sets the TTL anew, shorter or longer',
      'a TTL that is not above 0 and finite is refused, and nothing changes',
    ],
  ],
  [
    'a TTL of 0 means for ever',
    (store) => ({ set: (key, value, ttl) => store.set(key, value, ttl === 0 ? undefined : ttl) }),
    ['a TTL that is not above 0 and finite is refused, and nothing changes'],
  ],
  [
    'incr reads, then writes',
    (store) => ({
      async incr(key: string, by = 1) {
        const next = ((await store.get<number>(key)) ?? 0) + by
        await store.set(key, next)
        return next
      },
    }),
    [
      'counting loses nothing when many count at once',
      'counting keeps the TTL',
      'what is no integer cannot be counted, and stays',
      'counting stops at the safe integers, and by steps that are none',
    ],
  ],
  [
    'setMany stores one after the other',
    (store) => ({
      async setMany(entries, ttl) {
        for (const [key, value] of Object.entries(entries)) await store.set(key, value, ttl)
      },
    }),
    [
      'what cannot be carried is refused, naming key and place, and nothing is stored',
      'another key is refused, by every method',
      'close ends everything, and later calls say that the store is closed',
    ],
  ],
  [
    'setIfAbsent looks, then writes',
    (store) => ({
      async setIfAbsent(key, value, ttl) {
        if (await store.exists(key)) return false
        await store.set(key, value, ttl)
        return true
      },
    }),
    ['setIfAbsent stores once, and leaves what is there alone'],
  ],
  [
    'remember looks, then loads and writes',
    (store) => ({
      async remember<T>(key: string, ttl: number, load: () => T | Promise<T>) {
        const value = await store.get(key)
        if (value !== null) return value
        const loaded = await load()
        await store.set(key, loaded, ttl)
        return loaded
      },
    }),
    [
      'a TTL that is not above 0 and finite is refused, and nothing changes',
      'remember loads once for any number of waiters, on all instances',
      'remember gives what set stored, null and its kin included',
      'remember hands undefined on and stores nothing',
      'remember: a load that fails fails its waiters, stores nothing, and the next one loads again',
      'remember gives each waiter a copy',
      'remember never stores over a set or delete that came while it loaded',
    ],
  ],
  [
    '? is taken for *',
    (store) => ({ scan: (pattern) => store.scan(pattern?.replaceAll('?', '*')) }),
    ['scan finds by * and ?, everything else being plain'],
  ],
  [
    'lock only runs',
    () => ({ lock: async (_key, _ttl, fn) => fn() }),
    [
      'another key is refused, by every method',
      'a TTL that is not above 0 and finite is refused, and nothing changes',
      'lock lets one in at a time, in order of arrival',
      'lock holds against other instances',
      'lock frees itself after its TTL, and a late holder frees nobody else',
      'close ends everything, and later calls say that the store is closed',
    ],
  ],
  [
    'lock frees whoever holds it',
    (store) => ({
      async lock(key, ttl, fn) {
        while (!(await store.setIfAbsent(`lock:${key}`, 1, ttl))) await new Promise((resolve) => setImmediate(resolve))
        try {
          return await fn()
        } finally {
          await store.delete(`lock:${key}`)
        }
      },
    }),
    [
      'another key is refused, by every method',
      'lock frees itself after its TTL, and a late holder frees nobody else',
      'a lock is no key',
    ],
  ],
  [
    'listeners run inside publish and share the message',
    () => {
      const listeners: { channel: string; listener: (message: never) => void }[] = []
      return {
        async publish(channel, message) {
          for (const one of listeners) if (one.channel === channel) one.listener(message as never)
        },
        subscribe(channel, listener) {
          const one = { channel, listener }
          listeners.push(one)
          const off = () => void listeners.splice(listeners.indexOf(one), 1)
          // oxlint-disable-next-line unicorn/no-thenable -- that it can be awaited is its contract
          return Object.assign(() => off(), { then: (onLive: any) => Promise.resolve(off).then(onLive) })
        },
      }
    },
    [
      'another key is refused, by every method',
      'a listener runs after the publisher has gone on, with a copy of its own',
      'unsubscribing works at once, as often as it is called, for this subscription only',
      'what is under way when a listener leaves does not reach it',
      'a listener that throws or rejects hurts nobody',
      'publish and subscribe refuse what they cannot take',
      'close ends everything, and later calls say that the store is closed',
    ],
  ],
  [
    'messages overtake each other',
    (store) => {
      let count = 0
      return {
        async publish(channel, message) {
          if (typeof message === 'number' && count++ % 2 === 0) for (let i = 0; i < 10; i++) await null
          await store.publish(channel, message)
        },
      }
    },
    ['order holds without waiting for each publish'],
  ],
  [
    'close does nothing',
    () => ({ close: async () => {} }),
    ['close ends everything, and later calls say that the store is closed'],
  ],
]

test.each(flaws)('%s', async (_, flaw, expected) => {
  expect(await failures(flaw)).toEqual(expected)
})
