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
  /** How many values the whole may hold, 100,000 unless given. */
  readonly maxNodes?: number
}

/** A kind of rich value: its mark, what is sent for it, and the way back, which may throw or give nonsense. */
type Kind = readonly [mark: string, pack?: (value: never) => unknown, unpack?: (content: never) => unknown]

/** By the name that `Object.prototype.toString` gives: right for other realms too, and for Node's Buffer. */
const kinds: Readonly<Record<string, Kind>> = {
  __proto__: null as never,
  Date: ['$date', (date: Date) => date.toJSON(), (text: string | null) => new Date(text ?? NaN)],
  BigInt: ['$bigint', String, BigInt],
  Map: ['$map', (map: Map<unknown, unknown>) => [...map], (list: [unknown, unknown][]) => new Map(list)],
  Set: ['$set', (set: Set<unknown>) => [...set], (list: unknown[]) => new Set(list)],
  Undefined: ['$undefined', () => true, () => undefined],
  Number: ['$number', (number: number) => (number === 0 ? '-0' : String(number)), Number],
  URL: ['$url', String, (text: string) => new URL(text)],
  Uint8Array: [
    '$bytes',
    (bytes: Uint8Array) => btoa(bytes.reduce((binary, byte) => binary + String.fromCharCode(byte), '')),
    (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)),
  ],
  // Both ways are given by who sends or receives.
  File: ['$file'],
  Blob: ['$file'],
}

/** Empty for plain objects and lists. */
const tagOf = (value: unknown): string => {
  const prototype = typeof value === 'object' && Object.getPrototypeOf(value)
  if (prototype === Object.prototype || Array.isArray(value)) return ''
  return Object.prototype.toString.call(value).slice(8, -1)
}

type Key = string | number
type Box = Record<Key, unknown>

const kindOf = (mark: string): Kind | undefined => Object.values(kinds).find((kind) => kind[0] === mark)

/** The mark, or what looks like one, that is the only key of `box`. */
const markOf = (box: Box): string | undefined => {
  for (const key in box)
    return key[0] === '$' && Object.keys(box).length === 1 && kindOf(key.replace(/^\$+/, '$')) ? key : undefined
}

const refuse = (what: string, keys: readonly Key[]): never => {
  const path = keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '')
    .slice(0, 200)
  throw new CodecError(path ? `${what} at "${path}"` : what, path)
}

/**
 * Rebuilds `root` from what `enter` makes of each value, top down, and `leave` of each object and list, bottom up. Copies
 * only where something becomes another: plain data costs no copy.
 */
const walk = (
  root: unknown,
  enter: (value: unknown, path: readonly Key[]) => unknown,
  leave: (box: Box, path: readonly Key[]) => unknown = (box) => box,
): unknown => {
  const maxLevels = 100
  const path: Key[] = []
  const visit = (value: unknown): unknown => {
    const box = enter(value, path) as Box
    if (typeof box !== 'object' || box === null) return box
    if (path.length >= maxLevels) refuse('a circle, or too deep', path)
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
    return leave(copy ?? box, path)
  }
  return visit(root)
}

/**
 * What `JSON.stringify` may take: rich values marked, everything else as it is. Gives back the very same reference when
 * nothing in it is rich. Files need `collect`. Objects with `toJSON` and class instances travel as they do in JSON.
 * Throws CodecError for what cannot travel: functions, symbols, circles, other built-in classes, more than 100 levels.
 */
export const toWire = (root: unknown, collect?: FileCollector): unknown => {
  const enter = (value: unknown, path: readonly Key[], isFromJson?: boolean): unknown => {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
    if (Number.isFinite(value) && !Object.is(value, -0)) return value
    const tag = tagOf(value)
    const [mark, pack = collect] = kinds[tag] ?? []
    if (mark && pack) return { [mark]: pack(value as never) }
    const box = value as Box
    if (typeof box.toJSON === 'function' && !isFromJson) return enter(box.toJSON(path.at(-1)), path, true)
    if (tag && tag !== 'Object')
      refuse(`cannot send ${typeof value === 'object' ? 'an instance of ' + tag : 'a ' + typeof value}`, path)
    const key = markOf(box)
    return key ? { [`$${key}`]: box[key] } : box
  }
  return walk(root, enter)
}

/**
 * What third parties read at REST addresses: BigInt as text, Map and Set as arrays, bytes as base64; the rest is what
 * `JSON.stringify` makes of it. Gives back the very same reference when nothing has to change. Throws CodecError for a
 * circle, more than 100 levels and a key `__proto__`.
 */
export const toPlain = (root: unknown): unknown => {
  const enter = (value: unknown, path: readonly Key[], isFromJson?: boolean): unknown => {
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    const tag = tagOf(value)
    if (tag === 'Map' || tag === 'Set' || tag === 'Uint8Array') return kinds[tag]![1]!(value as never)
    const box = value as Box
    if (tag !== 'Date' && typeof box.toJSON === 'function' && !isFromJson) {
      return enter(box.toJSON(path.at(-1)), path, true)
    }
    return box
  }
  return walk(root, enter)
}

/** The value as JSON text; throws like `toWire`. */
export const encode = (value: unknown): string => JSON.stringify(toWire(value))

/** Makes values of marks, with what `revive` makes of a mark and its content. */
const unmark =
  (revive: (mark: string, content: unknown, path: readonly Key[]) => unknown) =>
  (box: Box, path: readonly Key[]): unknown => {
    const mark = markOf(box)
    if (!mark) return box
    return mark[1] === '$' ? { [mark.slice(1)]: box[mark] } : revive(mark, box[mark], path)
  }

/** What must hold before content is unpacked: what would cost too much, or be forgiven. */
const checks: Readonly<Record<string, ((content: never) => boolean) | undefined>> = {
  $bigint: (text: string) => /^-?\d{1,10000}$/.test(text),
  $map: (list: unknown[]) => list.every((pair) => Array.isArray(pair) && pair.length === 2),
  $file: (n: unknown) => Number.isSafeInteger(n),
}

/**
 * The value that `toWire` was given, from parsed JSON; the very same reference when nothing in it is marked. Fit for
 * hostile input: throws CodecError for a key `__proto__`, a mark with the wrong content, more than 100 levels, 100,000
 * values or 10,000 digits.
 */
export const fromWire = (json: unknown, { file, maxNodes = 100_000 }: ReviveOptions = {}): unknown => {
  let nodes = 0
  const count = (value: unknown, path: readonly Key[]) =>
    ++nodes > maxNodes ? refuse(`more than ${maxNodes} values`, path) : value
  const revive = (mark: string, content: unknown, path: readonly Key[]): unknown => {
    try {
      if (checks[mark]?.(content as never) ?? true) {
        const [, pack, unpack] = kindOf(mark)!
        if (!pack) return file!(content as number)
        const value = unpack!(content as never)
        // What packs to something else was not packed by us: one rule for odd dates, loose base64, hexadecimal…
        const again = pack(value as never)
        if (Array.isArray(again) ? Array.isArray(content) : again === content) return value
      }
    } catch {}
    return refuse(`bad ${mark}`, path)
  }
  return walk(json, count, unmark(revive))
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

/**
 * The same for clients, whose own server has written the text: of any number of values, and no mark's content is looked
 * at twice. Throws anything for text that cannot be read.
 */
export const decodeAnswer = (text: string): unknown =>
  walk(
    JSON.parse(text),
    (value) => value,
    unmark((mark, content) => kindOf(mark)![2]!(content as never)),
  )
