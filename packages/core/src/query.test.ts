import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IgniterError } from './error.js'
import { parseForm, parseQuery } from './query.js'

const fields = (search: string) => ({ ...parseQuery(search) })

function refusal(run: () => unknown): IgniterError {
  try {
    run()
  } catch (error) {
    if (IgniterError.is(error)) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('parseQuery', () => {
  test.each<[string, Record<string, string | string[]>]>([
    ['', {}],
    ['?', {}],
    ['?page=2&sort=name', { page: '2', sort: 'name' }],
    ['page=2', { page: '2' }],
    ['?a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['?a=&b&c==&=d', { a: '', b: '', c: '=', '': 'd' }],
    ['?&&a=1&&', { a: '1' }],
    ['?q=a+b%20c%2Bd', { q: 'a b c+d' }],
    ['?%C3%BC+x=%E6%97%A5', { 'ü x': '日' }],
    ['?a=x%26b%3D1&c=2', { a: 'x&b=1', c: '2' }],
    ['?a[b]=1&c.d=2&e[]=3', { 'a[b]': '1', 'c.d': '2', 'e[]': '3' }],
    ['?a?b=1', { 'a?b': '1' }],
    ['?toString=1&hasOwnProperty=2', { toString: '1', hasOwnProperty: '2' }],
  ])('%j', (search, expected) => {
    expect(fields(search)).toEqual(expected)
  })

  test('the object has no prototype', () => {
    const query = parseQuery('?a=1')
    expect(Object.getPrototypeOf(query)).toBeNull()
    expect('toString' in query).toBe(false)
    expect(query.constructor).toBeUndefined()
    expect(query.__proto__).toBeUndefined()
    expect(JSON.stringify(query)).toBe('{"a":"1"}')
  })

  test.each(['__proto__', 'constructor', 'prototype', '%5F_proto__', 'con%73tructor'])('%s is dropped', (name) => {
    const query = parseQuery(`?${name}=x&${name}=y&a=1`)
    expect(Object.getOwnPropertyNames(query)).toEqual(['a'])
    expect(({} as { x?: unknown }).x).toBeUndefined()
    // Nor does one request's answer leak into the next one's.
    expect(Object.keys(parseQuery(''))).toEqual([])
  })

  test('agrees with URLSearchParams', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), { maxLength: 8 }),
        (pairs) => {
          const search = new URLSearchParams(pairs)
          const expected = new Map<string, string | string[]>()
          for (const name of search.keys()) {
            const all = search.getAll(name)
            if (!['__proto__', 'constructor', 'prototype'].includes(name))
              expected.set(name, all.length > 1 ? all : all[0]!)
          }
          expect(fields(`?${search}`)).toEqual(Object.fromEntries(expected))
        },
      ),
    )
  })

  test('1,000 pairs are read, one more is refused', () => {
    expect(parseQuery('&a=1'.repeat(1000)).a).toHaveLength(1000)
    const error = refusal(() => parseQuery('&a=1'.repeat(1001)))
    expect(error).toMatchObject({ code: 'BAD_REQUEST', status: 400 })
    expect(error.message).toContain('1000')
  })

  test.each(['?page=%', '?page=%2', '?page=%zz', '?page=%C3', '?x=1&page=a%FF'])('%s is refused by name', (search) => {
    const error = refusal(() => parseQuery(search))
    expect(error).toMatchObject({ code: 'BAD_REQUEST', details: [{ in: 'query', path: 'page' }] })
    expect(error.message).toContain('"page"')
  })

  test('a malformed name is refused too', () => {
    expect(refusal(() => parseQuery('?a%=1')).details).toMatchObject([{ path: 'a%' }])
  })
})

describe('parseForm', () => {
  test('reads a body by the same rules', () => {
    expect({ ...parseForm('a=1&b=x+y&a=2&?c=3') }).toEqual({ a: ['1', '2'], b: 'x y', '?c': '3' })
    expect(refusal(() => parseForm('a=%'))).toMatchObject({ details: [{ in: 'body', path: 'a' }] })
    expect(refusal(() => parseForm('a=1&'.repeat(100_000)))).toMatchObject({ code: 'BAD_REQUEST' })
  })
})
