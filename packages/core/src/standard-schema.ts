/**
 * Standard Schema, as a shape: any library whose schemas carry `~standard` fits, and none is imported.
 * Source: standardschema.dev, StandardSchemaV1 and StandardJSONSchemaV1 (spec 1.1).
 */

/** What a JSON Schema generator is asked for. */
export interface JsonSchemaOptions {
  /** `draft-2020-12`, `draft-07`, `openapi-3.0`. */
  readonly target: string
  /** For the library itself; each takes what it knows. */
  readonly libraryOptions?: Record<string, unknown> | undefined
}

/** The two sides of a schema: what it takes, and what it gives. */
export interface Sides<I = unknown, O = unknown> {
  readonly input: I
  readonly output: O
}

/**
 * A schema with the sides `S`, as declarations ask for it. They are read from `types` alone, both as one, and nothing
 * else of a schema is compared: the type checker does it anew for every action.
 */
export interface SchemaOf<S extends Sides> {
  readonly '~standard': {
    readonly version: 1
    readonly types?: S | undefined
  }
}

/** A schema that takes `I` and gives `O`: zod, valibot, arktype and others. */
export interface Schema<I = unknown, O = I> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly types?: Sides<I, O> | undefined
    /** Gives `{ value }` or `{ issues }`, or a promise of it. */
    readonly validate: (value: unknown) => unknown
    readonly jsonSchema?: {
      readonly input: (options: never) => unknown
      readonly output: (options: never) => unknown
    }
  }
}

/** A schema of anything: what to ask for where its types don't matter. */
export type AnySchema = Schema<unknown, unknown>

/** What a schema takes: before defaults, coercion and transforms. */
export type InferIn<S> = S extends Schema<infer I, unknown> ? I : never

/** What a schema gives. */
export type InferOut<S> = S extends Schema<unknown, infer O> ? O : never

/** What `validate` gives. */
export type SchemaResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that a schema has against a value. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Whether `value` carries `~standard`. Some libraries' schemas are functions. */
export const isSchema = (value: unknown): value is AnySchema => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard = (value as Partial<AnySchema>)['~standard']
  return typeof standard === 'object' && standard !== null && typeof standard.validate === 'function'
}
