/**
 * Actions for those who watch a process: alive (it answers) and ready (what it needs works). A controller to be listed
 * like any other: `controllers: { health: health({ checks: { database: () => db.ping() } }) }`.
 */
import type { HandlerInput, Query } from './action.js'
import { systemClock } from './clock.js'
import type { Controller } from './controller.js'
import type { Logger } from './logger.js'
import { within } from './realtime/deadline.js'
import type { Failure } from './response.js'
import type { Store } from './store/store.js'

export interface HealthOptions<C = unknown> {
  /** Where the actions are, below the base path: `/health` unless given, so `/health/live` and `/health/ready`. */
  readonly path?: string
  /** What must work for requests to be served: each throws, rejects or gives false when it doesn't. The store is always asked. */
  readonly checks?: Readonly<Record<string, (input: { readonly context: C }) => unknown>>
  /** Milliseconds that a check may take, 2,000 unless given. */
  readonly timeout?: number
}

/** How each check ended; why one failed goes to the log. */
export type CheckResults = Readonly<Record<string, 'ok' | 'failed'>>

interface HealthQuery<Data, Errors extends string> {
  params: {}
  query: unknown
  headers: unknown
  body: undefined
  data: Data
  errors: Errors
  events: never
}

export interface HealthActions {
  readonly live: Query<HealthQuery<{ readonly status: 'ok' }, never>>
  readonly ready: Query<HealthQuery<{ readonly status: 'ok'; readonly checks: CheckResults }, 'SERVICE_UNAVAILABLE'>>
}

type ReadyInput = HandlerInput<
  { readonly store: Store; readonly logger: Logger },
  unknown,
  unknown,
  unknown,
  unknown,
  never
>

/** `live` answers 200 as long as the process does; `ready` 200, or 503 whose details name the checks that failed. */
export function health<C = unknown>(options: HealthOptions<C> = {}): Controller<string, HealthActions> {
  const { path = '/health', checks = {}, timeout = 2_000 } = options
  const ready = async ({ context, response }: ReadyInput): Promise<Failure | object> => {
    const input = { context: context as C }
    const all: NonNullable<HealthOptions<C>['checks']> = {
      store: async () => void (await context.store.exists('health')),
      ...checks,
    }
    const results = await Promise.all(
      Object.entries(all).map(
        async ([name, check]) => [name, await passes(name, () => check(input), timeout, context.logger)] as const,
      ),
    )
    const shown: CheckResults = Object.fromEntries(results.map(([name, isOk]) => [name, isOk ? 'ok' : 'failed']))
    if (results.every(([, isOk]) => isOk)) return { status: 'ok', checks: shown }
    return response.error({ code: 'SERVICE_UNAVAILABLE', message: 'Not ready.', details: shown })
  }
  const actions = {
    live: {
      kind: 'query',
      definition: { method: 'GET', path: '/live', name: 'Liveness', handler: () => ({ status: 'ok' }) },
    },
    ready: { kind: 'query', definition: { method: 'GET', path: '/ready', name: 'Readiness', handler: ready } },
  }
  return { path, actions: actions as unknown as HealthActions }
}

async function passes(name: string, check: () => unknown, timeout: number, logger: Logger): Promise<boolean> {
  try {
    const done = Promise.resolve().then(check)
    return (await within(systemClock, timeout, done, `the check "${name}"`)) !== false
  } catch (err) {
    logger.warn({ err, check: name }, 'A readiness check failed.')
    return false
  }
}
