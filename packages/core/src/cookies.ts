/**
 * Cookies: what a request brought, and the Set-Cookie lines an answer carries. `request.ts` makes a RequestCookies,
 * `response.ts` calls serializeCookie, `create()` checks the secrets once with cookieSecrets.
 * Source: RFC 6265bis §4.1 (grammar, prefixes), §5.6 (limits); CHIPS for `Partitioned`.
 */
import { Buffer } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { definitionError, IgniterError } from './error.js'

/** Attributes of a cookie that is set. */
export interface CookieOptions {
  /** The host and all below it receive the cookie; left out, only the host that set it. */
  readonly domain?: string
  /** `/` unless given. */
  readonly path?: string
  /** When browsers forget the cookie; with neither this nor `maxAge` they do when they close. */
  readonly expires?: Date
  /** Whole seconds from now, 0 or more; 0 deletes the cookie. Browsers cut it at 400 days, and prefer it to `expires`. */
  readonly maxAge?: number
  /** Hidden from scripts: true unless given. */
  readonly httpOnly?: boolean
  /** Sent over HTTPS only: false unless given. */
  readonly secure?: boolean
  /** `lax` unless given; `none` needs `secure`. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /** One jar for each top-level site; needs `secure`. */
  readonly partitioned?: boolean
  /** Which cookies Chromium drops last when there are too many. */
  readonly priority?: 'low' | 'medium' | 'high'
  /** Appends a signature over name and value; read it with `request.cookies.signed(name)`. */
  readonly signed?: boolean
}

const maxCookies = 1000
const maxLength = 4096
const minSecretLength = 32

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const domainRule = /^\.?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i
// RFC 6265bis path-value: printable ASCII without the semicolon; without the slash browsers would ignore it silently.
const pathRule = /^\/[\u0020-\u003a\u003c-\u007e]*$/

const sameSites: ReadonlyMap<string, string> = new Map([
  ['lax', 'Lax'],
  ['strict', 'Strict'],
  ['none', 'None'],
])
const priorities: ReadonlyMap<string, string> = new Map([
  ['low', 'Low'],
  ['medium', 'Medium'],
  ['high', 'High'],
])

/** The cookies of one request, parsed when first asked for. Throws BAD_REQUEST when there are more than 1,000. */
export class RequestCookies implements Iterable<[name: string, value: string]> {
  readonly #header: string | null
  readonly #secrets: readonly string[]
  #parsed: Map<string, string> | undefined

  /** @param header The Cookie header. @param secrets What cookieSecrets gave; all of them verify. */
  constructor(header: string | null, secrets: readonly string[] = []) {
    this.#header = header
    this.#secrets = secrets
  }

  /** The value, percent-decoded where it decodes; of equal names the first. A signed cookie still has its signature. */
  get(name: string): string | undefined {
    return this.#all.get(name)
  }

  has(name: string): boolean {
    return this.#all.has(name)
  }

  names(): string[] {
    return [...this.#all.keys()]
  }

  /** The value of a cookie that this app signed under this name; undefined when absent, unsigned or forged. Throws without a secret. */
  signed(name: string): string | undefined {
    requireSecret(this.#secrets, 'request.cookies.signed', name)
    const value = this.#all.get(name)
    return value === undefined ? undefined : verify(name, value, this.#secrets)
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.#all[Symbol.iterator]()
  }

  get #all(): Map<string, string> {
    this.#parsed ??= parse(this.#header ?? '')
    return this.#parsed
  }
}

/**
 * The Set-Cookie line of a cookie, its value percent-encoded. With `signed`, the first of `secrets` signs.
 * Throws an IgniterError that names what cannot be sent, also for a line of more than 4,096 bytes.
 */
export function serializeCookie(
  name: string,
  value: string,
  options: CookieOptions = {},
  secrets: readonly string[] = [],
): string {
  if (!token.test(name)) {
    throw mistake(`${JSON.stringify(name)} is not a cookie name.`, 'Use letters, digits, hyphens and underscores.')
  }
  if (typeof value !== 'string') {
    throw mistake(
      `the value of "${name}" is no string but ${typeof value}.`,
      'Turn it into text, for example with String.',
    )
  }
  checkPrefix(name, options)
  let line = `${name}=${encode(name, options.signed ? sign(name, value, secrets) : value)}`

  const {
    domain,
    path = '/',
    expires,
    maxAge,
    httpOnly = true,
    secure,
    sameSite = 'lax',
    partitioned,
    priority,
  } = options
  if (maxAge !== undefined) {
    if (!Number.isSafeInteger(maxAge) || maxAge < 0) {
      throw mistake(`maxAge of "${name}" is ${maxAge}.`, 'Give whole seconds, 0 or more; 0 deletes the cookie.')
    }
    line += `; Max-Age=${maxAge}`
  }
  if (expires !== undefined) line += `; Expires=${httpDate(name, expires)}`
  if (domain !== undefined) {
    if (domain.length > 253 || !domainRule.test(domain)) {
      throw mistake(`domain of "${name}" is no host name.`, 'Write it like example.com, without scheme, port or path.')
    }
    line += `; Domain=${domain}`
  }
  if (!pathRule.test(path)) {
    throw mistake(
      `path of "${name}" does not begin with "/", or holds a semicolon, a control character or one outside ASCII.`,
      'Write it like /app, percent-encoded.',
    )
  }
  line += `; Path=${path}`
  if (httpOnly) line += '; HttpOnly'
  if (secure) line += '; Secure'

  const site = sameSites.get(sameSite)
  if (site === undefined) throw mistake(`sameSite of "${name}" is unknown.`, `Use 'lax', 'strict' or 'none'.`)
  if (sameSite === 'none' && !secure)
    throw mistake(`sameSite 'none' of "${name}" is refused by browsers.`, 'Add secure: true.')
  line += `; SameSite=${site}`
  if (partitioned) {
    if (!secure) throw mistake(`partitioned on "${name}" is refused by browsers.`, 'Add secure: true.')
    line += '; Partitioned'
  }
  if (priority !== undefined) {
    const level = priorities.get(priority)
    if (level === undefined) throw mistake(`priority of "${name}" is unknown.`, `Use 'low', 'medium' or 'high'.`)
    line += `; Priority=${level}`
  }
  // Every part is ASCII by now, so characters are bytes.
  if (line.length > maxLength) {
    throw mistake(
      `"${name}" takes ${line.length} bytes with its attributes, and browsers keep at most ${maxLength}.`,
      'Keep the data in the store and only its key in the cookie.',
    )
  }
  return line
}

/**
 * The secrets that sign cookies, checked: the first signs, all verify, so that a new one can be put in front.
 * Throws a definition error for one shorter than 32 characters; `undefined` gives none.
 */
export function cookieSecrets(secret: string | readonly string[] | undefined, where: string): readonly string[] {
  if (secret === undefined) return []
  const secrets: readonly unknown[] = Array.isArray(secret) ? [...secret] : [secret]
  if (secrets.length === 0) {
    throw definitionError(where, 'the list of secrets is empty.', 'Give at least one, or leave `secret` out.')
  }
  secrets.forEach((one, index) => {
    if (typeof one === 'string' && one.length >= minSecretLength) return
    const found = typeof one === 'string' ? `has ${one.length} characters` : `is ${one === null ? 'null' : typeof one}`
    throw definitionError(
      where,
      `secret ${index + 1} of ${secrets.length} ${found}; at least ${minSecretLength} are needed.`,
      "Make one with: node -p \"require('node:crypto').randomBytes(32).toString('base64url')\"",
    )
  })
  return secrets as readonly string[]
}

function parse(header: string): Map<string, string> {
  const cookies = new Map<string, string>()
  let pairs = 0
  for (let at = 0; at < header.length; ) {
    if (++pairs > maxCookies) {
      throw new IgniterError({
        code: 'BAD_REQUEST',
        message: `The Cookie header holds more than ${maxCookies} cookies. Send fewer.`,
      })
    }
    let end = header.indexOf(';', at)
    if (end === -1) end = header.length
    const pair = header.slice(at, end)
    at = end + 1
    const equals = pair.indexOf('=')
    if (equals === -1) continue
    const name = trim(pair.slice(0, equals))
    if (name !== '' && !cookies.has(name)) cookies.set(name, decode(trim(pair.slice(equals + 1))))
  }
  return cookies
}

/** Not String.trim: it would take a no-break space off too, and turn "\u00a0__Host-id" into a name of ours. */
function trim(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

const isBlank = (code: number): boolean => code === 32 || code === 9

function decode(value: string): string {
  const bare = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
  if (!bare.includes('%')) return bare
  try {
    return decodeURIComponent(bare)
  } catch {
    return bare
  }
}

function encode(name: string, value: string): string {
  try {
    return encodeURIComponent(value)
  } catch {
    throw mistake(
      `the value of "${name}" holds half of a surrogate pair.`,
      'Send whole characters; see String.toWellFormed.',
    )
  }
}

/** A name is a token and so holds no "=": `name=value` reads in one way only. */
const signature = (name: string, value: string, secret: string): string =>
  createHmac('sha256', secret).update(`${name}=${value}`).digest('base64url')

function sign(name: string, value: string, secrets: readonly string[]): string {
  return `${value}.${signature(name, value, requireSecret(secrets, 'setCookie', name))}`
}

function verify(name: string, signed: string, secrets: readonly string[]): string | undefined {
  const dot = signed.lastIndexOf('.')
  if (dot === -1) return undefined
  const value = signed.slice(0, dot)
  // Compared as text, so that only one spelling of a signature is good.
  const given = Buffer.from(signed.slice(dot + 1))
  for (const secret of secrets) {
    const expected = Buffer.from(signature(name, value, secret))
    if (given.length === expected.length && timingSafeEqual(given, expected)) return value
  }
  return undefined
}

function requireSecret(secrets: readonly string[], caller: string, name: string): string {
  const first = secrets[0]
  if (first !== undefined) return first
  throw new IgniterError({
    code: 'INTERNAL_SERVER_ERROR',
    message: `${caller}: the cookie ${JSON.stringify(name)} needs a secret to be signed with. Set config({ cookies: { secret } }).`,
  })
}

const prefixRule = /^__(?:Host-Http|Secure|Host|Http)-/i

/** Whether a name has a prefix for which browsers want `Secure`. */
export const hasPrefix = (name: string): boolean => prefixRule.test(name)

/** Browsers compare prefixes without regard to case, and drop a cookie that breaks their rule without a word. */
function checkPrefix(name: string, options: CookieOptions): void {
  const prefix = prefixRule.exec(name)?.[0].toLowerCase()
  if (prefix === undefined) return
  if (!options.secure) throw mistake(`the prefix of "${name}" is for secure cookies.`, 'Add secure: true.')
  if (prefix.startsWith('__host-') && (options.domain !== undefined || (options.path ?? '/') !== '/')) {
    throw mistake(`the prefix of "${name}" is for cookies of one host.`, `Leave domain out, and path at '/'.`)
  }
  if (prefix.endsWith('http-') && options.httpOnly === false) {
    throw mistake(`the prefix of "${name}" is for cookies that no script can read.`, 'Leave httpOnly at true.')
  }
}

/** RFC 9110 §5.6.7 has four digits for the year, and browsers refuse years before 1601. */
function httpDate(name: string, date: Date): string {
  const year = date instanceof Date ? date.getUTCFullYear() : Number.NaN
  if (!(year >= 1601 && year <= 9999)) {
    throw mistake(`expires of "${name}" is not a valid date.`, 'Give a Date between the years 1601 and 9999.')
  }
  return date.toUTCString()
}

const mistake = (what: string, mend: string): IgniterError =>
  new IgniterError({ code: 'INTERNAL_SERVER_ERROR', message: `response.setCookie, ${what} ${mend}` })
