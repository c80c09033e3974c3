/**
 * Query strings and urlencoded bodies: names and values, and nothing else. No brackets, no dots, no types; coercion by
 * schema comes later (coercion.ts). Called by input.ts and body.ts. Source: WHATWG URL, application/x-www-form-urlencoded.
 */
import { IgniterError } from './error.js'

/**
 * An object without a prototype, for names that strangers chose: no name means anything in it. V8 keeps it fast, where it
 * makes every `Object.create(null)` a hash table, three times as dear to fill and read.
 */
export const createFields = <T>(): Record<string, T> => Object.setPrototypeOf({}, null)

const maxPairs = 1000

/**
 * The fields of a query string, with or without its `?`. A repeated name gives an array; a name without `=` gives an
 * empty text; `__proto__`, `constructor` and `prototype` are dropped. The object has no prototype. Throws BAD_REQUEST
 * beyond 1,000 pairs and for a malformed percent escape.
 */
export const parseQuery = (search: string): Record<string, string | string[]> =>
  parse(search, search.charCodeAt(0) === 63 ? 1 : 0, 'query')

/** The fields of an urlencoded body, by the same rules: at most 1,000. */
export const parseForm = (text: string): Record<string, string | string[]> => parse(text, 0, 'body')

function parse(text: string, start: number, part: 'query' | 'body'): Record<string, string | string[]> {
  const fields = createFields<string | string[]>()
  const isPlain = !text.includes('%') && !text.includes('+')
  let pairs = 0
  let from = start
  while (from < text.length) {
    let end = text.indexOf('&', from)
    if (end === -1) end = text.length
    if (end > from) {
      if (++pairs > maxPairs) {
        throw new IgniterError({
          code: 'BAD_REQUEST',
          message: `The ${part} has more than ${maxPairs} fields. Send fewer${part === 'query' ? ', or a body' : ', or JSON'}.`,
        })
      }
      let equals = text.indexOf('=', from)
      if (equals === -1 || equals > end) equals = end
      const rawName = text.slice(from, equals)
      const rawValue = text.slice(equals + 1, end)
      const name = isPlain ? rawName : unescape(rawName, rawName, part)
      add(fields, name, isPlain ? rawValue : unescape(rawValue, name, part))
    }
    from = end + 1
  }
  return fields
}

function add(fields: Record<string, string | string[]>, name: string, value: string): void {
  if (name === '__proto__' || name === 'constructor' || name === 'prototype') return
  const before = fields[name]
  if (before === undefined) fields[name] = value
  else if (typeof before === 'string') fields[name] = [before, value]
  else before.push(value)
}

function unescape(text: string, name: string, part: 'query' | 'body'): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    const field = name.slice(0, 100)
    const message = 'holds a malformed percent escape. Encode it as UTF-8, for example with encodeURIComponent.'
    throw new IgniterError({
      code: 'BAD_REQUEST',
      message: `The ${part} field "${field}" ${message}`,
      details: [{ in: part, path: field, message }],
    })
  }
}
