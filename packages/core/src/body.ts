/**
 * From the bytes of a request and its Content-Type to a value. `request.ts` calls it once for each body, after the
 * door has counted the bytes; the schema comes later and belongs to the action, never to the media type.
 * Source: RFC 9110 §8.3 (media types), §8.4 (codings); RFC 7578 and RFC 2046 §5.1 (multipart).
 */
import { Buffer } from 'node:buffer'
import { IgniterError } from './error.js'
import { parseJson } from './json.js'
import { parseForm } from './query.js'

/** A Content-Type, taken apart. Everything but the boundary is in lower case. */
export interface MediaType {
  /** `application/json`, without parameters. */
  readonly type: string
  readonly charset: string | null
  readonly boundary: string | null
}

/** Codings of a body that `inflate` undoes. */
export type ContentCoding = 'gzip' | 'deflate' | 'br'

const maxFields = 1000
const maxHeaderLength = 1024
const refusedNames = new Set(['__proto__', 'constructor', 'prototype'])
const accepted =
  'application/json, application/x-www-form-urlencoded, multipart/form-data, text/plain or application/octet-stream'

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const typeRule = new RegExp(`^[ \\t]*(${token}/${token})[ \\t]*`)
const quoted =
  '"(?:[\\t \\u0021\\u0023-\\u005b\\u005d-\\u007e\\u0080-\\u00ff]|\\\\[\\t\\u0020-\\u007e\\u0080-\\u00ff])*"'
const parameterRule = new RegExp(`;[ \\t]*(?:(${token})=(${token}|${quoted}))?[ \\t]*`, 'y')
// RFC 2046 allows fewer; what matters is that it can stand between quotes as it is.
const boundaryRule = /^[\u0020\u0021\u0023-\u005b\u005d-\u007e]{0,69}[\u0021\u0023-\u005b\u005d-\u007e]$/

/** The media type of a Content-Type header; null when absent, malformed, longer than 1,024 characters, or several at once. */
export function mediaType(header: string | null): MediaType | null {
  if (header === null || header.length > maxHeaderLength) return null
  const head = typeRule.exec(header)
  if (head === null) return null
  const parameters = new Map<string, string>()
  for (let at = head[0].length; at < header.length; at = parameterRule.lastIndex) {
    parameterRule.lastIndex = at
    const match = parameterRule.exec(header)
    if (match === null) return null
    const [, name, value] = match
    if (name === undefined || value === undefined) continue
    const key = name.toLowerCase()
    // Two readers could each take another one: refused, as two types would be.
    if (parameters.has(key)) return null
    parameters.set(key, value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value)
  }
  return {
    type: (head[1] as string).toLowerCase(),
    charset: parameters.get('charset')?.toLowerCase() ?? null,
    boundary: parameters.get('boundary') ?? null,
  }
}

/**
 * The value of a body: JSON as it is, forms as null-prototype records in which repeated fields are lists, text as a
 * string, bytes as a Uint8Array of their own. Only multipart gives a promise. An empty body is `undefined`, unless its
 * type has a meaning for it (no text, no bytes, a form without fields). Throws or rejects with UNSUPPORTED_MEDIA_TYPE
 * for any other type or charset, and with BAD_REQUEST for what is malformed.
 */
export function parseBody(bytes: Uint8Array, contentType: string | null): unknown {
  // The two spellings that most clients send, ours included, are spared the parsing.
  if (contentType === 'application/json' || contentType === 'application/json; charset=utf-8') {
    return bytes.length === 0 ? undefined : parseJson(decodeUtf8(bytes))
  }
  const media = mediaType(contentType)
  switch (media?.type) {
    case 'text/plain':
      return decodeUtf8(bytes, media.charset)
    case 'application/octet-stream':
      return ownBytes(bytes)
    case 'application/x-www-form-urlencoded':
      return parseForm(decodeUtf8(bytes, media.charset))
  }
  if (bytes.length === 0) return undefined
  switch (media?.type) {
    case 'application/json':
      return parseJson(decodeUtf8(bytes, media.charset))
    case 'multipart/form-data':
      return parseMultipart(bytes, media.boundary)
  }
  throw unsupported(
    media === null
      ? `The Content-Type is ${contentType === null ? 'missing' : 'malformed'}.`
      : `The Content-Type ${media.type.slice(0, 100)} is not accepted.`,
    `Send ${accepted}.`,
  )
}

/**
 * The coding to undo before parsing; null for none. Throws UNSUPPORTED_MEDIA_TYPE for any unless `inflateEnabled`, and
 * always for an unknown one or several on top of each other.
 */
export function checkContentEncoding(header: string | null, inflateEnabled: boolean): ContentCoding | null {
  if (header === null) return null
  const coding = header.trim().toLowerCase()
  if (coding === '' || coding === 'identity') return null
  if (!inflateEnabled)
    throw unsupported('Compressed bodies are not accepted.', 'Send the body without Content-Encoding.')
  if (coding === 'gzip' || coding === 'x-gzip') return 'gzip'
  if (coding === 'deflate' || coding === 'br') return coding
  throw unsupported('The Content-Encoding is not accepted.', 'Send one of gzip, deflate or br, once.')
}

/** Undoes a coding. Rejects with PAYLOAD_TOO_LARGE beyond `limit` bytes of result, as soon as they are passed, and with BAD_REQUEST for corrupt data. */
export async function inflate(bytes: Uint8Array, coding: ContentCoding, limit: number): Promise<Uint8Array> {
  const zlib = await import('node:zlib')
  // The three have the same overloads, but TypeScript cannot call a union of overloads.
  const undo: typeof zlib.gunzip = { gzip: zlib.gunzip, deflate: zlib.inflate, br: zlib.brotliDecompress }[coding]
  const tooLarge = () =>
    new IgniterError({
      code: 'PAYLOAD_TOO_LARGE',
      message: `The body is larger than ${limit} bytes when decompressed. Send less at once.`,
    })
  return new Promise((resolve, reject) => {
    // zlib refuses a bound of 0, so the last word is ours.
    undo(bytes, { maxOutputLength: Math.max(1, limit) }, (error, result) => {
      if (error === null && result.length <= limit) return resolve(result)
      if (error === null || (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return reject(tooLarge())
      reject(badRequest(`The body is not valid ${coding} data.`, 'Compress it whole, or send it as it is.', error))
    })
  })
}

/** Text of UTF-8 bytes, without a byte order mark. Throws BAD_REQUEST for invalid bytes, UNSUPPORTED_MEDIA_TYPE for another charset. */
export function decodeUtf8(bytes: Uint8Array, charset: string | null = null): string {
  if (charset !== null && charset !== 'utf-8' && charset !== 'utf8') {
    throw unsupported('The charset of the body is not accepted.', 'Send it as UTF-8.')
  }
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = buffer.toString('utf8')
  // Buffer is several times as fast as TextDecoder but puts U+FFFD for what is invalid; it may also have been sent.
  if (text.includes('\ufffd')) {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      throw badRequest('The body is not valid UTF-8.', 'Encode it as UTF-8, or send it as application/octet-stream.')
    }
  }
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** A door's bytes may lie in a slab together with other people's, which `body.buffer` would show. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  const isAlone = bytes.byteLength === bytes.buffer.byteLength
  return isAlone ? new Uint8Array(bytes.buffer, 0, bytes.byteLength) : new Uint8Array(bytes)
}

async function parseMultipart(bytes: Uint8Array, boundary: string | null): Promise<Record<string, unknown>> {
  if (boundary === null || !boundaryRule.test(boundary)) {
    throw badRequest('The Content-Type has no valid boundary.', 'Let FormData write the header, or add boundary=….')
  }
  if (hasTooManyParts(bytes, boundary)) {
    throw badRequest(`The form has more than ${maxFields} fields.`, 'Send fewer.')
  }
  let form: FormData
  try {
    // Written anew, so that the runtime's parser cannot read another boundary from the header than we did.
    const headers = { 'content-type': `multipart/form-data; boundary="${boundary}"` }
    form = await new Response(bytes as Uint8Array<ArrayBuffer>, { headers }).formData()
  } catch (error) {
    throw badRequest(
      'The body is not a valid multipart form.',
      'Each part begins with the boundary and names its field; the last boundary ends with "--".',
      error,
    )
  }
  const record: Record<string, unknown> = Object.create(null)
  for (const [name, value] of form) {
    if (refusedNames.has(name)) continue
    const before = record[name]
    if (before === undefined) record[name] = value
    else if (Array.isArray(before)) before.push(value)
    else record[name] = [before, value]
  }
  return record
}

/** Counted before the parser makes an object of each: as many delimiters as fields, and the one that closes. */
function hasTooManyParts(bytes: Uint8Array, boundary: string): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const delimiter = `--${boundary}`
  let count = 0
  for (let at = buffer.indexOf(delimiter); at !== -1; at = buffer.indexOf(delimiter, at + delimiter.length)) {
    if (++count > maxFields + 1) return true
  }
  return false
}

const unsupported = (what: string, mend: string): IgniterError =>
  new IgniterError({ code: 'UNSUPPORTED_MEDIA_TYPE', message: `${what} ${mend}` })

const badRequest = (what: string, mend: string, cause?: unknown): IgniterError =>
  new IgniterError({ code: 'BAD_REQUEST', message: `${what} ${mend}`, cause })
