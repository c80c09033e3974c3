/**
 * Makes anything fit for a log: a plain, bounded copy without secrets. Called by `logger.ts` for every entry.
 * Secrets are told by the name they stand under (object keys, headers, query strings, cookies, JSON inside text)
 * and by their look (bearer tokens, JWTs, passwords in URLs).
 */

const redacted = '[redacted]'

/** Bounds of a copy; what lies beyond is replaced by a note in brackets. */
const maxDepth = 10
const maxNodes = 2_000
const maxText = 8_192
const maxTextInAll = 65_536

/** Names whose values are secret, lower case, without separators. The first list matches anywhere in a name. */
const secretPart =
  /passw(?:or)?d|passphrase|passcode|secret|authorization|cookie|credential|(?:api|access|private|signing|encryption)key/
const secretEnd = /(?:tokens?|sessions?|sessionid|sessionkey|jwt|signature)$/
const secretName =
  /^(?:x?auth|bearer|pwd|pass|otp|pin|cvv|cvc|sid|connectsid|csrf|xsrf|ssn|cardnumber|connectionstring)$/

const isSecret = (name: string): boolean => {
  // A longer name is no name, and percent-encoding one letter must not hide it.
  const plain = decoded(name.slice(0, 128))
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
  return secretPart.test(plain) || secretEnd.test(plain) || secretName.test(plain)
}

const decoded = (text: string): string => {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * A copy of `value` that is safe to log: plain objects, arrays, text, numbers, booleans and null only.
 * Values under secret names (any case, dashes and underscores ignored, at any depth) become `[redacted]`, and so do
 * secrets inside text. Errors keep type, message, stack, cause and their own fields. Cycles, getters that throw, proxies
 * and what exceeds depth 10, 2,000 values, 8,192 characters a text or 65,536 in all become notes in brackets.
 * Class instances come as plain data, through their `toJSON` where they have one. Never throws.
 */
export function redact(value: unknown): unknown {
  return copy(value, { nodes: maxNodes, text: maxTextInAll, parents: new Set() })
}

interface Walk {
  /** How many more values, and characters of text, fit into the copy. */
  nodes: number
  text: number
  /** The objects that hold the one being copied: meeting one of them again is a cycle. */
  readonly parents: Set<object>
}

function copy(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
      return copyText(value, walk)
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'boolean':
      return value
    case 'bigint':
      // The text of a huge BigInt takes seconds to make.
      return BigInt.asIntN(256, value) === value ? String(value) : '[bigint]'
    case 'symbol':
      return copyText(String(value), walk)
    case 'function':
      return '[function]'
  }
  if (value === null || value === undefined) return value
  if (walk.parents.has(value)) return '[circular]'
  if (walk.parents.size >= maxDepth) return '[too deep]'
  walk.parents.add(value)
  try {
    return copyObject(value, walk)
  } catch {
    // A getter, a trap of a proxy or a toJSON threw, or the proxy is revoked.
    return '[unreadable]'
  } finally {
    walk.parents.delete(value)
  }
}

function copyObject(value: object, walk: Walk): unknown {
  if (isError(value)) return copyError(value, walk)
  if (Array.isArray(value)) return copyList(value, walk)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  switch (Object.prototype.toString.call(value)) {
    case '[object Map]':
    case '[object Headers]':
    case '[object URLSearchParams]':
    case '[object FormData]':
      return copyPairs(value as Iterable<[unknown, unknown]>, walk)
    case '[object Set]':
      return copyList(value as Set<unknown>, walk)
  }
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return copy(toJSON.call(value), walk)
  return copyFields(value, {}, walk)
}

/** Also errors of another realm. False for what throws when looked at. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
  } catch {
    return false
  }
}

function copyError(error: Error, walk: Walk): unknown {
  const out: Record<string, unknown> = {}
  for (const name of ['name', 'message', 'stack', 'cause', 'errors'] as const) {
    const read = readField(error, name, walk)
    if (read !== undefined) out[name === 'name' ? 'type' : name] = read
  }
  return copyFields(error, out, walk)
}

function copyFields(value: object, out: Record<string, unknown>, walk: Walk): unknown {
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(out, name)) continue
    if (isFull(walk)) {
      out['…'] = '[too many]'
      break
    }
    put(out, copyText(name, walk), readField(value, name, walk))
  }
  return out
}

function readField(holder: object, name: string, walk: Walk): unknown {
  try {
    const value = (holder as Record<string, unknown>)[name]
    return conceals(name, value) ? redacted : copy(value, walk)
  } catch {
    return '[unreadable]'
  }
}

function copyPairs(pairs: Iterable<[unknown, unknown]>, walk: Walk): unknown {
  const out: Record<string, unknown> = {}
  for (const [key, value] of pairs) {
    if (isFull(walk)) {
      out['…'] = '[too many]'
      break
    }
    const name = typeof key === 'string' ? key : String(copy(key, walk))
    put(out, copyText(name, walk), conceals(name, value) ? redacted : copy(value, walk))
  }
  return out
}

/** Lists may be pairs, or flat as Node's `rawHeaders`: what follows a secret name is its value. */
function copyList(list: Iterable<unknown>, walk: Walk): unknown {
  const out: unknown[] = []
  let afterSecret = false
  for (const value of list) {
    if (isFull(walk)) {
      out.push('[too many]')
      break
    }
    out.push(afterSecret ? redacted : copy(value, walk))
    afterSecret = !afterSecret && typeof value === 'string' && value.length <= 128 && isSecret(value)
  }
  return out
}

/** That there is no value, or only a flag, is worth knowing and gives nothing away. */
const conceals = (name: string, value: unknown): boolean =>
  value !== undefined && value !== null && typeof value !== 'boolean' && isSecret(name)

const isFull = (walk: Walk): boolean => --walk.nodes < 0

function put(out: Record<string, unknown>, name: string, value: unknown): void {
  // An assignment would set the prototype.
  if (name !== '__proto__') out[name] = value
}

const mayHoldSecret = /[=:]|bearer|basic|eyJ/i
const headerLine = /\b((?:proxy-)?authorization|(?:set-)?cookie)(\s*:)(?!\s*\\*["'])[^\r\n]+/gi
const bearer = /\b(bearer)\s+[\w\-.~+/=]+/gi
const basic = /\b([Bb]asic|BASIC)\s+(?=[a-z]*[\d=+/A-Z])[A-Za-z\d+/]{4,}=*/g
const jsonWebToken = /\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g
/** A name and what separates it from its value: in headers, JSON, JSON inside JSON, query strings, cookies, `util.inspect`. */
const nameBefore = /([\w.\-%[\]]{1,64})\\*["']?\s*[:=]\s*/g
const valueAfter = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\\+"(?:[^"\\]|\\+[^"\\])*|[^\s"'\\,;&<>#{}]+/y
const urlPassword = /\/\/[^\s/@:"']*:[^\s/@"']*@/g

/** `text` without the secrets that show in it, cut where the walk's bounds are reached. */
function copyText(text: string, walk: Walk): string {
  const length = Math.min(text.length, maxText, walk.text)
  walk.text -= length
  const kept = length < text.length ? `${text.slice(0, length)}… [${text.length - length} more]` : text
  if (!mayHoldSecret.test(kept)) return kept
  return concealNamed(
    kept
      .replace(headerLine, `$1$2 ${redacted}`)
      .replace(bearer, `$1 ${redacted}`)
      .replace(basic, `$1 ${redacted}`)
      .replace(jsonWebToken, redacted)
      .replace(urlPassword, `//${redacted}@`),
  )
}

/** Not one replace: the value of a harmless name is searched too, for it may be JSON or a URL that holds a secret. */
function concealNamed(text: string): string {
  let out = ''
  let end = 0
  nameBefore.lastIndex = 0
  for (let found = nameBefore.exec(text); found !== null; found = nameBefore.exec(text)) {
    if (!isSecret(found[1]!)) continue
    valueAfter.lastIndex = nameBefore.lastIndex
    if (!valueAfter.test(text)) continue
    out += text.slice(end, nameBefore.lastIndex) + redacted
    end = nameBefore.lastIndex = valueAfter.lastIndex
  }
  return out + text.slice(end)
}
