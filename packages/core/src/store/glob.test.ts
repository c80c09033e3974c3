import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toMatcher } from './glob.js'

/** The same meaning, written as slowly and plainly as can be. */
function reference([head, ...pattern]: string[], text: string[]): boolean {
  if (head === undefined) return text.length === 0
  if (head === '*') return reference(pattern, text) || (text.length > 0 && reference([head, ...pattern], text.slice(1)))
  if (head === '\\' && pattern.length > 0) return text[0] === pattern[0] && reference(pattern.slice(1), text.slice(1))
  return text.length > 0 && (head === '?' || head === text[0]) && reference(pattern, text.slice(1))
}

test('means what the plainest implementation means', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', '*', '?', '\\', '😀'), { maxLength: 8 })
  fc.assert(
    fc.property(letters, letters, (pattern, text) => {
      expect(toMatcher(pattern.join(''))(text.join(''))).toBe(reference(pattern, text))
    }),
    { numRuns: 3_000 },
  )
})

test.each([
  ['user:*', 'user:1', true],
  ['user:*', 'USER:1', false],
  ['a.c', 'abc', false],
  ['(a+)+$', '(a+)+$', true],
  ['*', '', true],
  ['?', '😀', true],
  ['??', '😀', false],
  ['a\\', 'a\\', true],
  ['a\\*', 'ab', false],
])('%j against %j: %s', (pattern, text, expected) => {
  expect(toMatcher(pattern)(text)).toBe(expected)
})

test('many stars against a text that nearly matches end soon', () => {
  expect(toMatcher(`${'a*'.repeat(2_000)}b`)('a'.repeat(4_000))).toBe(false)
  expect(toMatcher(`${'*?'.repeat(2_000)}b`)('a'.repeat(4_000))).toBe(false)
})
