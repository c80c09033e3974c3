import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { CodecError, decode, encode, fromWire, toPlain, toWire } from './codec.js'

const trip = (value: unknown) => decode(encode(value))
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

/** The error that `run` throws, which must be ours. */
function refusal(run: () => unknown): CodecError {
  try {
    run()
  } catch (error) {
    if (error instanceof CodecError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('rich values', () => {
  test.each<[unknown, string]>([
    [new Date(0), '{"$date":"1970-01-01T00:00:00.000Z"}'],
    [new Date(Number.NaN), '{"$date":null}'],
    [-12n, '{"$bigint":"-12"}'],
    [new Map([[{ a: 1n }, new Set([1])]]), '{"$map":[[{"a":{"$bigint":"1"}},{"$set":[1]}]]}'],
    [new Set(['a', undefined]), '{"$set":["a",{"$undefined":true}]}'],
    [undefined, '{"$undefined":true}'],
    [{ a: undefined }, '{"a":{"$undefined":true}}'],
    [
      [Number.NaN, Infinity, -Infinity, -0],
      '[{"$number":"NaN"},{"$number":"Infinity"},{"$number":"-Infinity"},{"$number":"-0"}]',
    ],
    [new Uint8Array([0, 255, 128]), '{"$bytes":"AP+A"}'],
    [new URL('https://example.com/a?b=ü#c'), '{"$url":"https://example.com/a?b=%C3%BC#c"}'],
  ])('%o is marked on the wire and comes back', (value, text) => {
    expect(encode(value)).toBe(text)
    expect(decode(text)).toStrictEqual(value)
  })

  test('anything nested comes back as it went', () => {
    const rich = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: false,
      key: fc
        .oneof(fc.constantFrom('$date', '$$map', '$file', 'constructor', 'toString', '0'), fc.string())
        .filter((key) => key !== '__proto__'),
    })
    fc.assert(
      fc.property(rich, (value) => {
        expect(isDeepStrictEqual(trip(value), value)).toBe(true)
      }),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(trip([bytes])).toEqual([bytes])
      }),
    )
  })

  test('an undefined value keeps its key, and a hole becomes undefined', () => {
    expect(Object.keys(trip({ a: undefined }) as object)).toEqual(['a'])
    // biome-ignore lint/suspicious/noSparseArray: the point of the test
    expect(trip([1, , 2])).toStrictEqual([1, undefined, 2])
  })

  test('a Buffer and a Date of another realm are what they are', () => {
    expect(trip(Buffer.from('hi'))).toStrictEqual(new Uint8Array([104, 105]))
    expect(encode(runInNewContext('({ at: new Date(0), list: [new Map()] })'))).toBe(
      '{"at":{"$date":"1970-01-01T00:00:00.000Z"},"list":[{"$map":[]}]}',
    )
  })

  test('files go to the collector and come from the resolver', () => {
    const file = new File(['x'], 'x.txt')
    const files: Blob[] = []
    const wire = toWire({ body: { file, again: [file] } }, (one) => files.push(one) - 1)
    expect(wire).toEqual({ body: { file: { $file: 0 }, again: [{ $file: 1 }] } })
    expect(files).toEqual([file, file])
    expect(fromWire(wire, { file: (n) => files[n] })).toEqual({ body: { file, again: [file] } })
    expect(refusal(() => toWire({ file })).path).toBe('file')
    expect(refusal(() => fromWire(wire)).path).toBe('body.file')
    for (const n of ['input', -0.5, null])
      expect(() => fromWire({ $file: n }, { file: () => 'asked' })).toThrow(CodecError)
  })
})

describe('plain values', () => {
  const json = fc.jsonValue().filter((value) => !/\$|-0|__proto__/.test(JSON.stringify(value)) && !hasMinusZero(value))
  const hasMinusZero = (value: unknown): boolean =>
    Object.is(value, -0) || (typeof value === 'object' && value !== null && Object.values(value).some(hasMinusZero))

  test('look as in JSON, and nothing is copied', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(encode(value)).toBe(JSON.stringify(value))
        expect(toWire(value)).toBe(value)
        expect(toPlain(value)).toBe(value)
        expect(fromWire(value)).toBe(value)
      }),
    )
  })

  test('what has to change is copied, its neighbours are not, and the original stays', () => {
    const neighbour = { deep: [1] }
    const value = { at: new Date(0), neighbour }
    const wire = toWire(value) as typeof value
    expect(wire.neighbour).toBe(neighbour)
    expect(value.at).toStrictEqual(new Date(0))
  })

  test('what looks like a mark gets one more $ and loses it again', () => {
    expect(encode({ $date: 'x' })).toBe('{"$$date":"x"}')
    expect(encode({ $$file: 1 })).toBe('{"$$$file":1}')
    expect(trip({ $date: { $bigint: 5n } })).toEqual({ $date: { $bigint: 5n } })
    expect(encode({ $set: 1, $date: 2 })).toBe('{"$set":1,"$date":2}')
    expect(encode({ $push: 1 })).toBe('{"$push":1}')
  })

  test('toJSON is used once, with the key; other instances travel as their own fields', () => {
    class Money {
      constructor(readonly cents: bigint) {}
      get euros() {
        return 1
      }
    }
    expect(encode(new Money(5n))).toBe('{"cents":{"$bigint":"5"}}')
    expect(encode({ a: { toJSON: (key: string) => ({ key, at: new Date(0) }) } })).toBe(
      '{"a":{"key":"a","at":{"$date":"1970-01-01T00:00:00.000Z"}}}',
    )
    const itself = { a: 1, toJSON: () => itself as unknown }
    expect(() => encode({ itself })).toThrow('a function')
  })
})

describe('what cannot be sent', () => {
  test.each<[unknown, string, string]>([
    [{ body: { items: [1, 2, { onClick() {} }] } }, 'body.items[2].onClick', 'a function'],
    [[Symbol('x')], '[0]', 'a symbol'],
    [{ a: Promise.resolve() }, 'a', 'an instance of Promise'],
    [{ a: /x/ }, 'a', 'an instance of RegExp'],
    [{ a: new Error('x') }, 'a', 'an instance of Error'],
    [{ a: new Float32Array(1) }, 'a', 'an instance of Float32Array'],
    [{ a: new ArrayBuffer(1) }, 'a', 'an instance of ArrayBuffer'],
    [new Map([['k', { f() {} }]]), '$map[0][1].f', 'a function'],
    [JSON.parse('{"a":{"__proto__":1}}'), 'a.__proto__', 'a forbidden key'],
  ])('%o is refused at %s', (value, path, what) => {
    const error = refusal(() => encode(value))
    expect(error.path).toBe(path)
    expect(error.message).toContain(what)
    expect(error.message).toContain(`at "${path}"`)
  })

  test('the path is right after other branches were walked', () => {
    expect(refusal(() => encode([{ a: [{ b: [1] }] }, { c: () => 1 }])).path).toBe('[1].c')
  })

  test('a circle is refused by both, and the path shows it', () => {
    const circle: Record<string, unknown> = { n: 1 }
    circle.self = [circle]
    expect(refusal(() => encode(circle)).path).toMatch(/^self\[0\]\.self\[0\]/)
    expect(refusal(() => toPlain(circle)).message).toContain('a circle')
    const map = new Map<string, unknown>()
    map.set('map', map)
    expect(refusal(() => encode(map)).message).toContain('a circle')
    expect(refusal(() => toPlain(map)).message).toContain('a circle')
  })

  test('the same value twice is no circle', () => {
    const shared = { a: 1n }
    expect(trip([shared, shared])).toEqual([shared, shared])
  })
})

describe('hostile text', () => {
  test.each([
    '{"a":{"__proto__":{"admin":true}}}',
    '{"$map":[["__proto__",1],{"__proto__":1}]}',
    '{"$date":"yesterday"}',
    '{"$date":"2026-02-30T00:00:00.000Z"}',
    '{"$date":5}',
    '{"$date":{"$undefined":true}}',
    '{"$bigint":"0x10"}',
    '{"$bigint":" 5"}',
    '{"$bigint":""}',
    '{"$bigint":["5"]}',
    '{"$bigint":5}',
    '{"$map":{}}',
    '{"$map":[1]}',
    '{"$map":[[1]]}',
    '{"$map":["ab"]}',
    '{"$map":{"$set":[[1,2]]}}',
    '{"$set":"abc"}',
    '{"$set":{"$set":[1]}}',
    '{"$undefined":false}',
    '{"$number":"five"}',
    '{"$number":5}',
    '{"$number":"0x10"}',
    '{"$bytes":"a"}',
    '{"$bytes":"AA = ="}',
    '{"$bytes":{"$bytes":"AAAA"}}',
    '{"$url":"/relative"}',
    '{"$url":{"$url":"https://example.com/"}}',
    '{"$file":0}',
    '',
    '{',
    'undefined',
    nested(101),
  ])('%s is refused', (text) => {
    expect(() => decode(text)).toThrow(CodecError)
  })

  test('depth cannot overflow the stack', () => {
    for (const text of [
      nested(1_000_000),
      '{"a":'.repeat(200_000),
      `${'{"$set":['.repeat(99_999)}${']}'.repeat(99_999)}`,
    ]) {
      expect(() => decode(text)).toThrow(CodecError)
    }
  })

  test('the limits themselves are allowed, and not one more', () => {
    expect(() => decode(`{"$bigint":"1${'0'.repeat(10_000)}"}`)).toThrow(CodecError)
    expect(decode(nested(100))).toBeInstanceOf(Array)
    expect(decode(`{"$bigint":"-${'9'.repeat(10_000)}"}`)).toBeLessThan(0n)
    expect(decode(`[${'1,'.repeat(99_998)}1]`)).toHaveLength(99_999)
    expect(() => decode(`[${'1,'.repeat(99_999)}1]`)).toThrow(CodecError)
    expect(decode(`[${'1,'.repeat(99_999)}1]`, { maxNodes: Infinity })).toHaveLength(100_000)
  })

  test('constructor and prototype are ordinary own keys', () => {
    const value = decode('{"constructor":{"prototype":{"a":{"$bigint":"1"}}},"toString":1}') as Record<string, unknown>
    expect(Object.keys(value)).toEqual(['constructor', 'toString'])
    expect(value.constructor).toEqual({ prototype: { a: 1n } })
    expect(({} as { a?: unknown }).a).toBeUndefined()
  })

  test('an escaped __proto__ is refused too', () => {
    expect(() => decode('{"\\u005f_proto__":1}')).toThrow(CodecError)
  })

  test('any text is decoded or refused with our error', () => {
    const mark = fc.constantFrom(
      '$date',
      '$bigint',
      '$map',
      '$set',
      '$undefined',
      '$number',
      '$bytes',
      '$url',
      '$file',
      '$$date',
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.tuple(mark, tie('value')).map(([key, inner]) => ({ [key]: inner })),
      ),
    }))
    fc.assert(
      fc.property(value, (json) => {
        try {
          decode(JSON.stringify(json))
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('toPlain', () => {
  test('gives what third parties can read', () => {
    const value = {
      at: new Date(0),
      never: new Date(Number.NaN),
      big: 12n,
      map: new Map([['a', 1n]]),
      set: new Set([new Date(0)]),
      bytes: new Uint8Array([1]),
      url: new URL('https://example.com'),
      gone: undefined,
      fn() {},
      nan: Number.NaN,
      own: { toJSON: () => ({ big: 1n }) },
    }
    expect(JSON.parse(JSON.stringify(toPlain(value)))).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      never: null,
      big: '12',
      map: [['a', '1']],
      set: ['1970-01-01T00:00:00.000Z'],
      bytes: 'AQ==',
      url: 'https://example.com/',
      nan: null,
      own: { big: '1' },
    })
    expect(toPlain(undefined)).toBeUndefined()
    expect(toPlain({ $date: 1 })).toEqual({ $date: 1 })
  })

  test('keeps the reference where JSON does the work itself', () => {
    const value = { at: new Date(0), gone: undefined, list: [Number.NaN, -0] }
    expect(toPlain(value)).toBe(value)
  })
})
