/** What `.docs({ … })` of the builder takes: the application's part of its OpenAPI document, and who may see Studio. */
import { definitionError } from './error.js'
import { checkOptions } from './options.js'

export interface DocsConfig {
  /** The version of OpenAPI that is served: 3.0.x, 3.1.x or 3.2.0; 3.1.1 unless given. */
  readonly openapi?: string
  readonly info?: {
    readonly title?: string
    readonly version?: string
    readonly summary?: string
    readonly description?: string
    readonly termsOfService?: string
    readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string }
    readonly license?: { readonly name: string; readonly url?: string; readonly identifier?: string }
  }
  readonly servers?: readonly { readonly url: string; readonly description?: string }[]
  /** As OpenAPI's `components.securitySchemes`; actions name them in `security`. */
  readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>
  readonly playground?: PlaygroundConfig
}

/** A security scheme in OpenAPI's own words. */
export type SecurityScheme =
  | { readonly type: 'http'; readonly scheme: string; readonly bearerFormat?: string; readonly description?: string }
  | {
      readonly type: 'apiKey'
      readonly in: 'header' | 'query' | 'cookie'
      readonly name: string
      readonly description?: string
    }
  | { readonly type: 'oauth2'; readonly flows: Readonly<Record<string, unknown>>; readonly description?: string }
  | { readonly type: 'openIdConnect'; readonly openIdConnectUrl: string; readonly description?: string }
  | { readonly type: 'mutualTLS'; readonly description?: string }

export interface PlaygroundConfig {
  readonly enabled?: boolean
  /** Where it is, below the base path. */
  readonly route?: string
  /** Who may see it, asked for every request to it. Without it, only in development. */
  readonly security?: (request: Request) => boolean | Promise<boolean>
  readonly theme?: 'light' | 'dark' | 'system'
  /** What requests from it carry; `default` never leaves development. */
  readonly authentication?: { readonly type: 'bearer' | 'basic' | 'apiKey'; readonly default?: string }
  readonly defaultHeaders?: Readonly<Record<string, string>>
  readonly environments?: Readonly<
    Record<string, { readonly url: string; readonly headers?: Readonly<Record<string, string>> }>
  >
}

const playgroundOptions = ['enabled', 'route', 'security', 'theme', 'authentication', 'defaultHeaders', 'environments']

/** Throws INVALID_DEFINITION for what cannot be meant. */
export function checkDocs(docs: DocsConfig): DocsConfig {
  checkOptions('docs', docs, ['openapi', 'info', 'servers', 'securitySchemes', 'playground'])
  checkOptions('docs.playground', docs.playground ?? {}, playgroundOptions)
  const { openapi, playground } = docs
  if (openapi !== undefined && !/^3\.(?:0\.[0-4]|1\.[0-2]|2\.0)$/.test(openapi)) {
    throw definitionError(
      'docs.openapi',
      `${JSON.stringify(openapi)} is no version that can be served.`,
      'Give 3.0.0–3.0.4, 3.1.0–3.1.2 or 3.2.0.',
    )
  }
  const route = playground?.route
  if (route !== undefined && !/^\/[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/.test(route)) {
    throw definitionError('docs.playground.route', `${JSON.stringify(route)} is no route.`, 'Write it like "/docs".')
  }
  if (playground?.security !== undefined && typeof playground.security !== 'function') {
    throw definitionError('docs.playground.security', 'it is not a function.', 'Give (request) => boolean.')
  }
  return docs
}
