import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { AnySchema, InferIn, InferOut, Schema } from './schema.js'

const zod = z.object({ page: z.number().default(1), at: z.string().transform((text) => new Date(text)) })
const valibot = v.object({ page: v.optional(v.number(), 1) })
const ark = type({ page: 'string.numeric.parse' })

test('input and output are inferred from every library', () => {
  expectTypeOf<InferIn<typeof zod>>().toEqualTypeOf<{ page?: number | undefined; at: string }>()
  expectTypeOf<InferOut<typeof zod>>().toEqualTypeOf<{ page: number; at: Date }>()
  expectTypeOf<InferIn<typeof valibot>>().toEqualTypeOf<{ page?: number | undefined }>()
  expectTypeOf<InferOut<typeof valibot>>().toEqualTypeOf<{ page: number }>()
  expectTypeOf<InferIn<typeof ark>>().toEqualTypeOf<{ page: string }>()
  expectTypeOf<InferOut<typeof ark>>().toEqualTypeOf<{ page: number }>()
})

declare function take<I, O>(schema: Schema<I, O>): { input: I; output: O }
declare function takeAny(schema: AnySchema): void

test('a parameter infers both at once', () => {
  expectTypeOf(take(zod)).toEqualTypeOf<{ input: z.input<typeof zod>; output: z.output<typeof zod> }>()
  expectTypeOf(take(valibot).output.page).toEqualTypeOf<number>()
  expectTypeOf(take(toStandardJsonSchema(valibot)).output.page).toEqualTypeOf<number>()
  expectTypeOf(take(ark)).toEqualTypeOf<{ input: { page: string }; output: { page: number } }>()
})

test('every schema is a schema of anything, and nothing else is', () => {
  takeAny(zod)
  takeAny(valibot)
  takeAny(ark)
  takeAny(z.never())
  // @ts-expect-error no schema
  takeAny({ type: 'object' })
  // @ts-expect-error a validating function is no schema
  takeAny((value: unknown) => value)
  // @ts-expect-error a schema of text is no schema of numbers
  const numbers: Schema<number> = z.string()
  void numbers
})
