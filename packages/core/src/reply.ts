/**
 * From a finished call to the reply that its door writes: the envelope, its headers, and the forms without envelope.
 * Called by dispatch.ts.
 */
import type { Call } from './call.js'
import { encode, toPlain, toWire } from './codec.js'
import type { IgniterError } from './error.js'
import type { Push, Reply } from './exchange.js'
import { cursorHeader, rawHeader } from './protocol.js'

// Shared by all replies that need nothing else: doors and CORS copy, never change them.
const jsonHeaders: string[] = ['content-type', 'application/json; charset=utf-8']
const rpcHeaders: string[] = [...jsonHeaders, 'cache-control', 'no-store']
const textHeaders: string[] = ['content-type', 'text/plain; charset=utf-8']
const htmlHeaders: string[] = ['content-type', 'text/html; charset=utf-8']
const noHeaders: string[] = []
/** Proxies must neither change nor hold back an event stream. */
const streamHeaders: string[] = [
  'content-type',
  'text/event-stream; charset=utf-8',
  'cache-control',
  'no-cache, no-store, no-transform',
  'x-accel-buffering',
  'no',
]

/** The reply of a call that has ended. Throws for data that cannot be sent. */
export function toReply(call: Call): Reply {
  const { answer, returned } = call
  if (returned?.kind === 'push') return streamReply(call, returned.push)
  if (returned?.kind === 'response') return responseReply(call, returned.response)
  const status = call.statusCode
  if (answer?.failure) return failureReply(answer.failure, call.request.id, call.isRpc, answer.headers, status)
  const kind = returned === null ? (answer?.kind ?? 'none') : 'envelope'
  const headers = answer === null ? null : answer.headers
  if (call.isRpc) return rpcReply(call, status, kind, headers)
  if (hasNoBody(status)) return { status, headers: withOwn(noHeaders, headers), body: null }
  switch (kind) {
    case 'empty':
      return { status, headers: withOwn(noHeaders, headers), body: null }
    case 'json':
      return { status, headers: withOwn(jsonHeaders, headers), body: toText(call.data) }
    case 'text':
      return { status, headers: withOwn(textHeaders, headers), body: String(call.data) }
    case 'html':
      return { status, headers: withOwn(htmlHeaders, headers), body: String(call.data) }
    default:
      return { status, headers: withOwn(jsonHeaders, headers), body: envelope(toText(call.data)) }
  }
}

/** The reply to a request that was refused, whether or not it got as far as a call. */
export function failureReply(
  error: IgniterError,
  requestId: string,
  isRpc: boolean,
  own: readonly string[] | null = null,
  status: number = error.status,
): Reply {
  const { code, message, details, retryAfterSeconds } = error
  const shown = { code, message, details, requestId: status >= 500 ? requestId : undefined }
  const kept = own === null ? null : without(own, status >= 500 || isRpc ? describingOrCaching : describing)
  const headers = withOwn(isRpc ? rpcHeaders : jsonHeaders, kept)
  const body = `{"data":null,"error":${isRpc ? errorText(shown, encode) : errorText(shown, toText)}}`
  if (retryAfterSeconds === undefined) return { status, headers, body }
  return { status, headers: [...headers, 'retry-after', String(Math.max(0, Math.ceil(retryAfterSeconds)))], body }
}

/** The head of an event stream without its events: for HEAD. */
export const streamHead = (call: Call): Reply => ({
  status: 200,
  headers: withOwn(streamHeaders, call.answer?.headers ?? null),
  body: null,
})

function streamReply(call: Call, push: Push): Reply {
  return { status: 200, headers: withOwn(streamHeaders, call.answer?.headers ?? null), body: push }
}

/** Under `/~/` everything but streams and WHATWG responses travels in the envelope, redirects and 204 included. */
function rpcReply(call: Call, status: number, kind: string, own: readonly string[] | null): Reply {
  const headers = withOwn(rpcHeaders, own === null ? null : without(own, describingOrCaching))
  const { cursor } = call
  const withCursor = cursor === null ? headers : [...headers, cursorHeader, cursor]
  if (hasNoBody(status)) return { status, headers: withCursor, body: null }
  if (kind === 'empty') return { status: status < 300 ? status : 204, headers: withCursor, body: null }
  return { status, headers: withCursor, body: envelope(JSON.stringify(toWire(call.data))) }
}

/** A handler's own WHATWG response, with what was said by `response` besides. */
function responseReply({ route, isRpc, cursor, answer }: Call, response: Response): Reply {
  const { status, body, url } = response
  if (status < 200) throw new Error(`${route.key}: a Response of status ${status} cannot be sent.`)
  if (response.bodyUsed || body?.locked) {
    throw new Error(`${route.key}: the Response that was returned has been read. Return it unread, or a clone of it.`)
  }
  const given: string[] = []
  for (const [name, value] of response.headers) given.push(name, value)
  let headers = without(given, body === null ? hopByHopOrLength : hopByHop)
  // What `fetch` gave was inflated on its way.
  if (url !== '' && response.headers.has('content-encoding')) headers = without(headers, coding)
  headers = withOwn(headers, answer === null ? null : answer.headers)
  if (!isRpc) return { status, headers, body }
  headers = without(headers, caching)
  headers.push(rawHeader, '1', 'cache-control', 'no-store')
  if (cursor !== null) headers.push(cursorHeader, cursor)
  return { status, headers, body }
}

/** Data as plain JSON text. */
const toText = (data: unknown): string => JSON.stringify(isFlat(data) ? data : toPlain(data)) ?? 'null'

/** Whether an object holds nothing but texts, numbers, booleans and nulls: most small answers, which need no second look. */
function isFlat(data: unknown): boolean {
  if (typeof data !== 'object' || data === null || Object.getPrototypeOf(data) !== Object.prototype) return false
  for (const key in data) {
    const value = (data as Record<string, unknown>)[key]
    const type = typeof value
    if (type !== 'string' && type !== 'number' && type !== 'boolean' && value !== null) return false
  }
  return !Object.hasOwn(data, '__proto__')
}

// By hand: data is stringified alone, so that a large answer is not walked twice.
const envelope = (data: string | undefined): string => `{"data":${data ?? 'null'},"error":null}`

/** Details may be anything that a handler said; what cannot travel must not hide the error itself. */
function errorText(error: { readonly details: unknown }, write: (value: unknown) => string): string {
  try {
    return write(dropUndefined(error))
  } catch {
    return JSON.stringify({ ...error, details: undefined })
  }
}

const dropUndefined = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

/** Fields of one connection, not of the message (RFC 9110 §7.6.1): a response that came from elsewhere may have them. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
])
const hopByHopOrLength: ReadonlySet<string> = new Set([...hopByHop, 'content-length'])
const coding: ReadonlySet<string> = new Set(['content-encoding', 'content-length'])
/** Fields that describe the body which a handler had in mind: wrong where another one leaves. */
const describing: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-disposition',
  'content-range',
  'accept-ranges',
  'etag',
  'last-modified',
])
const caching: ReadonlySet<string> = new Set(['cache-control', 'expires'])
const describingOrCaching: ReadonlySet<string> = new Set([...describing, ...caching])

function without(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if (!names.has(headers[i] as string)) kept.push(headers[i] as string, headers[i + 1] as string)
  }
  return kept
}

const withOwn = (headers: string[], own: readonly string[] | null): string[] =>
  own === null || own.length === 0 ? headers : merge(headers, own)

/** What the handler said wins over ours of the same name; cookies are all sent. */
function merge(headers: readonly string[], own: readonly string[]): string[] {
  const names = new Set<string>()
  for (let i = 0; i < own.length; i += 2) if (own[i] !== 'set-cookie') names.add(own[i] as string)
  return without(headers, names).concat(own)
}

const hasNoBody = (status: number): boolean => status === 204 || status === 205 || status === 304
