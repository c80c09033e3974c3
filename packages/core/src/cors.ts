/**
 * Which pages of other origins may read our answers. Compiled once by `create()`, asked by `dispatch.ts` for every
 * answer and every OPTIONS. Source: WHATWG Fetch §3.3 (CORS protocol).
 */
import { definitionError } from './error.js'
import { canonicalOrigin } from './origin.js'

/** `config({ cors })`. */
export interface CorsConfig {
  /** Like `https://app.example.com`, compared exactly; '*' is every origin, without cookies. */
  readonly origins: readonly string[] | '*'
  /** Whether those pages may send cookies and read the answer; false unless given. Not with '*'. */
  readonly credentials?: boolean
  /** Request headers they may send; left out, whatever they ask for. Those of our own client always may. */
  readonly headers?: readonly string[]
  /** Answer headers they may read, besides those of the framework. */
  readonly exposedHeaders?: readonly string[]
  /** Whole seconds for which browsers remember a preflight, 0 or more; they cut it at 2 to 24 hours. Left out, 5 seconds. */
  readonly maxAgeSeconds?: number
}

/** Compiled. All results are flat pairs (name, value, …), shared between answers: copy them, never change them. */
export interface Cors {
  /** What an answer to a request with this Origin carries. Nothing that allows, for an origin that is not allowed. */
  headersFor(origin: string | null): readonly string[]
  /**
   * What the answer to an OPTIONS carries. `requestMethod` and `requestHeaders` are the headers
   * Access-Control-Request-Method and -Headers; without the former it is no preflight. `allow` are the path's methods.
   */
  preflight(
    origin: string | null,
    requestMethod: string | null,
    requestHeaders: string | null,
    allow: readonly string[],
  ): readonly string[]
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const frameworkExposes = ['igniter-revalidate', 'igniter-cursor', 'igniter-raw', 'retry-after']
const clientSends = ['content-type', 'last-event-id']
const maxRequestHeaders = 100
const maxRequestHeadersLength = 4096

const none: readonly string[] = Object.freeze([])
const varyOnly: readonly string[] = Object.freeze(['vary', 'origin'])
const closed: Cors = { headersFor: () => none, preflight: () => none }

/** Checks the configuration, throwing a definition error at `where`, and prepares its answers. Without one, no page of another origin may read. */
export function compileCors(config: CorsConfig | undefined, where: string): Cors {
  if (config === undefined) return closed
  const { origins, credentials = false, maxAgeSeconds } = config
  if (maxAgeSeconds !== undefined && (!Number.isSafeInteger(maxAgeSeconds) || maxAgeSeconds < 0)) {
    throw definitionError(where, `maxAgeSeconds is ${maxAgeSeconds}.`, 'Give whole seconds, 0 or more.')
  }
  if (origins === '*' && credentials) {
    throw definitionError(
      where,
      "origins: '*' together with credentials would let every site act as your users, and browsers refuse it.",
      'List the origins that may send cookies, or leave `credentials` out.',
    )
  }
  const allowed = new Map<string, readonly string[]>()
  const exposed = union(frameworkExposes, checkNames(config.exposedHeaders, `${where}.exposedHeaders`))
  const rest = [
    ...(credentials ? ['access-control-allow-credentials', 'true'] : []),
    'access-control-expose-headers',
    exposed.join(', '),
  ]
  const everyone = Object.freeze(['access-control-allow-origin', '*', ...rest])
  if (origins !== '*') {
    for (const origin of checkOrigins(origins, where)) {
      allowed.set(origin, Object.freeze(['vary', 'origin', 'access-control-allow-origin', origin, ...rest]))
    }
  }
  const headers = config.headers && union(clientSends, checkNames(config.headers, `${where}.headers`)).join(', ')

  const headersFor = (origin: string | null): readonly string[] => {
    if (origins === '*') return everyone
    return (origin !== null && allowed.get(origin)) || varyOnly
  }

  return {
    headersFor,
    preflight(origin, requestMethod, requestHeaders, allow) {
      const base = headersFor(origin)
      if (requestMethod === null || origin === null || base === varyOnly) return base
      const pairs = [...base, 'access-control-allow-methods', allow.join(', ')]
      const maySend = headers ?? askedFor(requestHeaders)
      if (maySend !== '') pairs.push('access-control-allow-headers', maySend)
      if (maxAgeSeconds !== undefined) pairs.push('access-control-max-age', String(maxAgeSeconds))
      return pairs
    },
  }
}

function checkOrigins(origins: readonly string[], where: string): string[] {
  if (!Array.isArray(origins)) {
    throw definitionError(
      where,
      "origins is neither a list nor '*'.",
      "Write it like origins: ['https://app.example.com'].",
    )
  }
  return origins.map((origin: unknown, index) => {
    const at = `${where}.origins[${index}]`
    if (typeof origin !== 'string') {
      throw definitionError(at, `${String(origin)} is no text.`, 'Write an origin like https://app.example.com.')
    }
    if (origin === '*') throw definitionError(at, "'*' stands in a list.", "Write origins: '*' for every origin.")
    if (origin === 'null') {
      throw definitionError(
        at,
        'every sandboxed page has the origin "null".',
        'Name the origins that may read instead.',
      )
    }
    if (origin.includes('*')) {
      throw definitionError(
        at,
        `${JSON.stringify(origin)} is a pattern, and origins are compared exactly.`,
        'List each one.',
      )
    }
    const canonical = canonicalOrigin(origin)
    if (canonical !== null) return canonical
    const mend = URL.canParse(origin) && /^https?:/i.test(origin) ? new URL(origin).origin : 'https://app.example.com'
    throw definitionError(
      at,
      `${JSON.stringify(origin)} is not an origin, which is scheme, host and port and nothing after them.`,
      `Write ${mend} instead.`,
    )
  })
}

function checkNames(names: readonly string[] = [], where: string): string[] {
  return names.map((name) => {
    if (name === '*' || typeof name !== 'string' || !token.test(name)) {
      throw definitionError(
        where,
        `${JSON.stringify(name)} is not a header name.`,
        'Name each header, like x-total-count.',
      )
    }
    return name.toLowerCase()
  })
}

const union = (ours: readonly string[], theirs: readonly string[]): string[] => [...new Set([...ours, ...theirs])]

/** The headers a preflight asks for, as far as they are header names; '' when it asks for too much. */
function askedFor(requestHeaders: string | null): string {
  if (requestHeaders === null || requestHeaders.length > maxRequestHeadersLength) return ''
  const names = requestHeaders.split(',').map((name) => name.trim().toLowerCase())
  if (names.length > maxRequestHeaders) return ''
  return names.filter((name) => token.test(name)).join(', ')
}
