/**
 * Whether a request may change something, judged by where the browser says it comes from (CSRF). `dispatch.ts` asks
 * before it runs a mutation; `cors.ts` shares the notion of an origin.
 * Source: RFC 6454 (Origin), W3C Fetch Metadata (Sec-Fetch-Site). The content type plays no part: it can be chosen.
 */

/** What the rule looks at; headers are null when absent. */
export interface OriginFacts {
  /** The method as sent. */
  readonly method: string
  /** The Origin header. */
  readonly origin: string | null
  /** The Sec-Fetch-Site header. */
  readonly fetchSite: string | null
  /** The Host header. */
  readonly host: string | null
  /** The configured address of the app, if any. */
  readonly baseURL?: string | null
  /** `cors.origins`. With '*' any origin may send what carries no cookies. */
  readonly allowed?: readonly string[] | '*'
  /** Whether the request brought cookies; only '*' asks. True unless given. */
  readonly hasCookies?: boolean
}

/**
 * Whether the request may go on; false means 403. GET, HEAD and OPTIONS always may, and so may what sends neither
 * Origin nor Sec-Fetch-Site: every browser of today sends one of them with a request that changes something.
 */
export function checkOrigin(facts: OriginFacts): boolean {
  const { method, origin, fetchSite } = facts
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return true
  if (fetchSite === null) return origin === null || isAllowed(origin, facts) || isOwn(origin, facts)
  // The browser's own judgement, which no page can forge; an Origin of `null` is usual here under no-referrer.
  if (fetchSite === 'same-origin' || fetchSite === 'none') return true
  if (fetchSite !== 'same-site' && fetchSite !== 'cross-site') return false
  return origin !== null && (isAllowed(origin, facts) || isBase(origin, facts.baseURL))
}

/**
 * An origin in its one spelling: lower case, no default port, the host as browsers write it.
 * Null for what is no origin: `null`, several at once, or anything with a path, a trailing slash or credentials.
 */
export function canonicalOrigin(text: string): string | null {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/[^\s/?#@\\,]+$/i.exec(text)
  if (parts === null) return null
  const scheme = parts[1] as string
  // Shells of apps have schemes of their own (capacitor://localhost); URL gives `null` as the origin of those.
  if (!/^https?$/i.test(scheme)) return text.toLowerCase()
  return URL.canParse(text) ? new URL(text).origin : null
}

function isAllowed(origin: string, { allowed = [], hasCookies = true }: OriginFacts): boolean {
  const canonical = canonicalOrigin(origin)
  if (canonical === null) return false
  // '*' opens an API to all pages, but not the sessions of those who visit them.
  if (allowed === '*') return !hasCookies
  return allowed.some((one) => one === origin || canonicalOrigin(one) === canonical)
}

/** Same origin as far as can be known without Sec-Fetch-Site: by `baseURL`, else by Host. */
function isOwn(origin: string, { baseURL, host }: OriginFacts): boolean {
  if (baseURL) return isBase(origin, baseURL)
  const canonical = canonicalOrigin(origin)
  if (canonical === null || host === null || !/^https?:/.test(canonical)) return false
  // Behind a proxy that ends TLS the scheme is not ours to know: Host is read with the one that Origin names.
  return canonicalOrigin(`${canonical.slice(0, canonical.indexOf(':'))}://${host}`) === canonical
}

function isBase(origin: string, baseURL: string | null | undefined): boolean {
  if (!baseURL || !URL.canParse(baseURL)) return false
  return canonicalOrigin(origin) === new URL(baseURL).origin
}
