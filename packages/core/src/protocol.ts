/**
 * What server and client share at run time, exported as `@igniter-js/core/protocol`: the codec, the addresses and names
 * under `/~/`, the realtime frames, and the rules for keys and cursors. Tiny, without imports but the codec.
 *
 * Calls: `GET /~/posts.list?input=<encode({ params, query })>` for a query; for a mutation `POST` with the JSON
 * body `encode({ params, query, body })`, or, when the input holds files, multipart with that text in the field
 * `input` and each file `{ "$file": n }` in a field named by its number.
 */
import { decodeAnswer, encode } from './codec.js'

export { CodecError, decode, decodeAnswer, encode, fromWire, toWire } from './codec.js'
export type { FileCollector, ReviveOptions } from './codec.js'

/** Every address of the protocol is the base path, then this; no route of an application may begin with `/~`. */
export const rpcPrefix = '/~/'

/** The realtime endpoint behind the base path; a connection's own address is this, `/` and its id. */
export const realtimePath = '/~/realtime'

/** The query parameter of a query call and the multipart field of a mutation call that hold the encoded input. */
export const inputField = 'input'

/** On the answer to a mutation: the event that the caller need not wait for, see `formatRevalidateHeader`. */
export const revalidateHeader = 'igniter-revalidate'

/** On the answer to a query under `/~/`: the position in the log that was known before the handler ran. */
export const cursorHeader = 'igniter-cursor'

/** On an answer under `/~/` whose body is the handler's own `Response` and no envelope: `1`. */
export const rawHeader = 'igniter-raw'

/** A key as applications write it: `'posts'` (the controller), `'posts.list'`, or one with the input it is about. */
export type RevalidateKey =
  | string
  | {
      readonly key: string
      /** Only queries with these params, compared as text. */
      readonly params?: Readonly<Record<string, unknown>>
      /** Only queries whose query holds these fields with equal values. */
      readonly query?: Readonly<Record<string, unknown>>
    }

/** The names of the frames, which are the SSE `event` fields. Their data is the frame, by the codec. */
export const realtimeEvents = { ready: 'ready', revalidate: 'revalidate', message: 'message', reset: 'reset' } as const

/** Milliseconds between the heartbeats of a connection, unless `ready` says others. */
export const defaultHeartbeat = 15_000

/** What was asked for and given, and what was not. */
export interface Grants {
  readonly granted: readonly string[]
  readonly denied: readonly string[]
}

/** The first frame. `connection` is a secret: whoever holds it, and the identity, may change the subscriptions. */
export interface ReadyFrame {
  readonly connection: string
  readonly scopes: Grants
  readonly channels: Grants
  /** Milliseconds between heartbeats, where they are not the default. Who hears nothing for longer has lost the connection. */
  readonly heartbeat?: number
}

/** Refetch what matches `keys`. */
export interface RevalidateFrame {
  readonly keys: readonly RevalidateKey[]
}

/** What somebody published on `channel`. */
export interface MessageFrame {
  readonly channel: string
  readonly event?: string
  readonly data: unknown
}

/**
 * Why everything shown must be fetched again: the log no longer covers what the client missed (`gap`), the log began
 * anew (`epoch`), or there is more to replay than one connection may hold (`backlog`).
 */
export type ResetReason = 'gap' | 'epoch' | 'backlog'

/** Events may have been missed: refetch everything shown. Clients must take reasons that they don't know. */
export interface ResetFrame {
  readonly reason: ResetReason
}

/** What a query was called with, as far as keys can ask for it. */
export interface KeyInput {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether `value`, from wherever it came, has the shape of a key. */
export function isRevalidateKey(value: unknown): value is RevalidateKey {
  const { key = value, params = {}, query = {} } = Object(value)
  return typeof key === 'string' && key !== '' && isRecord(params) && isRecord(query)
}

/** The part of a key that says which queries it is about: `posts`, or `posts.list`. */
export const nameOf = (key: RevalidateKey): string => Object(key).key ?? key

/** Two values are equal when the codec sends the same for them, whatever the order of their keys. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const prototype = Object.getPrototypeOf(a)
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (!Array.isArray(a) && prototype !== Object.prototype && prototype !== null) return encode(a) === encode(b)
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key as never], b[key as never]))
  )
}

const own = (record: Readonly<Record<string, unknown>> | undefined, name: string): unknown =>
  record && Object.hasOwn(record, name) ? record[name] : undefined

const holds = (
  input: Readonly<Record<string, unknown>> | undefined,
  wanted: Readonly<Record<string, unknown>> | undefined,
  isSame: (a: unknown, b: unknown) => boolean,
): boolean => Object.keys(wanted ?? {}).every((name) => isSame(own(input, name), own(wanted, name)))

/**
 * Whether `key` is about this query. By segment: `posts` is every action of the controller, `posts.list` exactly that
 * one and never `posts.listAll`. An object's params and query must all be in `input`, which may hold more.
 */
export function keyMatches(key: RevalidateKey, controller: string, action: string, input?: KeyInput): boolean {
  const name = nameOf(key)
  if (name !== controller && name !== `${controller}.${action}`) return false
  if (typeof key === 'string') return true
  return (
    holds(input?.params, key.params, (a, b) => a !== undefined && String(a) === String(b)) &&
    holds(input?.query, key.query, isEqual)
  )
}

/** A position in the log. */
export interface Cursor {
  /** Which life of the log this counts in; positions of different epochs cannot be compared. 1–16 of `0-9a-z`. */
  readonly epoch: string
  /** One number, or two where the log counts within milliseconds: whole, from 0, of at most 15 digits. */
  readonly position: readonly [number] | readonly [number, number]
}

// Fifteen digits are exact as numbers. No leading zeros: they would give one position two names.
const cursorPattern = /^([0-9a-z]{1,16})\.(0|[1-9]\d{0,14})(?:-(0|[1-9]\d{0,14}))?$/

/** Reads `<epoch>.<n>` or `<epoch>.<ms>-<n>`; null for anything else, whoever sent it. */
export function parseCursor(text: string): Cursor | null {
  const match = cursorPattern.exec(text)
  if (!match) return null
  const [, epoch, first, second] = match
  return {
    epoch: epoch!,
    position: second === undefined ? [Number(first)] : [Number(first), Number(second)],
  }
}

/** Writes a cursor, at most 48 characters of ASCII. Throws RangeError for an epoch or a number that none could read. */
export function formatCursor(epoch: string, ...position: Cursor['position']): string {
  const text = `${epoch}.${position.join('-')}`
  if (!cursorPattern.test(text)) {
    throw new RangeError(
      `formatCursor: "${text}" is no cursor. The epoch is 1–16 of 0-9 and a-z, the numbers are whole, of at most 15 digits.`,
    )
  }
  return text
}

/** Below zero when `a` is before `b`, 0 when equal; null when they are of different epochs or kinds, or nonsense. */
export function compareCursors(a: string, b: string): number | null {
  const [, epoch, first, second] = cursorPattern.exec(a) ?? []
  const [, otherEpoch, otherFirst, otherSecond] = cursorPattern.exec(b) ?? []
  if (!epoch || epoch !== otherEpoch || !second !== !otherSecond) return null
  return +first! - +otherFirst! || +second! - +otherSecond! || 0
}

/** What a mutation's answer says about revalidation. */
export interface RevalidateNotice {
  /** The event's id in the log, which the caller's own connection then ignores. */
  readonly id: string
  /** The keys that the caller may know of, to be refetched at once. */
  readonly keys: readonly RevalidateKey[]
}

// Clients give up on heads beyond 16 KiB, and the mutation has succeeded: rather refetch too much.
const maxNoticeLength = 4096

/**
 * The header's value: `{"id":…,"keys":[…]}` by the codec, in ASCII. Beyond 4,096 characters the keys lose their params
 * and query, and then their actions, so that more is refetched and nothing is missed. Throws CodecError like `encode`.
 */
export function formatRevalidateHeader({ id, keys }: RevalidateNotice): string {
  const names = keys.map(nameOf)
  let text = ''
  for (const shown of [keys, [...new Set(names)], [...new Set(names.map((name) => name.split('.')[0]!))]]) {
    text = encode({ id, keys: shown }).replace(
      /[\u007f-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    if (text.length <= maxNoticeLength) break
  }
  return text
}

/**
 * The notices that an answer carries; none when the header is absent or nonsense. Several headers, one for each
 * `revalidate`, are joined by commas on their way, which makes them the items of a list. Never throws.
 */
export function parseRevalidateHeader(text: string | null | undefined): RevalidateNotice[] {
  try {
    return (decodeAnswer(`[${text}]`) as RevalidateNotice[]).filter(
      (notice) => typeof notice?.id === 'string' && notice.keys.every((key) => typeof nameOf(key) === 'string'),
    )
  } catch {
    return []
  }
}
