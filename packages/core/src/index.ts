/** The public API of `@igniter-js/core`. */

// The builder and what it makes
export { Igniter } from './igniter.js'
export type {
  ChannelDefinition,
  ContextGiven,
  FrameworkContext,
  HasContext,
  Igniter as IgniterInstance,
  IgniterBuilder,
  NeedsContext,
  Router,
  RouterDefinition,
  RouterRealtime,
} from './igniter.js'
export type { Contextual } from './context.js'
export type { Config } from './config.js'
export type { CorsConfig } from './cors.js'
export type { DocsConfig, PlaygroundConfig, SecurityScheme } from './docs.js'
export type { ErrorReport } from './app.js'

// Declarations
export type { Action, ActionTypes, HandlerInput, Mutation, Query, SecurityRequirement } from './action.js'
export type { Controller } from './controller.js'
export type { Define } from './define.js'
export type { NextOutcome, ProcedureFactory, ProcedureInput, Step } from './procedure.js'
export { type HealthActions, type HealthOptions, health } from './health.js'
export { type RateLimitOptions, rateLimit } from './rate-limit.js'

// What handlers see
export type { CookieOptions, RequestCookies } from './cookies.js'
export type { RequestHeaders } from './headers.js'
export type { ActionRequest, Params, RawQuery, UnvalidatedRequest } from './request.js'
export type { Failure, Outcome, ResponseBuilder, Result } from './response.js'
export type { EventStream, ReceivedEvent, StreamEvent } from './stream.js'
export type { NamedEvent, OpenEvent, UnnamedEvent } from './stream-event.js'

// Types read off a router
export type { CallerOptions } from './caller.js'
export type {
  ActionKey,
  CallError,
  CallResult,
  Calls,
  CommonCode,
  InferInput,
  InferOutput,
  RouterTypes,
} from './infer.js'

// Errors
export { type ErrorCode, type ErrorDetail, errorCodes, IgniterError, type IgniterErrorOptions } from './error.js'

// Schemas
export type { Schema } from './schema.js'

// Realtime
export type { EventLog, LogEntry, LogEvent } from './realtime/log.js'
export type { ConnectionInfo, DisconnectTarget, Realtime } from './realtime/realtime.js'
export type { RealtimeSettings } from './realtime/settings.js'
export type { RevalidateKey } from './protocol.js'

// Store
export { MemoryStore, type MemoryStoreOptions } from './store/memory.js'
export type { Store, Subscription, Unsubscribe } from './store/store.js'

// Logger, telemetry, time
export { type ConsoleLoggerOptions, consoleLogger, type Logger, type LogLevel } from './logger.js'
export type { Span, SpanAttributes, SpanStatus, Telemetry } from './telemetry.js'
export { type Clock, systemClock, type Timer } from './clock.js'
