import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareCursors,
  formatCursor,
  formatRevalidateHeader,
  isRevalidateKey,
  keyMatches,
  parseCursor,
  parseRevalidateHeader,
  type RevalidateKey,
} from './protocol.js'

describe('keyMatches', () => {
  test.each<[RevalidateKey, boolean]>([
    ['posts', true],
    ['posts.list', true],
    ['posts.listAll', false],
    ['posts.lis', false],
    ['post', false],
    ['posts.', false],
    ['', false],
    ['posts.list.', false],
    ['users', false],
    [{ key: 'posts' }, true],
    [{ key: 'posts.list' }, true],
    [{ key: 'posts.list', params: {}, query: {} }, true],
    [{ key: 'users', params: {} }, false],
  ])('%j and posts.list: %s', (key, expected) => {
    expect(keyMatches(key, 'posts', 'list')).toBe(expected)
  })

  test('posts.list never touches posts.listAll', () => {
    expect(keyMatches('posts.list', 'posts', 'listAll')).toBe(false)
  })

  test.each<[RevalidateKey, boolean]>([
    [{ key: 'posts', params: { id: 1 } }, true],
    [{ key: 'posts', params: { id: '1' } }, true],
    [{ key: 'posts', params: { id: '01' } }, false],
    [{ key: 'posts', params: { other: 'x' } }, false],
    [{ key: 'posts', params: { toString: undefined } }, false],
    [{ key: 'posts', query: { page: 2 } }, true],
    [{ key: 'posts', query: { page: '2' } }, false],
    [{ key: 'posts', query: { page: 2, sort: 'a' } }, false],
    [{ key: 'posts', query: { sort: undefined } }, true],
    [{ key: 'posts', query: { tags: ['a', 'b'] } }, true],
    [{ key: 'posts', query: { tags: ['b', 'a'] } }, false],
    [{ key: 'posts', query: { tags: ['a'] } }, false],
    [{ key: 'posts', query: { since: new Date(0) } }, true],
    [{ key: 'posts', query: { since: new Date(1) } }, false],
    [{ key: 'posts', query: { since: '1970-01-01T00:00:00.000Z' } }, false],
    [{ key: 'posts', query: { where: { b: { c: [1n] }, a: Number.NaN } } }, true],
    [{ key: 'posts', query: { where: { a: Number.NaN } } }, false],
    [{ key: 'posts.list', params: { id: 1 }, query: { page: 2 } }, true],
    [{ key: 'posts.list', params: { id: 2 }, query: { page: 2 } }, false],
  ])('%o is about one input: %s', (key, expected) => {
    const input = {
      params: { id: 1 },
      query: { page: 2, tags: ['a', 'b'], since: new Date(0), where: { a: Number.NaN, b: { c: [1n] } } },
    }
    expect(keyMatches(key, 'posts', 'get', input)).toBe(expected && typeof key !== 'string' && key.key === 'posts')
    expect(keyMatches(key, 'posts', 'list', input)).toBe(expected)
    expect(keyMatches({ key: 'posts', params: { id: 1 } }, 'posts', 'list')).toBe(false)
  })
})

test('isRevalidateKey knows a key from anything else', () => {
  for (const key of ['a', { key: 'a' }, { key: 'a', params: {}, query: { b: 1 } }])
    expect(isRevalidateKey(key)).toBe(true)
  for (const not of [
    '',
    null,
    1,
    [],
    {},
    { key: 1 },
    { key: '' },
    { key: 'a', params: [] },
    { key: 'a', query: 'b' },
  ]) {
    expect(isRevalidateKey(not)).toBe(false)
  }
})

describe('cursors', () => {
  const epoch = fc.stringMatching(/^[0-9a-z]{1,16}$/)
  const number = fc.nat({ max: 999_999_999_999_999 })

  test('are read as they were written', () => {
    fc.assert(
      fc.property(epoch, number, number, (name, a, b) => {
        expect(parseCursor(formatCursor(name, a))).toEqual({ epoch: name, position: [a] })
        const text = formatCursor(name, a, b)
        expect(parseCursor(text)).toEqual({ epoch: name, position: [a, b] })
        expect(text.length).toBeLessThanOrEqual(64)
      }),
    )
  })

  test('compare by number, part by part', () => {
    expect(compareCursors('a.9', 'a.10')).toBeLessThan(0)
    expect(compareCursors('a.10', 'a.10')).toBe(0)
    expect(compareCursors('a.1700-9', 'a.1700-10')).toBeLessThan(0)
    expect(compareCursors('a.1701-0', 'a.1700-10')).toBeGreaterThan(0)
    fc.assert(
      fc.property(epoch, number, number, (name, a, b) => {
        expect(Math.sign(compareCursors(formatCursor(name, a), formatCursor(name, b))!)).toBe(Math.sign(a - b))
      }),
    )
  })

  test.each([
    ['a.1', 'b.1'],
    ['a.1', 'a.1-0'],
    ['a.1', 'nonsense'],
    ['', ''],
  ])('%j and %j cannot be compared', (a, b) => {
    expect(compareCursors(a, b)).toBeNull()
    expect(compareCursors(b, a)).toBeNull()
  })

  test.each([
    '',
    'a',
    'a.',
    '.1',
    'A.1',
    'a.-1',
    'a.1-',
    'a.01',
    'a.1e3',
    'a.1.2',
    'a.1\n',
    ' a.1',
    'a.1-2-3',
    'a.٣',
    `${'a'.repeat(17)}.1`,
    `a.${'9'.repeat(16)}`,
  ])('%j is no cursor', (text) => {
    expect(parseCursor(text)).toBeNull()
  })

  test('what could not be read is not written', () => {
    expect(() => formatCursor('A', 1)).toThrow(RangeError)
    expect(() => formatCursor('a', -1)).toThrow(RangeError)
    expect(() => formatCursor('a', 1.5)).toThrow(RangeError)
    expect(() => formatCursor('a', 1e15)).toThrow(RangeError)
  })
})

describe('the igniter-revalidate header', () => {
  test('is ASCII, and is read as it was written', () => {
    const notice = {
      id: 'a.1',
      keys: ['posts', { key: 'übung.list', params: { id: 1n }, query: { q: '日本\u2028💥' } }],
    }
    const text = formatRevalidateHeader(notice)
    expect(text).toMatch(/^[ -~]+$/)
    expect(parseRevalidateHeader(text)).toEqual([notice])
  })

  test('may come several times', () => {
    const notices = [
      { id: 'a.1', keys: ['posts'] },
      { id: 'a.2', keys: [{ key: 'a,b', query: { q: '},{' } }, 'users'] },
    ]
    const headers = new Headers()
    for (const notice of notices) headers.append('igniter-revalidate', formatRevalidateHeader(notice))
    expect(parseRevalidateHeader(headers.get('igniter-revalidate'))).toEqual(notices)
    expect(parseRevalidateHeader(`1, ${formatRevalidateHeader(notices[0]!)}`)).toEqual([notices[0]])
  })

  test('stays small by asking for more', () => {
    const many = Array.from({ length: 500 }, (_, id) => ({ key: `posts.get${id % 3}`, params: { id } }))
    expect(parseRevalidateHeader(formatRevalidateHeader({ id: 'a.1', keys: many }))[0]?.keys).toEqual([
      'posts.get0',
      'posts.get1',
      'posts.get2',
    ])
    const actions = Array.from({ length: 500 }, (_, n) => `posts.action${n}`)
    expect(parseRevalidateHeader(formatRevalidateHeader({ id: 'a.1', keys: actions }))[0]?.keys).toEqual(['posts'])
  })

  test.each([
    null,
    undefined,
    '',
    '{',
    'null',
    '[]',
    '{"id":1,"keys":[]}',
    '{"id":"a"}',
    '{"id":"a","keys":[1]}',
    '{"id":"a","keys":"posts"}',
    '{"__proto__":1}',
    '{"id":"a","keys":[]}],[',
  ])('%j is nothing', (text) => {
    expect(parseRevalidateHeader(text)).toEqual([])
  })
})
