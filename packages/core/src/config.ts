/**
 * What `.config({ … })` of the builder takes, checked once by `create()`.
 */
import { type Clock, systemClock } from './clock.js'
import { cookieSecrets } from './cookies.js'
import { type Cors, type CorsConfig, compileCors } from './cors.js'
import { definitionError, show } from './error.js'
import { checkOptions } from './options.js'
import { canonicalOrigin } from './origin.js'

export interface Config {
  /** Comes before every path: `/api/v1` unless given; `/` for none. */
  readonly basePath?: string
  /** The public address, such as `https://example.com`: its origin counts as our own. The Host header is never used to build addresses. */
  readonly baseURL?: string
  /** Bytes a request's body may have, 1,048,576 (1 MiB) unless given. Beyond: 413. An action's `bodyLimit` wins. */
  readonly bodyLimit?: number
  /** Milliseconds in which a body must have arrived, 30,000 unless given; 0 for no limit. Beyond: 408. */
  readonly bodyTimeout?: number
  /** Milliseconds until the answer once the body is here, 30,000 unless given; 0 for no limit. Beyond: 503. An action's `timeout` wins. A stream may last as long as it likes once it has begun. */
  readonly timeout?: number
  /** Other origins whose pages may call this API. None unless given. */
  readonly cors?: CorsConfig
  /** How many proxies in front of this server are ours (`true` is 1): `x-forwarded-for` and `x-request-id` count then. None unless given. */
  readonly trustProxy?: boolean | number
  /** Whether actions also answer under `/~/`, where the typed client calls them. True unless given. */
  readonly rpc?: boolean
  /** Whether gzip, deflate and br bodies are taken; they may inflate to `bodyLimit`. False unless given: 415. */
  readonly compressedBodies?: boolean
  /** Keys for signed cookies: at least 32 random characters. The first of a list signs, all of them verify, so that keys can be changed. */
  readonly cookies?: { readonly secret?: string | readonly string[] }
  /** Where time comes from; for tests. */
  readonly clock?: Clock
}

/** The configuration with every default filled in. */
export interface ResolvedConfig {
  /** Without a final slash; empty for none. */
  readonly basePath: string
  readonly baseURL: string | null
  /** The origin of `baseURL`. */
  readonly origin: string | null
  readonly bodyLimit: number
  readonly bodyTimeout: number
  readonly timeout: number
  readonly cors: Cors
  readonly allowedOrigins: readonly string[] | '*'
  readonly trustedProxies: number
  readonly rpc: boolean
  readonly compressedBodies: boolean
  readonly cookieSecrets: readonly string[]
  readonly clock: Clock
}

const options = [
  'basePath',
  'baseURL',
  'bodyLimit',
  'bodyTimeout',
  'timeout',
  'cors',
  'trustProxy',
  'rpc',
  'compressedBodies',
  'cookies',
  'clock',
] as const

/** Fills in the defaults. Throws INVALID_DEFINITION for what cannot be meant. */
export function resolveConfig(config: Config): ResolvedConfig {
  checkOptions('config', config, options)
  checkOptions('config.cookies', config.cookies ?? {}, ['secret'])
  const baseURL = config.baseURL ?? null
  const origin = baseURL === null ? null : canonicalOrigin(toOrigin(baseURL))
  return {
    basePath: toBasePath(config.basePath ?? '/api/v1'),
    baseURL,
    origin,
    bodyLimit: whole('bodyLimit', config.bodyLimit ?? 1_048_576, 0),
    bodyTimeout: whole('bodyTimeout', config.bodyTimeout ?? 30_000, 0),
    timeout: whole('timeout', config.timeout ?? 30_000, 0),
    cors: compileCors(config.cors, 'config.cors'),
    allowedOrigins: config.cors?.origins ?? [],
    trustedProxies: toHops(config.trustProxy ?? false),
    rpc: flag('rpc', config.rpc ?? true),
    compressedBodies: flag('compressedBodies', config.compressedBodies ?? false),
    cookieSecrets: cookieSecrets(config.cookies?.secret, 'config.cookies.secret'),
    clock: config.clock ?? systemClock,
  }
}

function toBasePath(path: string): string {
  if (typeof path !== 'string' || !/^\/[A-Za-z0-9._~/-]*$/.test(path) || path.includes('//')) {
    throw definitionError(
      'config.basePath',
      `${show(path)} is no base path.`,
      'Write it like "/api/v1": beginning with one slash, letters, digits and ". _ ~ -" between slashes.',
    )
  }
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function toOrigin(baseURL: string): string {
  if (typeof baseURL === 'string' && URL.canParse(baseURL) && /^https?:/.test(baseURL)) return new URL(baseURL).origin
  throw definitionError('config.baseURL', `${show(baseURL)} is no address.`, 'Write it like "https://example.com".')
}

function toHops(trust: boolean | number): number {
  const hops = Number(trust)
  if (!Number.isInteger(hops) || hops < 0) {
    throw definitionError(
      'config.trustProxy',
      `${show(trust)} is no number of proxies.`,
      'Give true for one, or how many of your proxies a request passes.',
    )
  }
  return hops
}

function whole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= 2 ** 31 - 1) return value
  throw definitionError(
    `config.${name}`,
    `${show(value)} is out of range.`,
    `Give a whole number from ${least} to 2147483647.`,
  )
}

function flag(name: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw definitionError(`config.${name}`, `${show(value)} is neither true nor false.`, 'Give one of them.')
}
