/**
 * From declarations to routes: paths joined, procedures flattened, schemas compiled, mistakes refused. Called once by
 * `igniter.router`; what comes out is what dispatch.ts runs.
 */
import type { Action, ActionDefinition } from './action.js'
import type { ResolvedConfig } from './config.js'
import type { AnyController, Controllers } from './controller.js'
import { definitionError, show } from './error.js'
import { checkAction, checkController, checkParams, checkSchema, flatten } from './mistakes.js'
import type { Step } from './procedure.js'
import { rpcPrefix } from './protocol.js'
import { parameterNames, RouteTable } from './routes.js'
import { type AnySchema, type Coercion, compileCoercion, compileValidator, type Validator } from './schema.js'

/** A part of the input with a schema. `coerce` is null where values need no coercion. */
export interface InputPart {
  readonly coerce: Coercion | null
  readonly validate: Validator
}

/** An action as it runs: everything that can be known before a request is. */
export interface Route {
  /** `posts.list`. */
  readonly key: string
  readonly controller: string
  /** What answers: GET for queries (which answer HEAD too). */
  readonly method: string
  /** The action's own path with the base path: `/api/v1/posts/:id`. */
  readonly template: string
  readonly parameters: readonly string[]
  readonly kind: 'query' | 'mutation'
  readonly isStream: boolean
  /** Procedures in the order they run. */
  readonly steps: readonly Step[]
  readonly params: InputPart | null
  readonly query: InputPart | null
  readonly headers: InputPart | null
  readonly body: InputPart | null
  readonly output: Validator | null
  readonly events: ReadonlyMap<string, Validator> | null
  readonly bodyLimit: number
  /** Milliseconds, 0 for no limit. */
  readonly timeout: number
  readonly handler: ActionDefinition['handler']
}

/** Where a request can lead: a route by its own address, or by its address under `/~/`. */
export interface Address {
  readonly method: string
  readonly template: string
  readonly key: string
  readonly route: Route
  /** Whether input and answer are in the codec's form. */
  readonly isRpc: boolean
}

/** A router's addresses, and its actions by key. */
export interface Compiled {
  readonly table: RouteTable<Address>
  readonly routes: ReadonlyMap<string, Route>
}

/** Compiles a router; `use` is flat already. Throws INVALID_DEFINITION naming the controller, action or schema at fault. */
export function compileRouter(controllers: Controllers, use: readonly Step[], config: ResolvedConfig): Compiled {
  const table = new RouteTable<Address>()
  const routes = new Map<string, Route>()
  for (const [controllerKey, controller] of Object.entries(controllers)) {
    checkController(controllerKey, controller)
    for (const [actionKey, action] of Object.entries(controller.actions as Record<string, Action>)) {
      const route = compileRoute(controllerKey, controller, actionKey, action, use, config)
      routes.set(route.key, route)
      addAddresses(table, route, config)
    }
  }
  return { table, routes }
}

/** Adds a route's own address, and the one under `/~/` unless those are turned off. */
export function addAddresses(table: RouteTable<Address>, route: Route, config: ResolvedConfig): void {
  const { key, method, template } = route
  table.add({ key, method, template, route, isRpc: false })
  if (!config.rpc) return
  const rpcMethod = route.kind === 'query' ? 'GET' : 'POST'
  table.add({ key, method: rpcMethod, template: `${config.basePath}${rpcPrefix}${key}`, route, isRpc: true })
}

function compileRoute(
  controllerKey: string,
  controller: AnyController,
  actionKey: string,
  action: Action,
  use: readonly Step[],
  config: ResolvedConfig,
): Route {
  const key = `${controllerKey}.${actionKey}`
  checkAction(key, actionKey, action)
  const { definition, kind } = action
  const ownPath = joinPaths(key, controller.path, definition.path ?? `/${toKebab(actionKey)}`)
  const template = `${config.basePath}${ownPath === '/' && config.basePath !== '' ? '' : ownPath}`
  const parameters = parameterNames(template)
  const isStream = definition.stream === true
  if (definition.params !== undefined) checkParams(key, ownPath, parameters, definition.params)
  return {
    key,
    controller: controllerKey,
    method: definition.method,
    template,
    parameters,
    kind,
    isStream,
    steps: [
      ...use,
      ...flatten(`controllers.${controllerKey}`, controller.use ?? []),
      ...flatten(key, definition.use ?? []),
    ],
    params: compilePart(key, 'params', definition.params),
    query: compilePart(key, 'query', definition.query),
    headers: compilePart(key, 'headers', definition.headers),
    body: compilePart(key, 'body', definition.body),
    output:
      definition.output === undefined
        ? null
        : compileValidator(checkSchema(key, 'output', definition.output), 'output', `${key}: output`),
    events: compileEvents(key, definition),
    bodyLimit: definition.bodyLimit ?? config.bodyLimit,
    timeout: definition.timeout ?? config.timeout,
    handler: definition.handler,
  }
}

function compilePart(
  key: string,
  part: 'params' | 'query' | 'headers' | 'body',
  schema: AnySchema | undefined,
): InputPart | null {
  if (schema === undefined) return null
  const where = `${key}: ${part}`
  checkSchema(key, part, schema)
  return {
    coerce: part === 'body' ? null : compileCoercion(schema, part, where),
    validate: compileValidator(schema, part, where),
  }
}

function compileEvents(key: string, { events }: ActionDefinition): ReadonlyMap<string, Validator> | null {
  if (events === undefined) return null
  return new Map(
    Object.entries(events).map(([event, schema]) => [
      event,
      compileValidator(checkSchema(key, `events.${event}`, schema), 'output', `${key}: event ${event}`),
    ]),
  )
}

function joinPaths(key: string, controllerPath: string, actionPath: string): string {
  const joined = `${controllerPath}/${actionPath}`.replace(/\/{2,}/g, '/')
  const path = joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined
  if (path.startsWith('/~')) {
    throw definitionError(key, `has the path ${show(path)}.`, 'Paths that begin with "/~" are the framework’s.')
  }
  return path
}

/** `latestPosts` and `LatestPosts` become `latest-posts`. */
const toKebab = (key: string): string =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
