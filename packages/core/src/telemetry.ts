/**
 * The port of telemetry, in the words of OpenTelemetry's API, and the default that does nothing and costs nothing.
 * Source: OpenTelemetry API specification (Span, Status); `SpanStatusCode` has its numbers.
 */

/** OpenTelemetry's span status: 0 unset, 1 ok, 2 error. */
export interface SpanStatus {
  readonly code: 0 | 1 | 2
  readonly message?: string
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** What of an OpenTelemetry span the framework and handlers use. */
export interface Span {
  setAttribute(name: string, value: string | number | boolean): this
  setAttributes(attributes: SpanAttributes): this
  setStatus(status: SpanStatus): this
  recordException(error: unknown): void
  end(): void
}

export interface Telemetry {
  /** Begins a span, child of the active one; the caller ends it. */
  startSpan(name: string, options?: { readonly attributes?: SpanAttributes }): Span
  /** Runs `fn` inside a span which ends with it; what `fn` throws is recorded and thrown on. */
  span<T>(name: string, fn: (span: Span) => T): T
}

const silentSpan: Span = {
  setAttribute: () => silentSpan,
  setAttributes: () => silentSpan,
  setStatus: () => silentSpan,
  recordException: () => {},
  end: () => {},
}

/** The default: every span is the same silent one. */
export const silentTelemetry: Telemetry = {
  startSpan: () => silentSpan,
  span: (_name, fn) => fn(silentSpan),
}
