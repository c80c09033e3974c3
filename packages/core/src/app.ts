/**
 * Everything that one router runs on, assembled by igniter.ts and handed to the pipeline, its doors and its caller.
 */
import type { ResolvedConfig } from './config.js'
import type { Deadlines } from './deadlines.js'
import type { MaybePromise } from './exchange.js'
import type { Heartbeat } from './heartbeat.js'
import type { Logger } from './logger.js'
import type { Step } from './procedure.js'
import type { Endpoint } from './realtime/endpoint.js'
import type { Hub } from './realtime/hub.js'
import type { KeyCheck } from './realtime/key-check.js'
import type { Realtime } from './realtime/realtime.js'
import type { RequestSettings, UnvalidatedRequest } from './request.js'
import type { AnswerSettings } from './response.js'
import type { Compiled } from './router.js'
import type { Running } from './running.js'
import type { Store } from './store/store.js'
import type { Telemetry } from './telemetry.js'

/** Where the base of every context comes from: `.context(factory)`, or a value or function given to the door. */
export type ContextSource = unknown | ((input: { readonly request?: UnvalidatedRequest }) => unknown)

/** What went wrong unexpectedly, for reports. */
export interface ErrorReport {
  readonly error: unknown
  readonly request: UnvalidatedRequest
  /** What the context held when it happened. */
  readonly context: Readonly<Record<string, unknown>>
}

export interface App extends Compiled {
  readonly config: ResolvedConfig
  readonly logger: Logger
  readonly store: Store
  readonly telemetry: Telemetry
  readonly realtime: Realtime
  readonly hub: Hub
  readonly endpoint: Endpoint
  /** The procedures of `realtime.use`. */
  readonly realtimeSteps: readonly Step[]
  readonly keyCheck: KeyCheck
  readonly heartbeat: Heartbeat
  /** Time limits of requests. */
  readonly deadlines: Deadlines
  /** Calls that are waiting for something. */
  readonly running: Running
  /** Where the base of the context comes from unless a door was given another; undefined for none. */
  readonly context: ContextSource
  /** What has been found in order, and need not be looked at again for each request. */
  readonly checks: { hasContext: boolean }
  readonly onError: ((report: ErrorReport) => MaybePromise<unknown>) | null
  readonly requestSettings: RequestSettings
  readonly answerSettings: AnswerSettings
  /** Whether the app is shutting down. */
  readonly isClosing: () => boolean
  /** Ends realtime connections and streams, telling their clients to come back: the first half of a shutdown. */
  readonly endLive: () => Promise<void>
}

/** An id for a request. */
export const newRequestId = (): string => crypto.randomUUID()
