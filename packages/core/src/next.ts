/**
 * The door for Next.js, exported as `@igniter-js/core/next`: route handlers for `app/api/v1/[[...all]]/route.ts`, and
 * `shared`, which keeps one application across the bundles and hot reloads of a process.
 */
import { appOf, type AnyRouter, type DoorOptions } from './igniter.js'
import { handleFetch } from './fetch.js'

type RouteHandler = (request: Request) => Promise<Response>

/** What a `route.ts` exports. */
export interface RouteHandlers {
  readonly GET: RouteHandler
  readonly HEAD: RouteHandler
  readonly POST: RouteHandler
  readonly PUT: RouteHandler
  readonly PATCH: RouteHandler
  readonly DELETE: RouteHandler
  readonly OPTIONS: RouteHandler
}

/** `export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = toNextHandler(AppRouter)`. */
export function toNextHandler<R extends AnyRouter>(router: R, ...[options]: DoorOptions<R>): RouteHandlers {
  const app = appOf(router)
  const handle: RouteHandler = (request) => handleFetch(app, request, options?.context)
  return { GET: handle, HEAD: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle, OPTIONS: handle }
}

const registry = Symbol.for('igniter.shared')

/**
 * What `create` gave when `name` was first asked for in this process. Next.js loads a module once for each bundle and
 * again after each change; without this every load would open its own store and its own realtime connections.
 */
export function shared<T>(name: string, create: () => T): T {
  const holder = globalThis as { [registry]?: Map<string, unknown> }
  holder[registry] ??= new Map()
  const apps = holder[registry]
  if (!apps.has(name)) apps.set(name, create())
  return apps.get(name) as T
}
