/**
 * From declarations to routes: paths joined, procedures flattened, schemas compiled, mistakes refused. Called once by
 * `igniter.router`; what comes out is what dispatch.ts runs.
 */
import type { Action, ActionDefinition } from './action.js'
import type { ResolvedConfig } from './config.js'
import type { Controller, Controllers } from './controller.js'
import { definitionError } from './error.js'
import type { Step } from './procedure.js'
import { rpcPrefix } from './protocol.js'
import { parameterNames, RouteTable } from './routes.js'
import { type Coercion, compileCoercion, compileValidator, type Schema, type Validator } from './schema.js'

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

const name = /^[A-Za-z_][A-Za-z0-9_-]*$/
const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])

/** Compiles a router. Throws INVALID_DEFINITION naming the controller, action or schema at fault. */
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
  controller: Controller<string, unknown>,
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
  const isStream = definition.stream === true
  return {
    key,
    controller: controllerKey,
    method: definition.method,
    template,
    parameters: parameterNames(template),
    kind,
    isStream,
    steps: flatten(key, [...use, ...(controller.use ?? []), ...(definition.use ?? [])]),
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
    timeout: isStream ? 0 : (definition.timeout ?? config.timeout),
    handler: definition.handler,
  }
}

function compilePart(
  key: string,
  part: 'params' | 'query' | 'headers' | 'body',
  schema: Schema<never, unknown> | undefined,
): InputPart | null {
  if (schema === undefined) return null
  const where = `${key}: ${part}`
  checkSchema(key, part, schema)
  return {
    coerce: part === 'body' ? null : compileCoercion(schema, part, where),
    validate: compileValidator(schema, part, where),
  }
}

function compileEvents(key: string, { events, stream }: ActionDefinition): ReadonlyMap<string, Validator> | null {
  if (events === undefined) return null
  if (stream !== true) {
    throw definitionError(key, 'has `events` but is no stream.', 'Add `stream: true`, or leave `events` out.')
  }
  return new Map(
    Object.entries(events).map(([event, schema]) => [
      event,
      compileValidator(checkSchema(key, `events.${event}`, schema), 'output', `${key}: event ${event}`),
    ]),
  )
}

/** Procedures one after the other, those that a procedure uses before it. */
function flatten(key: string, steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => {
    if (typeof step === 'function') {
      throw definitionError(
        key,
        `has the procedure ${JSON.stringify((step as { name?: string }).name ?? '')} in \`use\` without calling it.`,
        'Write `use: [auth()]`.',
      )
    }
    if (typeof step?.run !== 'function') {
      throw definitionError(
        key,
        'has something in `use` that is no procedure.',
        'Make procedures with igniter.procedure.',
      )
    }
    return [...flatten(key, step.use), step]
  })
}

function checkController(key: string, controller: Controller<string, unknown>): void {
  const where = `controllers.${key}`
  if (!name.test(key)) {
    throw definitionError(
      where,
      'is no key for a controller.',
      'Use letters, digits, "_" and "-", beginning with a letter.',
    )
  }
  if (typeof controller !== 'object' || controller === null || typeof controller.actions !== 'object') {
    throw definitionError(where, 'is no controller.', 'Make it with igniter.controller({ path, actions }).')
  }
  if (typeof controller.path !== 'string' || !controller.path.startsWith('/')) {
    throw definitionError(where, `has the path ${JSON.stringify(controller.path)}.`, 'Begin it with "/".')
  }
}

function checkAction(key: string, actionKey: string, action: Action): void {
  if (!name.test(actionKey)) {
    throw definitionError(key, 'is no key for an action.', 'Use letters, digits, "_" and "-", beginning with a letter.')
  }
  const definition = (action as Partial<Action> | null)?.definition
  if (definition === undefined) {
    throw definitionError(key, 'is no action.', 'Make it with igniter.query or igniter.mutation.')
  }
  if (typeof definition.handler !== 'function') {
    throw definitionError(key, 'has no handler.', 'Give it `handler: ({ request, context, response }) => …`.')
  }
  if (!methods.has(definition.method)) {
    throw definitionError(
      key,
      `has the method ${JSON.stringify(definition.method)}.`,
      'Use POST, PUT, PATCH or DELETE.',
    )
  }
  if (action.kind === 'query' && definition.body !== undefined) {
    throw definitionError(key, 'is a query with a `body`.', 'Make it a mutation, or take the input from `query`.')
  }
  if (action.kind === 'query' && definition.method !== 'GET') {
    throw definitionError(
      key,
      `is a query with the method ${definition.method}.`,
      'Make it a mutation; queries answer GET and HEAD.',
    )
  }
  if (definition.output !== undefined && definition.stream === true) {
    throw definitionError(key, 'is a stream with `output`.', 'Describe what it sends with `events`.')
  }
  for (const [option, least] of [
    ['bodyLimit', 0],
    ['timeout', 0],
  ] as const) {
    const value = definition[option]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= least && value <= 2 ** 31 - 1)) {
      throw definitionError(key, `has \`${option}: ${String(value)}\`.`, 'Give a whole number, 0 or more.')
    }
  }
}

function checkSchema<S>(key: string, part: string, schema: S): S {
  if (typeof (schema as { '~standard'?: { validate?: unknown } } | null)?.['~standard']?.validate === 'function')
    return schema
  throw definitionError(
    key,
    `has a \`${part}\` that is no schema.`,
    'Give a Standard Schema: an object of zod, valibot, arktype, …',
  )
}

function joinPaths(key: string, controllerPath: string, actionPath: string): string {
  if (!actionPath.startsWith('/')) {
    throw definitionError(key, `has the path ${JSON.stringify(actionPath)}.`, 'Begin it with "/".')
  }
  const joined = `${controllerPath}/${actionPath}`.replace(/\/{2,}/g, '/')
  const path = joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined
  if (path.startsWith('/~')) {
    throw definitionError(
      key,
      `has the path ${JSON.stringify(path)}.`,
      'Paths that begin with "/~" are the framework’s.',
    )
  }
  return path
}

/** `latestPosts` and `LatestPosts` become `latest-posts`. */
const toKebab = (key: string): string =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
