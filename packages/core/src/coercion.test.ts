import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compileCoercion } from './coercion.js'
import { parseQuery } from './query.js'
import { type AnySchema, compileValidator } from './schema.js'

/** Coerces and validates a query string: the schema's output, or `{ path: message }`. */
function run(schema: AnySchema, search: string): unknown {
  const coerced = compileCoercion(schema, 'query', 'test: query')!(parseQuery(search))
  const failed = (details: readonly { path: string; message: string }[]) =>
    Object.fromEntries(details.map(({ path, message }) => [path, message]))
  if (coerced.details) return failed(coerced.details)
  const result = compileValidator(schema, 'query', 'test: query')(coerced.value)
  if (result instanceof Promise) throw new Error('expected a synchronous schema')
  return result.details ? failed(result.details) : result.value
}

/** The names of the fields that are refused. */
const refused = (schema: AnySchema, search: string): string[] => {
  const coerced = compileCoercion(schema, 'query', 'test: query')!(parseQuery(search))
  return (coerced.details ?? []).map((detail) => detail.path)
}

const libraries: [
  string,
  { list: AnySchema; union: AnySchema; nullable: AnySchema; literal: AnySchema; rich: AnySchema },
][] = [
  [
    'zod',
    {
      list: z.object({
        page: z.number().optional(),
        all: z.boolean().optional(),
        name: z.string().optional(),
        ids: z.array(z.number()).optional(),
      }),
      union: z.object({ x: z.union([z.number(), z.string()]) }),
      nullable: z.object({ x: z.number().nullable() }),
      literal: z.object({ x: z.literal([1, 2]) }),
      rich: z.object({ big: z.bigint().optional(), at: z.date().optional(), n: z.number().optional() }),
    },
  ],
  [
    'zod, refined',
    {
      list: z
        .object({
          page: z
            .number()
            .refine(() => true)
            .optional(),
          all: z.boolean().optional(),
          name: z.string().max(99).optional(),
          ids: z.array(z.number()).max(9).optional(),
        })
        .refine(() => true),
      union: z.object({ x: z.string().or(z.number()) }),
      nullable: z.object({ x: z.number().nullish() }),
      literal: z.object({ x: z.union([z.literal(1), z.literal(2)]) }),
      rich: z.object({
        big: z.bigint().min(0n).optional(),
        at: z.date().min(new Date(0)).nullish(),
        n: z.number().optional(),
      }),
    },
  ],
  [
    'arktype',
    {
      list: type({ 'page?': 'number', 'all?': 'boolean', 'name?': 'string', 'ids?': 'number[]' }),
      union: type({ x: 'number | string' }),
      nullable: type({ x: 'number | null' }),
      literal: type({ x: '1 | 2' }),
      rich: type({ 'big?': 'bigint', 'at?': 'Date', 'n?': 'number | undefined' }),
    },
  ],
  [
    'valibot',
    {
      list: toStandardJsonSchema(
        v.object({
          page: v.optional(v.number()),
          all: v.optional(v.boolean()),
          name: v.optional(v.string()),
          ids: v.optional(v.array(v.number())),
        }),
      ),
      union: toStandardJsonSchema(v.object({ x: v.union([v.number(), v.string()]) })),
      nullable: toStandardJsonSchema(v.object({ x: v.nullable(v.number()) })),
      literal: toStandardJsonSchema(v.object({ x: v.picklist([1, 2]) })),
      rich: toStandardJsonSchema(
        v.object({
          big: v.optional(v.bigint()),
          at: v.optional(v.date()),
          n: v.optional(v.union([v.number(), v.undefined_()])),
        }),
      ),
    },
  ],
]

describe.each(libraries)('with %s', (_name, { list, union, nullable, literal, rich }) => {
  test.each<[string, unknown]>([
    ['?page=2', { page: 2 }],
    ['?page=-0.5', { page: -0.5 }],
    ['?page=1e3', { page: 1000 }],
    ['?page=007', { page: 7 }],
    ['?all=true&name=5', { all: true, name: '5' }],
    ['?all=false', { all: false }],
    ['?ids=1', { ids: [1] }],
    ['?ids=1&ids=2', { ids: [1, 2] }],
    ['?name=', { name: '' }],
    ['', {}],
  ])('%s is coerced', (search, expected) => {
    expect(run(list, search)).toEqual(expected)
  })

  test.each([
    'abc',
    '',
    '0x10',
    '0b1',
    '1e999',
    '%205',
    '5%20',
    '+5',
    '1_000',
    '1,000',
    '.5',
    '5.',
    'NaN',
    'Infinity',
    '--1',
    '%D9%A3',
  ])('?page=%s is refused by name', (value) => {
    expect(refused(list, `?page=${value}`)).toEqual(['page'])
    expect(refused(list, `?ids=1&ids=${value}`)).toEqual(['ids.1'])
  })

  test.each(['1', '0', 'yes', 'TRUE', 'True', '', 'on'])('?all=%s is no boolean', (value) => {
    expect(refused(list, `?all=${value}`)).toEqual(['all'])
  })

  test('a repeated key where one value is wanted is refused, for text too', () => {
    expect(refused(list, '?page=1&page=2')).toEqual(['page'])
    expect(refused(list, '?name=a&name=b&all=true&all=true')).toEqual(['name', 'all'])
    expect(refused(union, '?x=a&x=b')).toEqual(['x'])
  })

  test('a union with text changes only what would be written the same', () => {
    expect(run(union, '?x=5')).toEqual({ x: 5 })
    expect(run(union, '?x=05')).toEqual({ x: '05' })
    expect(run(union, '?x=1e3')).toEqual({ x: '1e3' })
    expect(run(union, '?x=abc')).toEqual({ x: 'abc' })
  })

  test('null is written null', () => {
    expect(run(nullable, '?x=null')).toEqual({ x: null })
    expect(run(nullable, '?x=5')).toEqual({ x: 5 })
    expect(refused(nullable, '?x=')).toEqual(['x'])
  })

  test('literal numbers are numbers', () => {
    expect(run(literal, '?x=2')).toEqual({ x: 2 })
    expect(Object.keys(run(literal, '?x=3') as object)).toEqual(['x'])
    expect(refused(literal, '?x=two')).toEqual(['x'])
  })

  test('bigint and date come from text', () => {
    expect(run(rich, '?big=12345678901234567890&at=2026-01-31&n=1')).toEqual({
      big: 12345678901234567890n,
      at: new Date('2026-01-31T00:00:00Z'),
      n: 1,
    })
    expect(run(rich, '?at=2026-01-31T12:00:00.5%2B02:00')).toEqual({ at: new Date('2026-01-31T10:00:00.500Z') })
    for (const big of ['', '1.5', '0x10', '%201', 'abc', '1n']) expect(refused(rich, `?big=${big}`)).toEqual(['big'])
    for (const at of ['', 'today', '0', '2026-02-30', '2026-13-01', '2026-01-31T12:00', '2026-01-31T25:00Z', '2026']) {
      expect(refused(rich, `?at=${at}`)).toEqual(['at'])
    }
  })

  test('any number comes back from its text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (page) => {
        expect(run(list, `?page=${encodeURIComponent(String(page))}`)).toEqual({ page: Number(String(page)) })
      }),
    )
  })

  test('no query string throws', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('page', 'all', 'name', 'ids', 'x'), fc.string())), (pairs) => {
        for (const schema of [list, union, nullable, literal, rich]) run(schema, `${new URLSearchParams(pairs)}`)
      }),
    )
  })
})

describe('zod', () => {
  const n = z.object({ a: z.number() })

  test.each<[string, AnySchema, string, unknown]>([
    ['coerce.number', z.object({ a: z.coerce.number() }), '?a=5', { a: 5 }],
    ['coerce.boolean', z.object({ a: z.coerce.boolean() }), '?a=false', { a: false }],
    ['coerce.date', z.object({ a: z.coerce.date() }), '?a=2026-01-31', { a: new Date('2026-01-31') }],
    ['coerce.bigint', z.object({ a: z.coerce.bigint() }), '?a=5', { a: 5n }],
    ['coerce.string', z.object({ a: z.coerce.string() }), '?a=5', { a: '5' }],
    ['stringbool', z.object({ a: z.stringbool() }), '?a=yes', { a: true }],
    ['enum', z.object({ a: z.enum(['1', 'b']) }), '?a=1', { a: '1' }],
    ['enum of numbers', z.object({ a: z.enum({ One: 1, Two: 2 }) }), '?a=2', { a: 2 }],
    ['literal of all kinds', z.object({ a: z.literal([1, 'x', null, true]) }), '?a=x', { a: 'x' }],
    ['literal null', z.object({ a: z.literal([1, 'x', null, true]) }), '?a=null', { a: null }],
    ['literal true', z.object({ a: z.literal([1, 'x', null, true]) }), '?a=true', { a: true }],
    ['literal of digits', z.object({ a: z.literal(['1', 2]) }), '?a=1', { a: '1' }],
    ['default', z.object({ a: z.number().default(7) }), '', { a: 7 }],
    ['default, given', z.object({ a: z.number().default(7) }), '?a=8', { a: 8 }],
    ['prefault', z.object({ a: z.number().prefault(7) }), '?a=8', { a: 8 }],
    ['nullable text', z.object({ a: z.string().nullable() }), '?a=null', { a: 'null' }],
    ['nullish', z.object({ a: z.boolean().nullish() }), '?a=null', { a: null }],
    ['int', z.object({ a: z.int() }), '?a=5', { a: 5 }],
    ['number or all', z.object({ a: z.union([z.number(), z.literal('all')]) }), '?a=all', { a: 'all' }],
    ['boolean or text', z.object({ a: z.union([z.boolean(), z.string()]) }), '?a=true', { a: true }],
    ['one or more numbers', z.object({ a: z.union([z.number(), z.array(z.number())]) }), '?a=5', { a: 5 }],
    [
      'one or more numbers, more',
      z.object({ a: z.union([z.number(), z.array(z.number())]) }),
      '?a=5&a=6',
      { a: [5, 6] },
    ],
    ['list of unions', z.object({ a: z.array(z.union([z.number(), z.literal('x')])) }), '?a=5&a=x', { a: [5, 'x'] }],
    ['tuple', z.object({ a: z.tuple([z.number(), z.boolean()]) }), '?a=5&a=true', { a: [5, true] }],
    ['tuple with a rest', z.object({ a: z.tuple([z.string()], z.number()) }), '?a=5&a=6&a=7', { a: ['5', 6, 7] }],
    ['list of text', z.object({ a: z.array(z.string()) }), '?a=5', { a: ['5'] }],
    ['bigint list', z.object({ a: z.array(z.bigint()) }), '?a=5', { a: [5n] }],
    [
      'bigint beside number',
      z.object({ a: z.union([z.number(), z.bigint()]) }),
      '?a=9007199254740993',
      { a: 9007199254740993n },
    ],
    ['text to number', z.object({ a: z.string().transform(Number).pipe(z.number()) }), '?a=5', { a: 5 }],
    ['number to text', z.object({ a: z.number().transform(String) }), '?a=5', { a: '5' }],
    [
      'nested pipes',
      z.object({
        a: z
          .number()
          .pipe(z.number().transform((x) => x + 1))
          .pipe(z.number().transform(String)),
      }),
      '?a=5',
      { a: '6' },
    ],
    ['codec', z.object({ a: z.codec(z.string(), z.number(), { decode: Number, encode: String }) }), '?a=5', { a: 5 }],
    ['preprocess', z.object({ a: z.preprocess((x) => x === 'yes', z.boolean()) }), '?a=yes', { a: true }],
    [
      'optional preprocess',
      z.object({ a: z.preprocess((x) => x === 'yes', z.boolean()).optional() }),
      '?a=no',
      { a: false },
    ],
    ['catch', z.object({ a: z.number().catch(3) }), '?a=5', { a: 5 }],
    ['catch, caught', z.object({ a: z.number().catch(3) }), '?a=abc', { a: 3 }],
    ['readonly and brand', z.object({ a: z.number().readonly().brand('a') }), '?a=5', { a: 5 }],
    ['described', z.object({ a: z.number().meta({ id: 'described' }) }).meta({ id: 'Outer' }), '?a=5', { a: 5 }],
    ['any', z.object({ a: z.any(), b: z.unknown() }), '?a=5&b=1&b=2', { a: '5', b: ['1', '2'] }],
    ['lazy', z.object({ a: z.lazy(() => z.number()) }), '?a=5', { a: 5 }],
    ['optional object', n.optional(), '?a=5', { a: 5 }],
    ['default object', n.default({ a: 1 }), '?a=5', { a: 5 }],
    ['nullable object', n.nullable(), '?a=5', { a: 5 }],
    ['transformed object', n.transform(({ a }) => a + 1), '?a=5', 6],
    ['piped object', n.pipe(z.object({ a: z.number().max(9) })), '?a=5', { a: 5 }],
    ['preprocessed object', z.preprocess((x) => x, n), '?a=5', { a: 5 }],
    ['intersection', n.and(z.object({ b: z.boolean() })), '?a=5&b=true', { a: 5, b: true }],
    ['strict object', z.strictObject({ a: z.number() }), '?a=5', { a: 5 }],
    ['loose object', z.looseObject({ a: z.number() }), '?a=5&b=6', { a: 5, b: '6' }],
    ['catchall', z.object({ a: z.string() }).catchall(z.number()), '?a=5&b=6', { a: '5', b: 6 }],
    ['record', z.record(z.string(), z.number()), '?a=5&b=6', { a: 5, b: 6 }],
    ['union of objects', z.union([z.object({ a: z.number() }), z.object({ b: z.number() })]), '?b=5', { b: 5 }],
    [
      'union with optionals',
      z.union([z.strictObject({ a: z.number().optional() }), z.strictObject({ b: z.number().optional() })]),
      '?b=5',
      { b: 5 },
    ],
    [
      'union by literal',
      z.discriminatedUnion('k', [
        z.object({ k: z.literal('a'), x: z.number() }),
        z.object({ k: z.literal('b'), x: z.string() }),
      ]),
      '?k=b&x=5',
      { k: 'b', x: '5' },
    ],
    [
      'union by number',
      z.union([z.object({ k: z.literal(1), x: z.string() }), z.object({ k: z.literal(2), x: z.number() })]),
      '?k=2&x=5',
      { k: 2, x: 5 },
    ],
    ['union by trial', z.union([z.object({ x: z.number() }), z.object({ x: z.boolean() })]), '?x=true', { x: true }],
  ])('%s', (_title, schema, search, expected) => {
    expect(run(schema, search)).toEqual(expected)
  })

  test('a union by literal names the field of the right member', () => {
    const schema = z.discriminatedUnion('k', [
      z.object({ k: z.literal('a'), x: z.number() }),
      z.object({ k: z.literal('b'), y: z.number() }),
    ])
    expect(refused(schema, '?k=b&y=abc')).toEqual(['y'])
    expect(Object.keys(run(schema, '?k=c&y=1') as object)).toEqual(['k'])
  })

  test('recursive schemas end', () => {
    type Tree = { a: number; kids?: Tree[] | undefined }
    const tree: z.ZodType<Tree> = z.lazy(() => z.object({ a: z.number(), kids: z.array(tree).optional() }))
    expect(run(tree, '?a=5')).toEqual({ a: 5 })
    type Nested = number | Nested[]
    const nested: z.ZodType<Nested> = z.lazy(() => z.union([z.number(), z.array(nested)]))
    expect(run(z.object({ a: nested }), '?a=5&a=6')).toEqual({ a: [5, 6] })
    const itself: z.ZodType<number> = z.lazy(() => z.union([z.number(), itself]))
    expect(run(z.object({ a: itself }), '?a=5')).toEqual({ a: 5 })
    const node = z.object({
      a: z.number(),
      get next() {
        return node.optional()
      },
    })
    expect(run(node, '?a=5')).toEqual({ a: 5 })
  })

  test('the details say what was wrong and what is wanted', () => {
    const schema = z.object({
      page: z.number(),
      all: z.boolean().nullable(),
      by: z.union([z.number(), z.literal('me')]),
    })
    expect(run(schema, `?page=&all=1&by=${'x'.repeat(100)}`)).toEqual({
      page: 'Expected a number, got an empty value.',
      all: 'Expected true or false or null, got "1".',
      by: `Expected a number or "me", got "${'x'.repeat(40)}…".`,
    })
    expect(run(schema, '?page=1&page=2')).toMatchObject({ page: 'Expected one value, got 2: give "page" once.' })
  })
})

describe('what coerces nothing', () => {
  test('a schema without JSON Schema gets strings', () => {
    expect(compileCoercion(v.object({ a: v.number() }), 'query', 'test: query')).toBeNull()
  })

  test('nor does one whose JSON Schema cannot be made', () => {
    const standard = z.object({ a: z.number() })['~standard']
    const input = () => {
      throw new Error('no')
    }
    expect(
      compileCoercion({ '~standard': { ...standard, jsonSchema: { input, output: input } } }, 'query', 'test: query'),
    ).toBeNull()
  })

  test('a schema that takes no object is a mistake', () => {
    expect(() => compileCoercion(z.string(), 'query', 'posts.list: query')).toThrow(
      /^posts\.list: query: the schema takes no object/,
    )
  })

  test('a broken JSON Schema leaves strings as they are', () => {
    const schemaOf = (json: unknown): AnySchema => ({
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => ({ value }),
        jsonSchema: { input: () => json, output: () => json },
      },
    })
    const properties = {
      a: { $ref: '#/$defs/missing' },
      b: { $ref: 'https://elsewhere.example/schema' },
      c: { type: 'whatever' },
      d: { anyOf: 'no', allOf: [null, 5], enum: 3, type: ['string'] },
      e: { $ref: '#/%E0' },
      f: { $ref: '#/properties/f' },
      g: null,
    }
    const search = '?a=1&b=1&c=1&d=1&e=1&f=1&g=1'
    expect(run(schemaOf({ type: 'object', properties }), search)).toEqual({ ...parseQuery(search) })
    expect(run(schemaOf({ $ref: '#' }), '?a=1')).toEqual({ a: '1' })
    expect(run(schemaOf({ allOf: [{ $ref: '#' }, { properties: { a: { type: 'number' } } }] }), '?a=1')).toEqual({
      a: 1,
    })
  })
})

describe('params and headers', () => {
  test('params are coerced as a query is, and details say where', () => {
    const coerce = compileCoercion(z.object({ id: z.int() }), 'params', 'test: params')!
    expect(coerce({ id: '5' })).toMatchObject({ value: { id: 5 }, details: null })
    expect(coerce({ id: 'x' }).details).toEqual([{ in: 'params', path: 'id', message: 'Expected a number, got "x".' }])
  })

  test('header names match whatever their case, and the schema has its own spelling', () => {
    const schema = z.object({
      'X-Count': z.number(),
      'x-flag': z.boolean().optional(),
      'X-Tags': z.array(z.string()).optional(),
    })
    const coerce = compileCoercion(schema, 'headers', 'test: headers')!
    expect({ ...coerce({ 'x-count': '5', 'X-FLAG': 'true', 'x-tags': 'a, b ,c', host: 'h' }).value }).toEqual({
      'X-Count': 5,
      'x-flag': true,
      'X-Tags': ['a', 'b', 'c'],
      host: 'h',
    })
    expect(coerce({ 'x-count': 'five' }).details).toMatchObject([{ in: 'headers', path: 'X-Count' }])
  })

  test('a strict schema of headers is not disturbed by the others that every request has', () => {
    const coerce = compileCoercion(z.strictObject({ 'X-Count': z.number() }), 'headers', 'test: headers')!
    expect({ ...coerce({ 'x-count': '5', host: 'h', accept: '*/*' }).value }).toEqual({ 'X-Count': 5 })
  })

  test('a union of header schemas is chosen whatever the case', () => {
    const schema = z.union([z.object({ 'X-A': z.number() }), z.object({ 'X-B': z.number() })])
    const coerce = compileCoercion(schema, 'headers', 'test: headers')!
    expect({ ...coerce({ 'x-b': '5' }).value }).toEqual({ 'X-B': 5 })
  })
})

test('the input is left as it was, and the result has no prototype', () => {
  const raw = parseQuery('?page=2&ids=1&ids=2')
  const { value } = compileCoercion(z.object({ page: z.number(), ids: z.array(z.number()) }), 'query', 'test: query')!(
    raw,
  )
  expect({ ...raw }).toEqual({ page: '2', ids: ['1', '2'] })
  expect(Object.getPrototypeOf(value)).toBeNull()
})

test('what is no string passes as it is', () => {
  const coerce = compileCoercion(z.object({ page: z.number().optional() }), 'query', 'test: query')!
  expect(coerce({ page: 5 })).toMatchObject({ value: { page: 5 }, details: null })
  expect(coerce({ page: undefined }).details).toBeNull()
})
