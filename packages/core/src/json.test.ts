import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from './json.js'

const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth)

test('gives what JSON.parse gives', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'medium' }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      // fast-check likes to name keys __proto__; those are the business of a test below.
      fc.pre(!text.includes('__proto__'))
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
})

describe('depth', () => {
  test('100 levels are allowed, 101 are not', () => {
    expect(parseJson(nested(100))).toBeInstanceOf(Array)
    expect(() => parseJson(nested(101))).toThrow(/deeper than 100 levels at line 1, character 101/)
    expect(() => parseJson(nested(101, '{"a":[', ']}'))).toThrow(/deeper than 100/)
    expect(() => parseJson('['.repeat(1_000_000))).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', status: 400 }),
    )
  })

  test('brackets inside of strings, and side by side, are not depth', () => {
    const text = JSON.stringify({ a: '[{"\\'.repeat(200), b: '\\' })
    expect(parseJson(text)).toEqual(JSON.parse(text))
    expect(parseJson(`[${'[],{},'.repeat(500)}0]`)).toHaveLength(1001)
    expect(() => parseJson(`["\\"",${nested(100)}]`)).toThrow(/deeper than 100/)
    expect(() => parseJson(`["\\\\",${nested(100)}]`)).toThrow(/deeper than 100/)
  })
})

describe('keys that poison', () => {
  test.each([
    '{"__proto__":{"admin":true},"ok":1}',
    '{"\\u005f_proto__":{"admin":true},"ok":1}',
    '{"__pr\\u006Fto__":{"admin":true},"ok":1}',
    '{"constructor":{"prototype":{"admin":true}},"ok":1}',
    '{"constr\\u0075ctor":{"\\u0070rototype":{"admin":true}},"ok":1}',
    '{"__proto__":null,"ok":1,"__proto__":{"admin":true}}',
  ])('%s loses them', (text) => {
    const value = parseJson(text) as object
    expect(Object.getOwnPropertyNames(value)).toEqual(['ok'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    const list = parseJson(`[{"deep":[${text}]}]`) as { deep: object[] }[]
    expect(Object.getOwnPropertyNames(list[0]?.deep[0])).toEqual(['ok'])
  })

  test('the same words as data stay', () => {
    const text =
      '{"constructor":"Ferrari","prototype":{"a":1},"text":"__proto__","list":[{"constructor":{"name":"x"}}]}'
    expect(JSON.stringify(parseJson(text))).toBe(text)
    expect(parseJson('"__proto__"')).toBe('__proto__')
    expect(parseJson('"\\u0061"')).toBe('a')
  })
})

describe('malformed text', () => {
  test.each([
    ['', 'it ends too early, at line 1, character 1.'],
    ['  \n ', 'it ends too early, at line 2, character 2.'],
    ['{"a": 1', 'it ends too early, at line 1, character 8.'],
    ['{"a', 'it ends too early'],
    ['{"a":', 'it ends too early'],
    ['{', 'it ends too early'],
    ['[1,', 'it ends too early'],
    ['{"a": 1,}', 'the fault is at line 1, character 9.'],
    ['[1,]', 'the fault is at line 1, character 4.'],
    ['[,]', 'the fault is at line 1, character 2.'],
    ['{,}', 'the fault is at line 1, character 2.'],
    ['{a: 1}', 'the fault is at line 1, character 2.'],
    ['{"a" 1}', 'the fault is at line 1, character 6.'],
    ['{\n  "a": 1,\n  "b": tru\n}', 'the fault is at line 3, character 8.'],
    ['\n\n\n]', 'the fault is at line 4, character 1.'],
    ['[1}', 'the fault is at line 1, character 3.'],
    ['{"a":1]', 'the fault is at line 1, character 7.'],
    ['1 2', 'the fault is at line 1, character 3.'],
    ['[1 2]', 'the fault is at line 1, character 4.'],
    ['01', 'the fault is at line 1, character 2.'],
    ['-', 'the fault is at line 1, character 1.'],
    ['NaN', 'the fault is at line 1, character 1.'],
    ["'a'", 'the fault is at line 1, character 1.'],
    ['"a\nb"', 'the fault is at line 1, character 3.'],
    ['"a\\x"', 'the fault is at line 1, character 3.'],
    ['"\\u12"', 'the fault is at line 1, character 2.'],
    ['\u00a0{}', 'the fault is at line 1, character 1.'],
    ['[]]', 'the fault is at line 1, character 3.'],
    ['{}{}', 'the fault is at line 1, character 3.'],
    ['{"a":{}"b"}', 'the fault is at line 1, character 8.'],
  ])('%j: %s', (text, where) => {
    expect(() => parseJson(text)).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringContaining(where) }),
    )
  })

  test('wherever a text is broken, all before the place named could still become JSON, and nothing is repeated', () => {
    const messageOf = (text: string): string | null => {
      try {
        parseJson(text)
        return null
      } catch (error) {
        return (error as Error).message
      }
    }
    const breakage = fc.constantFrom('', '"', '{', ']', ',', ':', '\\', '\u0000', 'secret')
    fc.assert(
      fc.property(fc.json(), fc.nat(), breakage, (json, position, piece) => {
        const cut = position % (json.length + 1)
        const text = json.slice(0, cut) + piece + json.slice(cut + 1)
        const message = messageOf(text)
        if (message === null) {
          expect(() => JSON.parse(text)).not.toThrow()
          return
        }
        const place = /^The body is not valid JSON: (.+) line 1, character (\d+)\. Send well-formed JSON\.$/.exec(
          message,
        )
        const before = Number(place?.[2]) - 1
        if (place?.[1] === 'it ends too early, at') expect(before).toBe(text.length)
        else {
          expect(place?.[1]).toBe('the fault is at')
          expect(before).toBeLessThan(text.length)
          expect(messageOf(text.slice(0, before)) ?? 'valid').toMatch(/^valid$|ends too early/)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
