/**
 * Events as applications send them: what `stream.send` takes and generators yield, and its way into an event-stream
 * block. Called by stream.ts.
 */
import { IgniterError } from './error.js'
import { encodeEvent, invalidEvent } from './event-stream.js'

interface EventFields {
  /** Becomes the client's last event id, sent back when it reconnects. No control characters. */
  readonly id?: string | number
  /** Milliseconds that clients wait before they reconnect: a whole number, 0 or more. */
  readonly retry?: number
}

/** An event of a stream that declares none. */
export interface OpenEvent<Data = unknown> extends EventFields {
  /** `message` unless given. No control characters. */
  readonly event?: string
  /** Travels as JSON, a string too; `undefined` is null. Left out with only `id` or `retry` given, nothing is dispatched. */
  readonly data?: Data
}

/** An event as declared under its name. */
export interface NamedEvent<Name, Data> extends EventFields {
  readonly event: Name
  readonly data: Data
}

/** An event as declared under the name that need not be said: `message`. */
export interface UnnamedEvent<Name, Data> extends EventFields {
  readonly event?: Name
  readonly data: Data
}

/** What `send` takes and generators yield: any event, or the one called `Name` (which `message` need not say). */
export type StreamEvent<Name extends string = string, Data = unknown> = string extends Name
  ? OpenEvent<Data>
  : Name extends 'message'
    ? UnnamedEvent<Name, Data>
    : NamedEvent<Name, Data>

/** An event as callers and clients get it. */
export interface ReceivedEvent<Name extends string = string, Data = unknown> {
  /** `message` where the sender said none. */
  readonly event: Name
  readonly data: Data
  /** The last id that the stream gave. */
  readonly id?: string
}

/** How an action's events become text. */
export interface EventEncoding {
  /** Data as JSON text: plain on REST addresses, by the codec under `/~/`. Throws for what cannot be sent. */
  readonly encode: (data: unknown) => string
  /** Checks an event against the action's `events` and gives the data to send; throws what `send` rejects with. */
  readonly validate?: (event: string, data: unknown) => unknown
}

/** The block for what somebody sends. Throws INVALID_EVENT, or what `validate` throws. */
export function encodeStreamEvent(given: unknown, { encode, validate }: EventEncoding): string {
  const { event, data, id, retry } = checkShape(given)
  const fields = { event, id: typeof id === 'number' ? toId(id) : id, retry }
  if (event === undefined && data === undefined && !('data' in (given as object))) return encodeEvent(fields)
  const valid = validate === undefined ? data : validate(event || 'message', data)
  let text: string
  try {
    text = encode(valid === undefined ? null : valid)
  } catch (error) {
    throw IgniterError.is(error) ? error : invalidEvent('send: `data` cannot be written as JSON; see the cause.', error)
  }
  if (typeof text !== 'string') throw invalidEvent(`send: \`data\` is a ${typeof valid}, which JSON cannot carry.`)
  return encodeEvent({ ...fields, data: text })
}

const eventFields: readonly string[] = ['event', 'data', 'id', 'retry']

/** Refuses what is no event, above all a bare value: without this, `{ id, title }` would be sent as an id and nothing else. */
function checkShape(value: unknown): StreamEvent {
  if (typeof value !== 'object' || value === null) {
    throw invalidEvent(
      `send: an event is an object like { event: 'created', data }, not ${value === null ? 'null' : `a ${typeof value}`}. Put the value under \`data\`.`,
    )
  }
  if ('data' in value) return value
  const keys = Object.keys(value)
  if (keys.length === 0 || keys.some((key) => !eventFields.includes(key))) {
    throw invalidEvent(
      'send: an event without `data` may only have `event`, `id` and `retry`. Put the value under `data`.',
    )
  }
  return value
}

function toId(id: number): string {
  if (!Number.isSafeInteger(id)) throw invalidEvent('send: `id` is a number that is not whole. Give a string.')
  return String(id)
}
