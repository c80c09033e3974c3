/**
 * The one codec of everything under `/~/`: JSON in which rich values are marked. Server and client share it, so it is
 * small and knows nothing of either. What JSON can carry looks as it does in JSON; a rich value is an object whose only
 * key is a mark (`{ "$date": "…" }`), and data that looks like a mark gets one more `$` on its way out.
 */

/** A value that cannot be sent, or text that breaks a rule of the codec; the server answers the latter with 400. */
export class CodecError extends Error {
  override readonly name = 'CodecError'

  constructor(
    message: string,
    /** Where in the value, like `body.items[2].onClick`; empty for the value itself. */
    readonly path: string,
  ) {
    super(message)
  }
}

/** Gives a file its number in `{ "$file": n }`. */
export type FileCollector = (file: Blob) => number

/** What a receiver allows, and where its files are. */
export interface ReviveOptions {
  /** Finds the file for `{ "$file": n }`, and throws when there is none. Without it, files are refused. */
  readonly file?: (n: number) => unknown
  /** How many values the whole may hold, 100,000 unless given. A client that trusts its server gives Infinity. */
  readonly maxNodes?: number
}

const maxLevels = 100

/** What is sent for a rich value, and the way back, which may throw or give nonsense. */
type Kind = readonly [pack?: (value: never) => unknown, unpack?: (content: never) => unknown]

const kinds: Readonly<Record<string, Kind | undefined>> = {
  __proto__: null as never,
  $date: [(date: Date) => date.toJSON(), (text: string | null) => new Date(text ?? NaN)],
  $bigint: [String, (text: string) => /^-?\d{1,10000}$/.test(text) && BigInt(text)],
  $map: [
    (map: Map<unknown, unknown>) => [...map],
    (list: [unknown, unknown][]) => list.every((pair) => Array.isArray(pair) && pair.length === 2) && new Map(list),
  ],
  $set: [(set: Set<unknown>) => [...set], (list: unknown[]) => new Set(list)],
  $undefined: [() => true, () => undefined],
  $number: [(number: number) => (number === 0 ? '-0' : String(number)), Number],
  $url: [String, (text: string) => new URL(text)],
  $bytes: [
    (bytes: Uint8Array) => btoa(bytes.reduce((binary, byte) => binary + String.fromCharCode(byte), '')),
    (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)),
  ],
  // Whoever sends or receives says what becomes of files.
  $file: [],
}

/** By the name that `Object.prototype.toString` gives, right for other realms too; empty for plain objects and lists. */
const tagOf = (value: unknown): string => {
  const prototype = typeof value === 'object' && Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null || Array.isArray(value)) return ''
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** The mark for what has such a tag, if it is of a kind. */
const toMark = (tag: string): string =>
  tag === 'Uint8Array' ? '$bytes' : tag === 'Blob' ? '$file' : `$${tag.toLowerCase()}`

type Key = string | number
type Box = Record<Key, unknown>

const refuse = (what: string, keys: readonly Key[]): never => {
  const path = keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '')
    .slice(0, 200)
  throw new CodecError(`codec: ${what}${path && ` at "${path}"`}`, path)
}

/** Visits what `box` holds, and copies it only if something in it becomes another: plain data costs no copy. */
const descend = (box: Box, path: Key[], visit: (value: unknown) => unknown): Box => {
  if (path.length >= maxLevels) refuse(`a circle, or more than ${maxLevels} levels,`, path)
  const isList = Array.isArray(box)
  let copy: Box | undefined
  const keys = isList ? box : Object.keys(box)
  for (let index = 0; index < keys.length; index++) {
    const key: Key = isList ? index : keys[index]
    path.push(key)
    if (key === '__proto__') refuse('a forbidden key', path)
    const old = box[key]
    const item = visit(old)
    if (!Object.is(item, old)) (copy ??= isList ? (box.slice() as never) : { ...box })[key] = item
    path.pop()
  }
  return copy ?? box
}

/** The mark, or what looks like one, that is the only key of `box`. */
const markOf = (box: Box): string | undefined => {
  for (const key in box) return key[0] === '$' && key.replace(/^\$+/, '$') in kinds && Object.keys(box).length === 1 ? key : undefined
}

/**
 * What `JSON.stringify` may take: rich values marked, everything else as it is. Gives back the very same reference when
 * nothing in it is rich. Files need `collect`. Objects with `toJSON` and class instances travel as they do in JSON.
 * Throws CodecError for what cannot travel: functions, symbols, circles, other built-in classes, more than 100 levels.
 */
export const toWire = (root: unknown, collect?: FileCollector): unknown => {
  const path: Key[] = []
  const visit = (value: unknown, isFromJson?: unknown): unknown => {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
    if (Number.isFinite(value) && !Object.is(value, -0)) return value
    const tag = tagOf(value)
    const mark = tag && toMark(tag)
    const pack = mark === '$file' ? collect : kinds[mark]?.[0]
    if (pack) return descend({ [mark]: pack(value as never) }, path, visit)
    const box = value as Box
    if (typeof box.toJSON === 'function' && !isFromJson) return visit(box.toJSON(path.at(-1)), true)
    if (tag && tag !== 'Object')
      refuse(
        `cannot send ${typeof value === 'object' ? 'an instance of ' + tag : 'a ' + typeof value}, only plain data,`,
        path,
      )
    const wire = descend(box, path, visit)
    const key = markOf(wire)
    return key ? { [`$${key}`]: wire[key] } : wire
  }
  return visit(root)
}

/**
 * What third parties read at REST addresses: BigInt as text, Map and Set as arrays, bytes as base64; the rest is what
 * `JSON.stringify` makes of it. Gives back the very same reference when nothing has to change. Throws CodecError for a
 * circle, more than 100 levels and a key `__proto__`.
 */
export const toPlain = (root: unknown): unknown => {
  const path: Key[] = []
  const visit = (value: unknown, isFromJson?: unknown): unknown => {
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    const tag = tagOf(value)
    if (tag === 'Map' || tag === 'Set' || tag === 'Uint8Array') return visit(kinds[toMark(tag)]![0]!(value as never))
    if (tag === 'Date') return value
    const box = value as Box
    if (typeof box.toJSON === 'function' && !isFromJson) return visit(box.toJSON(path.at(-1)), true)
    return descend(box, path, visit)
  }
  return visit(root)
}

/** The value as JSON text; throws like `toWire`. */
export const encode = (value: unknown): string => JSON.stringify(toWire(value))

/**
 * The value that `toWire` was given, from parsed JSON; the very same reference when nothing in it is marked. Fit for
 * hostile input: throws CodecError for a key `__proto__`, a mark with the wrong content, more than 100 levels, 100,000
 * values or 10,000 digits.
 */
export const fromWire = (json: unknown, { file, maxNodes = 100_000 }: ReviveOptions = {}): unknown => {
  const path: Key[] = []
  let nodes = 0
  const visit = (value: unknown): unknown => {
    if (++nodes > maxNodes) refuse(`more than ${maxNodes} values`, path)
    if (typeof value !== 'object' || value === null) return value
    const box = descend(value as Box, path, visit)
    const mark = markOf(box)
    if (!mark) return box
    const content = box[mark]
    if (mark[1] === '$') return { [mark.slice(1)]: content }
    try {
      if (mark === '$file' && Number.isSafeInteger(content)) return file!(content as number)
      const [pack, unpack] = kinds[mark] as Required<Kind>
      const value = unpack(content as never)
      // What packs to something else was not packed by us: one rule for odd dates, loose base64, hexadecimal…
      const again = pack(value as never)
      if (Array.isArray(again) ? Array.isArray(content) : again === content) return value
    } catch {}
    return refuse(`bad ${mark}`, path)
  }
  return visit(json)
}

/** The value that `encode` was given; throws like `fromWire`, also for text that is no JSON. */
export const decode = (text: string, options?: ReviveOptions): unknown => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    refuse('this is no JSON', [])
  }
  return fromWire(json, options)
}
