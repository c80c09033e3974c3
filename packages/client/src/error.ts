/**
 * What goes wrong with a call, as `error` of its result and as what a stream throws: the server's error, or one of the
 * client's own when there was no answer to read.
 */
import type { CallError } from '@igniter-js/core'
import type { OutgoingRequest } from './transport.js'

/**
 * Codes of the client's own: no answer came, or it broke off (`NETWORK_ERROR`); the caller's signal ended the call
 * (`ABORTED`); what came is no answer of Igniter's (`PARSE_ERROR`).
 */
export type ClientErrorCode = 'NETWORK_ERROR' | 'ABORTED' | 'PARSE_ERROR'

interface ErrorFields {
  readonly code: string
  readonly message: string
  readonly status: number
  readonly details?: unknown
  readonly requestId?: string
  readonly cause?: unknown
}

/** A failed call. An Error, so that it can be thrown as it is; `JSON.stringify` gives all of its fields but the cause. */
export class IgniterClientError<Code extends string = string> extends Error implements CallError<Code> {
  declare readonly code: CallError<Code>['code']
  // A field of its own: the message of an Error is not enumerable and would be lost in JSON.
  override readonly message!: string
  /** The HTTP status; 0 where there was no answer. */
  declare readonly status: number
  declare readonly details?: unknown
  declare readonly requestId?: string

  constructor(fields: ErrorFields) {
    super(fields.message, fields)
    Object.assign(this, fields)
  }

  override get name(): string {
    return 'IgniterClientError'
  }
}

/** An error about `request`. Messages name it without its query string, which may hold secrets. */
export const toError = (
  { method, path }: OutgoingRequest,
  what: string,
  fields: { code: ClientErrorCode; status?: number; cause?: unknown },
) => new IgniterClientError({ status: 0, message: `${method} ${path.split('?')[0]}: ${what}.`, ...fields })

/** Why a request, or reading its answer, failed: `cause` if it is ours, else NETWORK_ERROR or ABORTED. */
export function toClientError(request: OutgoingRequest, cause: unknown): IgniterClientError {
  if (cause instanceof IgniterClientError) return cause
  const { message, cause: reason } = Object(cause) as { message?: string; cause?: { code?: string } }
  // Some runtimes quote the whole address.
  const said = String(reason?.code ?? message ?? cause).replace(/\?.*/s, '')
  const code = request.signal?.aborted ? 'ABORTED' : 'NETWORK_ERROR'
  return toError(request, `no answer (${said})`, { code, cause })
}
