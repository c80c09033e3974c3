/**
 * Schemas as the framework uses them: the types, validation and coercion, compiled when the router is built.
 * router.ts compiles, dispatch.ts runs. What is synchronous stays synchronous.
 */
import { definitionError, type ErrorDetail } from './error.js'
import { isThenable, type MaybePromise } from './exchange.js'
import { type AnySchema, isSchema, type SchemaIssue, type SchemaResult } from './standard-schema.js'

export { type Coerced, type Coercion, type CoercedPart, compileCoercion } from './coercion.js'
export { type JsonSchema, noteKeyword, toJsonSchema } from './json-schema.js'
export {
  type AnySchema,
  type InferIn,
  type InferOut,
  isSchema,
  type Schema,
  type SchemaIssue,
} from './standard-schema.js'

/** What a validator found: the schema's output, or at least one detail. */
export type Validated =
  | { readonly value: unknown; readonly details: null }
  | { readonly value: null; readonly details: ErrorDetail[] }

/** Validates one value. Throws, or rejects, only when the schema itself does: that is the server's fault, not the caller's. */
export type Validator = (value: unknown) => MaybePromise<Validated>

// One bad field in each of 100,000 items must not make an answer larger than the request.
const maxDetails = 100

/**
 * The validator of `part`. `where` names the schema in errors, such as `posts.create: body`. At most 100 details; those
 * of an `output` say `body`, since the answer's body is what is wrong. Throws INVALID_DEFINITION for what is no schema.
 */
export function compileValidator(schema: AnySchema, part: ErrorDetail['in'] | 'output', where: string): Validator {
  if (!isSchema(schema)) {
    throw definitionError(
      where,
      'this is no schema.',
      'Give one of zod, valibot, arktype or another Standard Schema library.',
    )
  }
  const standard = schema['~standard']
  const side = part === 'output' ? 'body' : part
  const settle = (result: unknown): Validated => {
    // Closed by default: a broken schema must not let everything pass.
    if (typeof result !== 'object' || result === null)
      throw new TypeError(`${where}: the schema's validate gave no result.`)
    const { issues } = result as SchemaResult
    if (!issues) return { value: (result as { value: unknown }).value, details: null }
    const details: ErrorDetail[] = []
    for (const issue of issues) {
      if (details.length === maxDetails) break
      details.push({ in: side, path: pathOf(issue), message: issue.message })
    }
    if (details.length === 0) details.push({ in: side, path: '', message: 'Invalid.' })
    return { value: null, details }
  }
  return (value) => {
    const result = standard.validate(value)
    return isThenable(result) ? Promise.resolve(result).then(settle) : settle(result)
  }
}

// Array.from, because arktype's path is an Array of its own whose `map` makes `[0]` of an empty one.
const pathOf = ({ path = [] }: SchemaIssue): string =>
  Array.from(path, (segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.')
