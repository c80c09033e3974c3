/**
 * Header fields: the read-only view that handlers see, and the rules for what we write.
 * Source: RFC 9110 §5 (field names are tokens; values hold no CR, LF or NUL).
 */
import { IgniterError } from './error.js'

/** The request's headers, read-only. `request.raw.headers` is the WHATWG object, for libraries that insist on one. */
export interface RequestHeaders extends Iterable<[string, string]> {
  /** The value, repeated fields joined as HTTP says; null when absent. Names are case-insensitive. */
  get(name: string): string | null
  has(name: string): boolean
  entries(): IterableIterator<[string, string]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
  forEach(fn: (value: string, name: string) => void): void
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const forbidden = /[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/

/** RFC 9112 §6: with a second opinion on them, clients would take the next answer for a part of this one. */
const framing: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/** Refuses a header, its name in lower case, that could split a response or that HTTP cannot carry. */
export function checkHeader(name: string, value: string): void {
  if (!token.test(name)) {
    throw new IgniterError({
      code: 'INTERNAL_SERVER_ERROR',
      message: `setHeader: ${JSON.stringify(name)} is not a header name. Use letters, digits and hyphens.`,
    })
  }
  if (framing.has(name)) {
    throw new IgniterError({
      code: 'INTERNAL_SERVER_ERROR',
      message: `setHeader: "${name}" says where the message ends, which the server writes itself. Leave it out.`,
    })
  }
  if (forbidden.test(value)) {
    throw new IgniterError({
      code: 'INTERNAL_SERVER_ERROR',
      message: `setHeader: the value of "${name}" holds a line end, a control character or a character outside Latin-1. Encode it, for example with encodeURIComponent.`,
    })
  }
}
