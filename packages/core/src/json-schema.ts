/**
 * JSON Schema from a schema, asked for so that no library throws: what JSON Schema cannot say becomes `{}`. Values that
 * only strings can stand for in a URL, which libraries leave out, are described here, with a note for coercion.ts.
 */
import type { AnySchema, JsonSchemaOptions } from './standard-schema.js'

/** A JSON Schema: true takes everything, false nothing. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown }

/**
 * The keyword of our notes: `bigint` and `date` stand for such values, `raw` wants the string itself, and `lenient` takes
 * the string when nothing better can be made of it. Documents for others leave it out.
 */
export const noteKeyword = 'x-igniter-coerce'

export type Note = 'bigint' | 'date' | 'raw' | 'lenient'

const described: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  bigint: { type: 'string', pattern: '^-?\\d+$', [noteKeyword]: 'bigint' satisfies Note },
  date: { type: 'string', format: 'date-time', [noteKeyword]: 'date' satisfies Note },
  // In a union, undefined would otherwise read as "anything".
  undefined: { not: {} },
}

interface ZodNode {
  readonly _zod?: { readonly def?: { readonly type?: string; readonly coerce?: boolean; readonly in?: ZodNode } }
}

/** zod: called for each schema; changes `jsonSchema` in place. */
function override({ zodSchema, jsonSchema }: { zodSchema: ZodNode; jsonSchema: Record<string, unknown> }): void {
  const def = zodSchema._zod?.def
  const type = def?.type ?? ''
  if (Object.hasOwn(described, type)) Object.assign(jsonSchema, described[type])
  // `z.coerce.date()` parses more than we do, and `z.preprocess()` was written for what the URL holds.
  const isPreprocess = type === 'pipe' && def?.in?._zod?.def?.type === 'transform'
  if (isPreprocess || (type === 'date' && def?.coerce)) jsonSchema[noteKeyword] = 'raw' satisfies Note
  if (type === 'catch') jsonSchema[noteKeyword] ??= 'lenient' satisfies Note
}

/** Each library takes what it knows: zod the first two, valibot the next two, arktype the last. */
const libraryOptions: Record<string, unknown> = {
  unrepresentable: 'any',
  override,
  errorMode: 'ignore',
  overrideSchema: ({ valibotSchema }: { valibotSchema: { type: string } }) =>
    Object.hasOwn(described, valibotSchema.type) ? described[valibotSchema.type] : undefined,
  fallback: {
    date: () => described.date,
    domain: ({ domain, base }: { domain: string; base: unknown }) => (domain === 'bigint' ? described.bigint : base),
    unit: ({ unit, base }: { unit: unknown; base: unknown }) => (unit === undefined ? described.undefined : base),
  },
}

/**
 * What `schema` takes (`input`) or gives (`output`), as JSON Schema 2020-12; null when its library has none or fails.
 * The result is new and may be changed.
 */
export function toJsonSchema(schema: AnySchema, side: 'input' | 'output'): JsonSchema | null {
  const generate = schema['~standard'].jsonSchema?.[side] as ((options: JsonSchemaOptions) => unknown) | undefined
  if (generate === undefined) return null
  try {
    const json = generate({ target: 'draft-2020-12', libraryOptions })
    return typeof json === 'object' && json !== null ? (json as JsonSchema) : null
  } catch {
    return null
  }
}
