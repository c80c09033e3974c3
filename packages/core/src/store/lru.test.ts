import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lru } from './lru.js'

test('does what a list in order of use does', () => {
  const step = fc.record({
    does: fc.constantFrom('get', 'peek', 'set', 'set', 'delete', 'clear'),
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
      const lru = new Lru<number>(limit)
      // Least recently used first.
      let model: [string, number][] = []
      for (const [index, { does, key }] of steps.entries()) {
        const known = model.find((entry) => entry[0] === key)
        const others = model.filter((entry) => entry !== known)
        if (does === 'get') {
          expect(lru.get(key)).toBe(known?.[1])
          if (known) model = [...others, known]
        } else if (does === 'peek') expect(lru.peek(key)).toBe(known?.[1])
        else if (does === 'set') {
          model = [...others, [key, index]]
          const gone = model.length > limit ? model.shift() : known
          expect(lru.set(key, index)).toBe(gone?.[1])
        } else if (does === 'delete') {
          expect(lru.delete(key)).toBe(known?.[1])
          model = others
        } else {
          lru.clear()
          model = []
        }
        expect(lru.size).toBe(model.length)
        expect([...lru.keys()].sort()).toEqual(model.map(([name]) => name).sort())
      }
    }),
    { numRuns: 500 },
  )
})
