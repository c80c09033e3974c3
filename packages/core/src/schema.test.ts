import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type AnySchema, compileValidator, toJsonSchema } from './schema.js'

const custom = (validate: (value: unknown) => unknown): AnySchema => ({
  '~standard': { version: 1, vendor: 'test', validate },
})

describe('compileValidator', () => {
  test.each<[string, AnySchema]>([
    ['zod', z.object({ user: z.object({ tags: z.array(z.string()) }) })],
    ['valibot', v.object({ user: v.object({ tags: v.array(v.string()) }) })],
    ['arktype', type({ user: { tags: 'string[]' } })],
  ])('%s: the output, or details with dotted paths, without waiting', (_name, schema) => {
    const validate = compileValidator(schema, 'body', 'posts.create: body')
    expect(validate({ user: { tags: ['a'] } })).toEqual({ value: { user: { tags: ['a'] } }, details: null })
    const result = validate({ user: { tags: ['a', 5] } })
    expect(result).toMatchObject({ value: null, details: [{ in: 'body', path: 'user.tags.1' }] })
    expect(validate(undefined)).toMatchObject({ value: null, details: [{ in: 'body', path: '' }] })
  })

  test('transforms and defaults are the output', () => {
    const schema = z.object({ n: z.string().transform(Number), m: z.number().default(2) })
    expect(compileValidator(schema, 'query', 'x')({ n: '1', unknown: 1 })).toEqual({
      value: { n: 1, m: 2 },
      details: null,
    })
  })

  test('a promise is waited for', async () => {
    const schema = z.string().refine(async (text) => text === 'free', 'Taken.')
    const validate = compileValidator(schema, 'body', 'x')
    // zod needs to be asked in its asynchronous way, which Standard Schema does by itself.
    const result = validate('free')
    expect(result).toBeInstanceOf(Promise)
    expect(await result).toEqual({ value: 'free', details: null })
    expect(await validate('other')).toEqual({ value: null, details: [{ in: 'body', path: '', message: 'Taken.' }] })
  })

  test('a schema that throws or rejects is not the caller’s fault', async () => {
    const boom = new Error('boom')
    const throws = custom(() => {
      throw boom
    })
    expect(() => compileValidator(throws, 'body', 'x')(1)).toThrow(boom)
    await expect(
      compileValidator(
        custom(() => Promise.reject(boom)),
        'body',
        'x',
      )(1),
    ).rejects.toBe(boom)
  })

  test('path segments may be objects, numbers and symbols', () => {
    const issues = [
      { message: 'no', path: ['a', { key: 1 }, { key: Symbol('s') }] },
      { message: 'nor', path: undefined },
    ]
    expect(
      compileValidator(
        custom(() => ({ issues })),
        'input',
        'x',
      )(1),
    ).toEqual({
      value: null,
      details: [
        { in: 'input', path: 'a.1.Symbol(s)', message: 'no' },
        { in: 'input', path: '', message: 'nor' },
      ],
    })
  })

  test('an output is about the body of the answer; failing without a reason is failing', () => {
    expect(compileValidator(z.string(), 'output', 'x')(1)).toMatchObject({ details: [{ in: 'body' }] })
    expect(
      compileValidator(
        custom(() => ({ issues: [] })),
        'body',
        'x',
      )(1),
    ).toMatchObject({ details: [{ path: '' }] })
  })

  test('details are bounded', () => {
    const result = compileValidator(z.array(z.number()), 'body', 'x')(Array.from({ length: 5000 }, () => 'a'))
    expect((result as { details: unknown[] }).details).toHaveLength(100)
  })

  test('a schema may be a function, and anything else is a mistake', () => {
    expect(() => compileValidator(type('string'), 'body', 'x')).not.toThrow()
    for (const not of [null, undefined, {}, { '~standard': {} }, () => true, { type: 'object' }]) {
      expect(() => compileValidator(not as AnySchema, 'body', 'posts.create: body')).toThrow(
        /^posts\.create: body: this is no schema/,
      )
    }
  })
})

describe('toJsonSchema', () => {
  test('describes what only strings can stand for, where libraries give up', () => {
    const schema = z.object({ at: z.date(), big: z.bigint(), map: z.map(z.string(), z.number()) })
    expect(toJsonSchema(schema, 'input')).toMatchObject({
      properties: { at: { type: 'string', format: 'date-time' }, big: { type: 'string' }, map: {} },
    })
  })

  test('input and output differ', () => {
    const schema = z.object({ n: z.string().transform(Number).pipe(z.number()) })
    expect(toJsonSchema(schema, 'input')).toMatchObject({ properties: { n: { type: 'string' } } })
    expect(toJsonSchema(schema, 'output')).toMatchObject({ properties: { n: { type: 'number' } } })
  })

  test('is null without a generator', () => {
    expect(toJsonSchema(v.string(), 'input')).toBeNull()
  })
})
