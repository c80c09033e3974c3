import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Gathering } from './gathering.js'

test('pieces of any size come out whole and in order', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 60 }), (pieces) => {
      const gathering = new Gathering()
      for (const piece of pieces) gathering.add(piece, 1_000_000)
      expect(Buffer.from(gathering.take()).equals(Buffer.concat(pieces))).toBe(true)
      expect(gathering.size).toBe(0)
    }),
  )
})

test('the limit counts all pieces, to the byte', () => {
  const gathering = new Gathering()
  gathering.add(new Uint8Array(60), 100)
  gathering.add(new Uint8Array(40), 100)
  expect(gathering.take().length).toBe(100)
  gathering.add(new Uint8Array(60), 100)
  expect(() => gathering.add(new Uint8Array(41), 100)).toThrow('larger than 100 bytes')
})

test('a body in crumbs is refused, a long one in small pieces is not', () => {
  const send = (bytes: number, pieces: number): void => {
    const gathering = new Gathering()
    for (let i = 0; i < pieces; i++) gathering.add(new Uint8Array(bytes), 10_000_000)
  }
  expect(() => send(1, 900_000)).toThrow('too many tiny pieces')
  expect(() => send(1, 10_000)).not.toThrow()
  expect(() => send(64, 50_000)).not.toThrow()
})
