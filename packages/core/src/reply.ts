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
  'no-cache, no-transform',
  'x-accel-buffering',
  'no',
]

/** The reply of a call that has ended. Throws for data that cannot be sent. */
export function toReply(call: Call): Reply {
  const { answer, returned } = call
  if (returned?.kind === 'push') return streamReply(call, returned.push)
  if (returned?.kind === 'response') return responseReply(call, returned.response)
  if (answer?.failure) return failureReply(answer.failure, call.request.id, call.isRpc, answer.headers)
  const kind = returned === null ? (answer?.kind ?? 'none') : 'envelope'
  const status = call.statusCode
  const headers = answer === null ? null : answer.headers
  if (call.isRpc) return rpcReply(call, status, kind, headers)
  switch (kind) {
    case 'empty':
      return { status, headers: withOwn(noHeaders, headers), body: null }
    case 'json':
      return { status, headers: withOwn(jsonHeaders, headers), body: JSON.stringify(toPlain(call.data)) ?? 'null' }
    case 'text':
      return { status, headers: withOwn(textHeaders, headers), body: String(call.data) }
    case 'html':
      return { status, headers: withOwn(htmlHeaders, headers), body: String(call.data) }
    default:
      if (hasNoBody(status)) return { status, headers: withOwn(noHeaders, headers), body: null }
      return { status, headers: withOwn(jsonHeaders, headers), body: envelope(JSON.stringify(toPlain(call.data))) }
  }
}

/** The reply to a request that was refused, whether or not it got as far as a call. */
export function failureReply(
  error: IgniterError,
  requestId: string,
  isRpc: boolean,
  own: readonly string[] | null = null,
): Reply {
  const { code, message, details, status, retryAfterSeconds } = error
  const shown = { code, message, details, requestId: status >= 500 ? requestId : undefined }
  const text = isRpc ? wireError(shown) : JSON.stringify({ data: null, error: toPlain(shown) })
  const headers = withOwn(isRpc ? rpcHeaders : jsonHeaders, own)
  if (retryAfterSeconds === undefined) return { status, headers, body: text }
  return { status, headers: [...headers, 'retry-after', String(Math.max(0, Math.ceil(retryAfterSeconds)))], body: text }
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
  const headers = withOwn(rpcHeaders, own)
  const { cursor } = call
  const withCursor = cursor === null ? headers : [...headers, cursorHeader, cursor]
  if (kind === 'empty') return { status: status < 300 ? status : 204, headers: withCursor, body: null }
  return { status, headers: withCursor, body: envelope(JSON.stringify(toWire(call.data))) }
}

function responseReply(call: Call, response: Response): Reply {
  const headers: string[] = []
  for (const [name, value] of response.headers) headers.push(name, value)
  if (call.isRpc) headers.push(rawHeader, '1', 'cache-control', 'no-store')
  return { status: response.status, headers: withOwn(headers, call.answer?.headers ?? null), body: response.body }
}

// By hand: data is stringified alone, so that a large answer is not walked twice.
const envelope = (data: string | undefined): string => `{"data":${data ?? 'null'},"error":null}`

/** Details may be anything that a handler said; what cannot travel must not hide the error itself. */
function wireError(error: { readonly details: unknown }): string {
  try {
    return `{"data":null,"error":${encode(dropUndefined(error))}}`
  } catch {
    return JSON.stringify({ data: null, error: { ...error, details: undefined } })
  }
}

const dropUndefined = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

const withOwn = (headers: string[], own: readonly string[] | null): string[] =>
  own === null || own.length === 0 ? headers : merge(headers, own)

/** What the handler said wins over ours of the same name. */
function merge(headers: readonly string[], own: readonly string[]): string[] {
  const names = new Set<string>()
  for (let i = 0; i < own.length; i += 2) names.add(own[i] as string)
  const merged: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if (!names.has(headers[i] as string)) merged.push(headers[i] as string, headers[i + 1] as string)
  }
  return merged.concat(own)
}

const hasNoBody = (status: number): boolean => status === 204 || status === 205 || status === 304
