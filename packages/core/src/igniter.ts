/**
 * The builder and what `create()` returns: the place where an application's parts meet. Nothing here is global: two
 * applications in one process share nothing.
 */
import type { Action, ActionDefinition } from './action.js'
import { type App, type ContextSource, type ErrorReport, newRequestId } from './app.js'
import { createCaller, type CallerOptions } from './caller.js'
import { type Config, resolveConfig, type ResolvedConfig } from './config.js'
import type { Contextual } from './context.js'
import type { Controllers, Refusing } from './controller.js'
import { Deadlines } from './deadlines.js'
import type { Define } from './define.js'
import { checkDocs, type DocsConfig } from './docs.js'
import { definitionError, show } from './error.js'
import { handleFetch } from './fetch.js'
import { Heartbeat } from './heartbeat.js'
import type { Calls, RouterTypes } from './infer.js'
import { consoleLogger, type Logger, withRedaction } from './logger.js'
import { flatten } from './mistakes.js'
import { checkOptions } from './options.js'
import type { ProcedureInput, Step, StepErrors, WithSteps } from './procedure.js'
import { within } from './realtime/deadline.js'
import { Endpoint } from './realtime/endpoint.js'
import { Hub } from './realtime/hub.js'
import { createKeyCheck } from './realtime/key-check.js'
import { type EventLog, MemoryLog } from './realtime/log.js'
import type { Realtime } from './realtime/realtime.js'
import { addRealtime } from './realtime/routes.js'
import type { RealtimeRules } from './realtime/rules.js'
import { type RealtimeSettings, resolveSettings } from './realtime/settings.js'
import type { UnvalidatedRequest } from './request.js'
import { compileRouter } from './router.js'
import { Running } from './running.js'
import { MemoryStore } from './store/memory.js'
import type { Store } from './store/store.js'
import { silentTelemetry, type Telemetry } from './telemetry.js'

/** What the framework puts into every context. Applications add `jobs` by declaring the interface `Jobs`. */
export interface FrameworkContext {
  readonly store: Store
  readonly telemetry: Telemetry
  readonly realtime: Realtime
  /** Its entries carry the request's id and the action's key. */
  readonly logger: Logger
}

/** A context, or how to make one for a request (`request` is absent in jobs). */
export type ContextGiven<C> = C | ((input: { readonly request?: UnvalidatedRequest }) => C | Promise<C>)

/** What doors must be given where `context<T>()` said a type without saying how to make one. */
export interface NeedsContext<C> {
  readonly context: ContextGiven<C>
}

/** What doors may be given otherwise. */
export interface HasContext {
  readonly context?: undefined
}

/** Who may hear what on realtime, and what runs before it is asked. */
export interface RouterRealtime<C, U extends readonly Step[]> {
  /** Procedures that run before the rules are asked. */
  readonly use?: U
  /** Who calls; null for nobody in particular. */
  readonly identity?: Rule<WithSteps<C, U>, string | number | null | undefined>
  /** The scopes that the caller holds. Without it nobody holds any. */
  readonly scopes?: Rule<WithSteps<C, U>, readonly string[]>
  /** Channels by name, or by what the name begins with when the key ends in `*`. A channel without an entry is refused. */
  readonly channels?: Readonly<Record<string, ChannelRule<WithSteps<C, U>> | ChannelDefinition<WithSteps<C, U>>>>
}

type Rule<C, T> = (input: { readonly request: UnvalidatedRequest; readonly context: C }) => T | Promise<T>
type ChannelRule<C> = (input: {
  readonly request: UnvalidatedRequest
  readonly context: C
  readonly channel: string
}) => boolean | Promise<boolean>

export interface ChannelDefinition<C> {
  /** A Standard Schema of the data that travels on the channel: `publish` refuses what doesn't fit, and sends what the schema makes of it. */
  readonly schema?: object
  /** Without it nobody may listen. */
  readonly authorize?: ChannelRule<C>
}

export interface RouterDefinition<
  C,
  Cs,
  RealtimeUse extends readonly Step[],
  Use extends readonly Step[] = readonly Step[],
> {
  /** Controllers by the first part of their actions' keys. */
  readonly controllers: Cs
  /** Procedures for every action. */
  readonly use?: Use
  readonly realtime?: RouterRealtime<C, RealtimeUse>
  /** Hears of every failure that nobody expected (and of answers from 500 on). What it throws is logged. */
  readonly onError?: (report: ErrorReport) => unknown
}

/** The application behind a router. For doors and tools of the framework. */
export const appKey: unique symbol = Symbol.for('igniter.app') as never

export interface Router<Cs = unknown, Needs = unknown> extends RouterTypes<Cs> {
  readonly $needs?: Needs
  readonly [appKey]: App
  /** Answers a WHATWG request: for every runtime and platform that speaks them. */
  handler(request: Request, ...options: {} extends Needs ? [options?: Needs] : [options: Needs]): Promise<Response>
  /** The actions as functions, without HTTP: `caller().posts.list.query({ query })` gives `{ data, error }`. */
  caller(...options: {} extends Needs ? [options?: Needs] : [options: Needs]): Calls<Cs, CallerOptions>
  readonly realtime: Realtime
  /** Begins work that belongs to the process and not to a request. Calling it again does nothing. */
  start(...options: {} extends Needs ? [options?: Needs] : [options: Needs]): Promise<void>
  /**
   * Ends streams and connections, lets running work finish within `grace` ms (10,000 unless given), then closes the
   * store. Calling it again gives the same promise.
   */
  close(options?: { readonly grace?: number }): Promise<void>
}

/** A router whatever its types. */
export type AnyRouter = Pick<Router, typeof appKey | '$needs' | 'close'>

/** The options that a door takes for a router, with its own: required where the router's context must be given. */
export type DoorOptions<R extends AnyRouter, Own = unknown> =
  NeedsOf<R> extends NeedsContext<infer C> ? [options: NeedsContext<C> & Own] : [options?: HasContext & Own]

type NeedsOf<R extends AnyRouter> = R extends { readonly $needs?: infer N } ? N : never

/** The application that a router runs. Throws INVALID_DEFINITION for what is no router. */
export function appOf(router: AnyRouter): App {
  const app = (router as Partial<AnyRouter> | null | undefined)?.[appKey]
  if (app !== undefined) return app
  throw definitionError('router', 'this is no router.', 'Make it with igniter.router({ controllers }).')
}

/** What `create()` returns: the words in which an application is written. */
export interface Igniter<C, Needs> extends Define<C> {
  /** Compiles the controllers and says who may hear what. Throws INVALID_DEFINITION with where and how to mend it. */
  router<
    const Cs extends Controllers,
    const RealtimeUse extends readonly Step[] = [],
    const Use extends readonly Step[] = [],
  >(definition: RouterDefinition<C, Cs, RealtimeUse, Use>): Router<Refusing<Cs, StepErrors<Use>>, Needs>
  readonly store: Store
  readonly realtime: Realtime
  readonly telemetry: Telemetry
  readonly logger: Logger
}

/** Collects an application's parts; each call gives a new builder, in any order, and does nothing yet. */
export interface IgniterBuilder<C, Needs> {
  /** Says the context's type; its value is given to `serve`, `handler`, `caller` and `start`. */
  context<T extends Contextual<T>>(): IgniterBuilder<T, NeedsContext<T>>
  /** Says how to make the context, for each request. */
  context<T extends Contextual<T>>(
    factory: (input: { readonly request?: UnvalidatedRequest }) => T | Promise<T>,
  ): IgniterBuilder<T, HasContext>
  config(config: Config): IgniterBuilder<C, Needs>
  /** Where keys, counters and messages live; `new MemoryStore()` unless given. */
  store(store: Store): IgniterBuilder<C, Needs>
  /** Spans and metrics; does nothing unless given. */
  telemetry(telemetry: Telemetry): IgniterBuilder<C, Needs>
  /** In the shape of pino's; the console unless given. What the framework logs is redacted first. */
  logger(logger: Logger): IgniterBuilder<C, Needs>
  /** Sizes and times of realtime. Who may hear what is said at the router. */
  realtime(settings: RealtimeSettings): IgniterBuilder<C, Needs>
  /** The application's part of its OpenAPI document, and who may see Studio. */
  docs(docs: DocsConfig): IgniterBuilder<C, Needs>
  /** Checks everything that was said. Throws INVALID_DEFINITION with where and how to mend it. */
  create(): Igniter<C & FrameworkContext, Needs>
}

interface Parts {
  readonly context?: ContextSource
  readonly config?: Config
  readonly store?: Store
  readonly telemetry?: Telemetry
  readonly logger?: Logger
  readonly realtime?: RealtimeSettings
  readonly docs?: DocsConfig
}

function builder(parts: Parts): IgniterBuilder<unknown, HasContext> {
  const having = (more: Parts): never => builder({ ...parts, ...more }) as never
  return {
    context: (factory?: ContextSource) => having({ context: factory }),
    config: (config) => having({ config: { ...parts.config, ...config } }),
    store: (store) => having({ store }),
    telemetry: (telemetry) => having({ telemetry }),
    logger: (logger) => having({ logger }),
    realtime: (realtime) => having({ realtime: { ...parts.realtime, ...realtime } }),
    docs: (docs) => having({ docs: { ...parts.docs, ...docs } }),
    create: () => create(parts) as never,
  }
}

/** Where an application begins: `Igniter.context<AppContext>().create()`. */
export const Igniter: IgniterBuilder<{}, HasContext> = /* @__PURE__ */ builder({}) as never

function create(parts: Parts): Igniter<unknown, HasContext> {
  const config = resolveConfig(parts.config ?? {})
  checkDocs(parts.docs ?? {})
  const { clock } = config
  if (parts.logger !== undefined) checkPart('logger', parts.logger, ['debug', 'info', 'warn', 'error', 'child'])
  const logger = withRedaction(parts.logger ?? consoleLogger({ clock }))
  const store = parts.store ?? new MemoryStore({ clock, logger })
  checkPart('store', store, ['get', 'set', 'subscribe', 'close'])
  const telemetry = parts.telemetry ?? silentTelemetry
  checkPart('telemetry', telemetry, ['startSpan', 'span'])
  const settings = resolveSettings(parts.realtime)
  const log: EventLog = new MemoryLog({ clock, logger, ...settings.history })
  const hub = new Hub({ log, clock, logger, settings: parts.realtime })
  const heartbeat = new Heartbeat({ clock })
  const known = new Set<string>()
  const endpoints: Endpoint[] = []
  const keyCheck = createKeyCheck(known, logger, globalThis.process?.env?.NODE_ENV !== 'production')
  const realtime: Realtime = {
    async revalidate(keys, scopes) {
      await hub.revalidate(keyCheck.check(keys, 'realtime'), scopes ?? null)
    },
    async publish(channel, data, options) {
      let sent = data
      for (const endpoint of endpoints) sent = await endpoint.message(channel, sent)
      await hub.publish(channel, sent, options?.event)
    },
    async disconnect(where) {
      return hub.disconnect(where)
    },
    connections: () => hub.connections(),
  }
  const shared: Shared = {
    config,
    logger,
    store,
    telemetry,
    realtime,
    hub,
    log,
    heartbeat,
    deadlines: new Deadlines(clock),
    keyCheck,
    known,
    endpoints,
    context: parts.context,
  }
  return {
    query: (declaration: object) => toAction('query', 'GET', declaration),
    mutation: (declaration: object) => toAction('mutation', 'POST', declaration),
    procedure: toFactory,
    controller: (declaration: object) => declaration,
    router: (definition: RouterDefinition<unknown, Controllers, readonly Step[]>) => createRouter(shared, definition),
    store,
    realtime,
    telemetry,
    logger,
  } as never
}

function checkPart(name: string, part: unknown, methods: readonly string[]): void {
  const missing = methods.filter((method) => typeof (part as Record<string, unknown> | null)?.[method] !== 'function')
  if (missing.length > 0) {
    throw definitionError(
      `Igniter.${name}(…)`,
      `what was given has no ${missing.join(', ')}.`,
      `Give something that implements the ${name} port.`,
    )
  }
}

/** What all routers of one `create()` share. */
interface Shared {
  readonly config: ResolvedConfig
  readonly logger: Logger
  readonly store: Store
  readonly telemetry: Telemetry
  readonly realtime: Realtime
  readonly hub: Hub
  readonly log: EventLog
  readonly heartbeat: Heartbeat
  readonly deadlines: Deadlines
  readonly keyCheck: ReturnType<typeof createKeyCheck>
  /** Filled by `router()`: the keys that exist. */
  readonly known: Set<string>
  /** Filled by `router()`: each knows the schemas of its channels. */
  readonly endpoints: Endpoint[]
  readonly context: ContextSource
}

const toAction = (kind: 'query' | 'mutation', method: string, declaration: object): Action => ({
  kind,
  definition: { method, ...(declaration as Omit<ActionDefinition, 'method'>) },
})

interface ProcedureDeclaration {
  readonly name?: string
  readonly use?: readonly Step[]
  readonly handler: (options: unknown, input: ProcedureInput<never>) => unknown
}

function toFactory(declaration: ProcedureDeclaration): (options?: unknown) => Step {
  const { name, use = [], handler } = declaration ?? {}
  checkOptions(`procedure ${show(name ?? '')}`, declaration ?? {}, ['name', 'use', 'handler'])
  if (typeof handler !== 'function') {
    throw definitionError(
      `procedure ${JSON.stringify(name ?? '')}`,
      'it has no handler.',
      'Give it `handler: (options, { request, context, response, next }) => …`.',
    )
  }
  // `auth()` of a handler that takes `options: { role?: string }` must not find undefined; one with a default wants it.
  const hasDefault = handler.length === 0
  const shown = name ?? (handler.name === 'handler' ? 'procedure' : handler.name)
  const factory = (given?: unknown): Step => {
    const options = given === undefined && !hasDefault ? {} : given
    return { name: shown, use, run: (input) => handler(options, input) }
  }
  // So that messages can name it where somebody forgets to call it.
  return Object.defineProperty(factory, 'name', { value: shown })
}

function createRouter(
  shared: Shared,
  definition: RouterDefinition<unknown, Controllers, readonly Step[]>,
): Router<Controllers, HasContext> {
  const { config, logger, hub, heartbeat, store, known } = shared
  if (typeof definition?.controllers !== 'object' || definition.controllers === null) {
    throw definitionError(
      'igniter.router',
      'there are no controllers.',
      'Write igniter.router({ controllers: { posts } }).',
    )
  }
  const { clock } = config
  checkOptions('igniter.router', definition, ['controllers', 'use', 'realtime', 'onError'])
  checkOptions('igniter.router: realtime', definition.realtime ?? {}, ['use', 'identity', 'scopes', 'channels'])
  if (definition.onError !== undefined && typeof definition.onError !== 'function') {
    const mend = 'Write onError: ({ error, request, context }) => report(error).'
    throw definitionError('igniter.router', `has ${show(definition.onError)} for \`onError\`.`, mend)
  }
  const compiled = compileRouter(definition.controllers, flatten('igniter.router', definition.use ?? []), config)
  for (const route of compiled.routes.values()) known.add(route.key).add(route.controller)
  const { use: realtimeUse = [], ...rules } = definition.realtime ?? {}
  const realtimeSteps = flatten('realtime', realtimeUse)
  const endpoint = new Endpoint({ hub, rules: rules as RealtimeRules, clock, logger })
  shared.endpoints.push(endpoint)
  addRealtime(compiled.table, endpoint, realtimeSteps, config)
  let isClosing = false
  let closing: Promise<void> | null = null
  const app: App = {
    ...compiled,
    config,
    logger,
    store,
    telemetry: shared.telemetry,
    realtime: shared.realtime,
    hub,
    endpoint,
    realtimeSteps,
    keyCheck: shared.keyCheck,
    heartbeat,
    deadlines: shared.deadlines,
    context: shared.context,
    checks: { hasContext: false },
    running: new Running(),
    onError: definition.onError ?? null,
    requestSettings: {
      cookieSecrets: config.cookieSecrets,
      trustedProxies: config.trustedProxies,
      newId: newRequestId,
    },
    answerSettings: { cookieSecrets: config.cookieSecrets, origin: config.origin },
    isClosing: () => isClosing,
    endLive() {
      isClosing = true
      heartbeat.close()
      return hub.close()
    },
  }
  const close = async (grace: number): Promise<void> => {
    await app.endLive()
    await within(clock, grace, app.running.idle(), 'close: what still runs').catch((err: unknown) => {
      logger.warn({ err }, 'Closed while requests were still running.')
    })
    await shared.log.close()
    await store.close()
  }
  return {
    [appKey]: app,
    handler: (request, options) => handleFetch(app, request, options?.context),
    caller: (options) => createCaller(app, options?.context) as never,
    realtime: shared.realtime,
    start: async () => {},
    close({ grace = 10_000 } = {}) {
      closing ??= close(grace)
      return closing
    },
  }
}
