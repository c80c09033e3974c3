/**
 * What goes wrong with a call, as `error` of its result and as what a stream throws: the server's error, or one of the
 * client's own when there was no answer to read.
 */
import type { CallError } from '@igniter-js/core'

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
  readonly requestId?: string | undefined
  readonly cause?: unknown
}

/** A failed call. An Error, so that it can be thrown as it is; `JSON.stringify` gives all of its fields. */
export class IgniterClientError<Code extends string = string> extends Error implements CallError<Code> {
  readonly code: CallError<Code>['code']
  // Declared again, because the message of an Error is not enumerable and would be lost in JSON.
  override readonly message: string
  readonly status: number
  declare readonly details?: unknown
  declare readonly requestId?: string

  constructor({ code, message, status, details, requestId, cause }: ErrorFields) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code as CallError<Code>['code']
    this.message = message
    this.status = status
    Object.assign(this, details !== undefined && { details }, requestId !== undefined && { requestId })
  }

  override get name(): string {
    return 'IgniterClientError'
  }
}
