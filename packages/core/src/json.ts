/**
 * JSON that strangers wrote: bounded in depth, without keys that poison prototypes, and with errors that say where
 * without repeating what was sent. `body.ts` calls it; so may whoever else reads JSON from outside.
 * Source: RFC 8259; V8, JavaScriptCore and SpiderMonkey word their errors differently, so none of theirs is shown.
 */
import { IgniterError } from './error.js'

const maxDepth = 100
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * The value of a JSON text. Throws BAD_REQUEST for text that is malformed or nests deeper than 100.
 *
 * Keys called `__proto__` are dropped: JSON.parse makes them plain properties, but the next `Object.assign` or merge
 * would set a prototype. `constructor` and `prototype` are names that data may have, and a copy of them only shadows;
 * together, as `{ "constructor": { "prototype": … } }`, they lead a recursive merge to Object.prototype, so that one
 * `constructor` is dropped too.
 */
export function parseJson(text: string): unknown {
  const tooDeep = firstTooDeep(text)
  if (tooDeep !== -1) {
    throw new IgniterError({
      code: 'BAD_REQUEST',
      message: `The body nests deeper than ${maxDepth} levels at ${place(text, tooDeep)}. Send flatter JSON.`,
    })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const fault = firstFault(text)
    const what = fault < text.length ? 'the fault is at' : 'it ends too early, at'
    throw new IgniterError({
      code: 'BAD_REQUEST',
      message: `The body is not valid JSON: ${what} ${place(text, fault)}. Send well-formed JSON.`,
    })
  }
  if (mayPoison(text)) dropPoison(value)
  return value
}

/** Where the bracket stands that opens level 101; -1 when there is none. */
function firstTooDeep(text: string): number {
  if (!hasManyBrackets(text)) return -1
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === 92) at++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 123 || code === 91) {
      if (++depth > maxDepth) return at
    } else if (code === 125 || code === 93) depth--
  }
  return -1
}

/** Most bodies are too short or too plain to be deep, and are spared the walk. */
function hasManyBrackets(text: string): boolean {
  if (text.length <= maxDepth) return false
  let count = 0
  for (const bracket of '{[') {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > maxDepth) return true
    }
  }
  return false
}

/** Any letter of these names may also be written as an escape, \u00xx. */
const mayPoison = (text: string): boolean =>
  text.includes('__proto__') || text.includes('"constructor"') || text.includes('\\u00')

function dropPoison(root: unknown): void {
  const pending = [root]
  while (pending.length > 0) {
    const value = pending.pop()
    if (typeof value !== 'object' || value === null) continue
    if (Array.isArray(value)) {
      for (const item of value) pending.push(item)
      continue
    }
    const record = value as Record<string, unknown>
    for (const key of Object.keys(record)) {
      if (key === '__proto__' || (key === 'constructor' && hasPrototype(record[key]))) delete record[key]
      else pending.push(record[key])
    }
  }
}

const hasPrototype = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')

/** For people: lines and characters count from 1. */
function place(text: string, at: number): string {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', start)) {
    line++
    start = end + 1
  }
  return `line ${line}, character ${at - start + 1}`
}

/** Where a text stops being JSON; its length when only something is missing at the end. Runs for refused texts only. */
function firstFault(text: string): number {
  const closers: number[] = []
  let expected: 'value' | 'key' | 'colon' | 'rest' = 'value'
  // Just after an opening bracket its closing one may follow, after a comma it may not.
  let mayClose = false
  for (let at = afterSpace(text, 0); ; at = afterSpace(text, at)) {
    if (at >= text.length) return text.length
    const code = text.charCodeAt(at)
    const closer = closers.at(-1)
    if (code === closer && (mayClose || expected === 'rest')) {
      closers.pop()
      expected = 'rest'
      mayClose = false
      at++
    } else if (expected === 'rest') {
      if (code !== 44 || closer === undefined) return at
      expected = closer === 125 ? 'key' : 'value'
      at++
    } else if (expected === 'colon') {
      if (code !== 58) return at
      expected = 'value'
      at++
    } else if (expected === 'value' && (code === 123 || code === 91)) {
      closers.push(code + 2)
      expected = code === 123 ? 'key' : 'value'
      mayClose = true
      at++
    } else {
      if (expected === 'key' && code !== 34) return at
      const [end, whole] = scalarEnd(text, at, code)
      if (!whole) return end
      expected = expected === 'key' ? 'colon' : 'rest'
      mayClose = false
      at = end
    }
  }
}

function afterSpace(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); code === 32 || code === 9 || code === 10 || code === 13; ) {
    code = text.charCodeAt(++at)
  }
  return at
}

/** Where the string, number or word at `from` ends and whether it is whole; if not, where its fault is. */
function scalarEnd(text: string, from: number, code: number): [end: number, whole: boolean] {
  if (code === 34) {
    for (let at = from + 1; at < text.length; at++) {
      const here = text.charCodeAt(at)
      if (here === 34) return [at + 1, true]
      if (here < 32) return [at, false]
      if (here !== 92) continue
      escape.lastIndex = at
      if (!escape.test(text)) return [at, false]
      at = escape.lastIndex - 1
    }
    return [text.length, false]
  }
  scalar.lastIndex = from
  return scalar.test(text) ? [scalar.lastIndex, true] : [from, false]
}
