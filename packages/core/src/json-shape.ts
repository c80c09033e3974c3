/**
 * What strings may stand for under a JSON Schema: read once, when coercion is compiled (coercion.ts). Only the keywords
 * that decide that are looked at; the schema itself judges the rest. References may lead in circles.
 * Source: JSON Schema 2020-12, core §8.2 and validation §6.1.
 */
import { type JsonSchema, type Note, noteKeyword } from './json-schema.js'

/** What one string may become. `any`: nobody knows, so nothing is touched. `lenient`: itself, rather than an error. */
export type Kind = 'any' | 'text' | 'number' | 'boolean' | 'null' | 'bigint' | 'date' | 'lenient'

/** What a field takes. A field that takes none of these (an object) gets its strings as they are. */
export interface Shape {
  readonly kinds: ReadonlySet<Kind>
  /** Strings that are allowed by themselves. */
  readonly words: ReadonlySet<string>
  /** All allowed values, as text, where they are listed; null where they are not. */
  readonly literals: ReadonlySet<string> | null
  /** Lists: the first ones' shapes and all others'. */
  readonly items: { readonly prefix: readonly Shape[]; readonly rest: Shape } | null
}

export const has = (shape: Shape, kind: Kind): boolean => shape.kinds.has(kind)

/** One way for the whole object to be. */
export interface Branch {
  /** All that is said of each property. */
  readonly properties: ReadonlyMap<string, readonly JsonSchema[]>
  readonly required: readonly string[]
  /** For properties that are not named; false forbids them. */
  readonly rest: JsonSchema | undefined
}

type Node = Exclude<JsonSchema, boolean>

// Unions within intersections multiply; nobody writes so many.
const maxBranches = 64

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)
const nodes = (value: unknown): JsonSchema[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'boolean' || isNode(one)) : []

/** Where `#/$defs/User` leads; true, which is anything, for what is not in this schema. */
function resolve(reference: string, root: JsonSchema): JsonSchema {
  if (reference !== '#' && !reference.startsWith('#/')) return true
  let at: unknown = root
  for (const segment of reference.split('/').slice(1)) {
    let key: string
    try {
      key = decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~')
    } catch {
      return true
    }
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return true
    at = (at as Record<string, unknown>)[key]
  }
  return typeof at === 'boolean' || isNode(at) ? at : true
}

const shape = (kinds: Kind[], more: Partial<Shape> = {}): Shape => ({
  kinds: new Set(kinds),
  words: new Set(),
  literals: null,
  items: null,
  ...more,
})

const never = shape([], { literals: new Set() })
const anything = shape(['any'])

/** What either allows. */
function union(a: Shape, b: Shape): Shape {
  return {
    kinds: new Set([...a.kinds, ...b.kinds]),
    words: new Set([...a.words, ...b.words]),
    literals: a.literals && b.literals ? new Set([...a.literals, ...b.literals]) : null,
    items:
      a.items && b.items
        ? { prefix: [], rest: [...a.items.prefix, ...b.items.prefix, a.items.rest].reduce(union, b.items.rest) }
        : (a.items ?? b.items),
  }
}

/** What both allow, as far as it matters here. */
function intersection(a: Shape, b: Shape): Shape {
  if (has(a, 'any')) return b
  if (has(b, 'any')) return a
  const words = [...a.words].filter((word) => b.words.has(word) || has(b, 'text'))
  if (has(a, 'text')) words.push(...b.words)
  return {
    kinds: new Set([...a.kinds].filter((kind) => b.kinds.has(kind))),
    words: new Set(words),
    literals: a.literals ?? b.literals,
    items: a.items && b.items,
  }
}

function ofType(type: unknown, node: Node, item: (schema: JsonSchema) => Shape): Shape {
  switch (type) {
    case 'string':
      return shape(['text'])
    case 'number':
    case 'integer':
      return shape(['number'])
    case 'boolean':
      return shape(['boolean'])
    case 'null':
      return shape(['null'])
    case 'array': {
      const rest = node.items === undefined ? true : nodes([node.items])[0]
      return shape([], { items: { prefix: nodes(node.prefixItems).map(item), rest: rest ? item(rest) : anything } })
    }
    case 'object':
      return shape([])
    default:
      return anything
  }
}

function ofLiteral(value: unknown): Shape {
  const literals = new Set([String(value)])
  if (typeof value === 'string') return shape([], { words: new Set([value]), literals })
  if (typeof value === 'number') return shape(['number'], { literals })
  if (typeof value === 'boolean') return shape(['boolean'], { literals })
  return value === null ? shape(['null'], { literals }) : shape([])
}

/** What strings may stand for under `schema`, a part of `root`. */
export function shapeOf(schema: JsonSchema, root: JsonSchema): Shape {
  return visit(schema, root, new Set(), false)
}

/** `followed` holds the references on the way here; lists within lists are not looked into, no URL can hold them. */
function visit(schema: JsonSchema, root: JsonSchema, followed: ReadonlySet<string>, isItem: boolean): Shape {
  if (schema === true) return anything
  if (schema === false) return never
  const inner = (one: JsonSchema) => visit(one, root, followed, isItem)
  const item = (one: JsonSchema) => (isItem ? anything : visit(one, root, new Set(), true))

  const note = schema[noteKeyword] as Note | undefined
  if (note === 'raw') return anything
  if (note === 'bigint' || note === 'date') return shape([note])
  if (isNode(schema.not) && Object.keys(schema.not).length === 0) return never

  const said: Shape[] = []
  if ('const' in schema) said.push(ofLiteral(schema.const))
  else if (Array.isArray(schema.enum)) said.push(schema.enum.map(ofLiteral).reduce(union, never))
  else if (schema.type !== undefined) {
    const types = Array.isArray(schema.type) ? schema.type : [schema.type]
    said.push(types.map((type) => ofType(type, schema, item)).reduce(union, never))
  }
  const { $ref } = schema
  if (typeof $ref === 'string') {
    // A union that holds itself adds nothing to itself.
    if (followed.has($ref)) return never
    said.push(visit(resolve($ref, root), root, new Set(followed).add($ref), isItem))
  }
  said.push(...nodes(schema.allOf).map(inner))
  for (const choices of [nodes(schema.anyOf), nodes(schema.oneOf)]) {
    if (choices.length > 0) said.push(choices.map(inner).reduce(union, never))
  }
  const all = said.reduce(intersection, anything)
  const alsoNull = schema.nullable === true ? union(all, shape(['null'])) : all
  return note === 'lenient' ? union(alsoNull, shape(['lenient'])) : alsoNull
}

/** The ways for the whole object to be: one, or several for unions; none when it is no object. */
export function branchesOf(schema: JsonSchema, root: JsonSchema, followed: ReadonlySet<string> = new Set()): Branch[] {
  if (!isNode(schema)) return schema === true ? [{ properties: new Map(), required: [], rest: undefined }] : []
  if (schema.type !== undefined && ![schema.type].flat().includes('object')) return []
  const { properties, required, additionalProperties: rest, $ref } = schema
  let branches: Branch[] = [
    {
      properties: new Map(
        isNode(properties) ? Object.entries(properties).map(([name, one]) => [name, nodes([one])]) : [],
      ),
      required: Array.isArray(required) ? required.map(String) : [],
      rest: nodes([rest])[0],
    },
  ]
  const both = (others: Branch[]) => {
    branches = branches.flatMap((a) => others.map((b) => merge(a, b))).slice(0, maxBranches)
  }
  if (typeof $ref === 'string' && !followed.has($ref)) {
    both(branchesOf(resolve($ref, root), root, new Set(followed).add($ref)))
  }
  for (const part of nodes(schema.allOf)) both(branchesOf(part, root, followed))
  for (const choices of [nodes(schema.anyOf), nodes(schema.oneOf)]) {
    if (choices.length > 0) both(choices.flatMap((choice) => branchesOf(choice, root, followed)))
  }
  return branches
}

function merge(a: Branch, b: Branch): Branch {
  const properties = new Map(a.properties)
  for (const [name, schemas] of b.properties) properties.set(name, [...(properties.get(name) ?? []), ...schemas])
  return { properties, required: [...a.required, ...b.required], rest: a.rest ?? b.rest }
}
