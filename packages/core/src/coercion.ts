/**
 * Strings from query strings, path parameters and headers, made into what a schema takes, by its JSON Schema. The JSON
 * Schema is read once, when the router is built; a request runs one closure for each field. Called by router.ts.
 */
import { definitionError, type ErrorDetail } from './error.js'
import { type JsonSchema, toJsonSchema } from './json-schema.js'
import { type Branch, branchesOf, has, type Shape, shapeOf } from './json-shape.js'
import { createFields } from './query.js'
import type { AnySchema } from './standard-schema.js'

/** The fields for the schema to validate; with `details`, which then holds at least one, what could not be coerced. */
export interface Coerced {
  readonly value: Record<string, unknown>
  readonly details: ErrorDetail[] | null
}

/** Makes a new object from strings and lists of strings; never throws. Anything else in `raw` passes as it is. */
export type Coercion = (raw: Readonly<Record<string, unknown>>) => Coerced

/** Where strings come from. Names of headers match case-insensitively, and commas part their lists. */
export type CoercedPart = 'params' | 'query' | 'headers'

/** Makes a field's value, or adds to `details`, in which case the value doesn't matter. */
type Convert = (raw: string | readonly unknown[], name: string, result: Problems) => unknown

class Problems {
  details: ErrorDetail[] | null = null
  constructor(readonly part: CoercedPart) {}

  add(path: string, message: string): void {
    ;(this.details ??= []).push({ in: this.part, path, message })
  }
}

/** Not a value that any text stands for. */
const nothing = Symbol('nothing')

// As JSON has it, but for zeros in front: months and counters come as `07`.
const numberSyntax = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/
const bigintSyntax = /^-?\d{1,10000}$/
// A time without its zone would be the server's own.
const dateSyntax = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/

function toNumber(text: string): number | typeof nothing {
  if (!numberSyntax.test(text)) return nothing
  const number = Number(text)
  return Number.isFinite(number) ? number : nothing
}

function toDate(text: string): Date | typeof nothing {
  const day = dateSyntax.exec(text)?.[1]
  // The day is looked at by itself: Date makes the 30th of February a day in March.
  if (day === undefined || new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) !== day) return nothing
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? nothing : date
}

/** How one string becomes a value; null when every string passes as it is. The likelier meaning comes first. */
function compileText(shape: Shape): ((text: string) => unknown) | null {
  const takesText = has(shape, 'text')
  const takesNumber = has(shape, 'number')
  const takesBigint = has(shape, 'bigint')
  const takesBoolean = has(shape, 'boolean')
  const takesNull = has(shape, 'null') && !takesText
  const takesDate = has(shape, 'date')
  if (!takesNumber && !takesBigint && !takesBoolean && !takesNull && !takesDate) return null
  if (shape.kinds.size === 1 && shape.words.size === 0) {
    if (takesNumber) return toNumber
    if (takesBoolean) return (text) => (text === 'true' ? true : text === 'false' ? false : nothing)
  }
  return (text) => {
    if (shape.words.has(text)) return text
    if (takesNumber) {
      const number = toNumber(text)
      // Beside text, only what loses nothing: `5`, but not `05`, which may be a postal code.
      const isExact = !takesBigint || !Number.isInteger(number) || Number.isSafeInteger(number)
      if (number !== nothing && isExact && (!takesText || String(number) === text)) return number
    }
    if (takesBigint && bigintSyntax.test(text)) return BigInt(text)
    if (takesBoolean && (text === 'true' || text === 'false')) return text === 'true'
    if (takesNull && text === 'null') return null
    if (takesDate) {
      const date = toDate(text)
      if (date !== nothing) return date
    }
    return takesText || has(shape, 'lenient') ? text : nothing
  }
}

const quote = (text: string): string =>
  text === '' ? 'an empty value' : JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)

/** What the field takes, in words. */
function describe(shape: Shape): string {
  const kinds: string[] = []
  if (has(shape, 'number')) kinds.push('a number')
  if (has(shape, 'bigint')) kinds.push('a whole number')
  if (has(shape, 'boolean')) kinds.push('true or false')
  if (has(shape, 'date')) kinds.push('a date such as 2026-01-31 or 2026-01-31T12:00:00Z')
  if (has(shape, 'null')) kinds.push('null')
  kinds.push(...[...shape.words].slice(0, 10).map(quote))
  return kinds.join(' or ')
}

/** Null when strings pass as they are, lists included. */
function compileField(shape: Shape, part: CoercedPart): Convert | null {
  if (has(shape, 'any')) return null
  const single = compileText(shape)
  const takesOne = single !== null || has(shape, 'text') || shape.words.size > 0
  const isLenient = has(shape, 'lenient')
  const expected = describe(shape)
  const wrong = (text: string) => `Expected ${expected}, got ${quote(text)}.`

  if (shape.items === null) {
    return (raw, name, problems) => {
      if (typeof raw !== 'string') {
        if (!isLenient) problems.add(name, `Expected one value, got ${raw.length}: give "${name}" once.`)
        return raw
      }
      const value = single === null ? raw : single(raw)
      if (value !== nothing) return value
      problems.add(name, wrong(raw))
    }
  }

  const { prefix, rest } = shape.items
  const items = [...prefix, rest].map((item) => compileField(item, part))
  const list = (raw: readonly unknown[], name: string, problems: Problems): unknown =>
    raw.map((item, index) => {
      const convert = items[Math.min(index, prefix.length)]
      return typeof item === 'string' && convert ? convert(item, `${name}.${index}`, problems) : item
    })
  return (raw, name, problems) => {
    if (typeof raw !== 'string') return list(raw, name, problems)
    if (takesOne) {
      const value = single === null ? raw : single(raw)
      if (value !== nothing) return value
    }
    // RFC 9110 §5.3: a repeated header and one with commas are the same.
    const texts = part === 'headers' ? raw.split(',').map((text) => text.replace(/^[ \t]+|[ \t]+$/g, '')) : [raw]
    return list(texts, name, problems)
  }
}

interface Field {
  readonly name: string
  readonly convert: Convert | null
}

/** One way to read the whole object. */
interface Reader {
  readonly read: Coercion
  /** How many of the fields it knows; -1 when it lacks a required one or holds another literal. */
  readonly score: (raw: Readonly<Record<string, unknown>>) => number
}

function compileBranch(branch: Branch, root: JsonSchema, part: CoercedPart): Reader {
  const isHeaders = part === 'headers'
  const keyOf = (name: string) => (isHeaders ? name.toLowerCase() : name)
  const shapes = [...branch.properties].map(([name, schemas]) => ({ name, shape: shapeOf({ allOf: schemas }, root) }))
  const fields = new Map<string, Field>(
    shapes.map(({ name, shape }) => [keyOf(name), { name, convert: compileField(shape, part) }]),
  )
  const rest = branch.rest === undefined ? null : compileField(shapeOf(branch.rest, root), part)
  // No request comes without headers that a strict schema doesn't list.
  const dropsRest = isHeaders && branch.rest === false
  const required = branch.required.map(keyOf)
  const literals = shapes.flatMap(({ name, shape }) =>
    shape.literals ? [{ key: keyOf(name), texts: shape.literals }] : [],
  )

  return {
    read(raw) {
      const problems = new Problems(part)
      const value = createFields<unknown>()
      for (const key in raw) {
        const given = raw[key]
        const field = fields.get(isHeaders ? key.toLowerCase() : key)
        if (field === undefined && dropsRest) continue
        const name = field === undefined ? key : field.name
        const convert = field === undefined ? rest : field.convert
        value[name] =
          convert !== null && (typeof given === 'string' || Array.isArray(given))
            ? convert(given, name, problems)
            : given
      }
      return { value, details: problems.details }
    },
    score(raw) {
      if (required.some((key) => raw[key] === undefined)) return -1
      if (literals.some(({ key, texts }) => typeof raw[key] === 'string' && !texts.has(raw[key]))) return -1
      return Object.keys(raw).filter((key) => fields.has(keyOf(key))).length
    },
  }
}

/**
 * The coercion for `schema`, or null when its library gives no JSON Schema: then the schema gets strings.
 *
 * Numbers are written as in JSON, booleans `true` or `false`, lists by one or more keys. Where text is allowed too, a
 * string becomes something else only if it would be written the same. Of several object schemas (a union), the one is
 * used that the fields fit best. What cannot be coerced, and a repeated key for a single value, becomes a detail.
 * Throws INVALID_DEFINITION, naming `where`, for a schema that takes no object.
 */
export function compileCoercion(schema: AnySchema, part: CoercedPart, where: string): Coercion | null {
  const json = toJsonSchema(schema, 'input')
  if (json === null) return null
  const readers = branchesOf(json, json).map((branch) => compileBranch(branch, json, part))
  const [only] = readers
  if (only === undefined) {
    throw definitionError(
      where,
      'the schema takes no object, but this part always is one.',
      'Give a schema of an object.',
    )
  }
  if (readers.length === 1) return only.read

  return (raw) => {
    const ranked = readers.map((reader) => ({ reader, score: reader.score(raw) })).sort((a, b) => b.score - a.score)
    let first: Coerced | null = null
    for (const { reader, score } of ranked) {
      if (score < 0 && first !== null) break
      const coerced = reader.read(raw)
      if (coerced.details === null) return coerced
      first ??= coerced
    }
    return first!
  }
}
