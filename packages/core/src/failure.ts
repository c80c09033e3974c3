/**
 * From whatever was thrown to what the caller may know of it, and to the log and `onError` what it must not.
 * Never trusts the shape of a thrown thing.
 */
import type { App } from './app.js'
import { errorCodes, type ErrorCode, IgniterError } from './error.js'
import { isThenable } from './exchange.js'
import { isError } from './redact.js'
import type { UnvalidatedRequest } from './request.js'

/** Whether an error was meant for the caller: an IgniterError with a status of its own that isn't one of the framework's 500s. */
const isExpected = (error: unknown): error is IgniterError => {
  if (!IgniterError.is(error) || errorCodes[error.code as ErrorCode] === 500) return false
  return Number.isInteger(error.status) && error.status >= 400 && error.status <= 599
}

/** Whether what was thrown only says that the client has left, or that the time was up, as `request.signal` told it. */
function isAbort({ signal }: UnvalidatedRequest, error: unknown): boolean {
  if (!signal.aborted) return false
  return error === signal.reason || (isError(error) && error.name === 'AbortError')
}

/** The error that the caller gets; what was not meant for it says nothing but that something failed. */
export function toPublicError(error: unknown): IgniterError {
  if (isExpected(error)) return error
  return new IgniterError({
    code: 'INTERNAL_SERVER_ERROR',
    message: 'Something went wrong on the server. The request id leads to the details in its log.',
  })
}

/** Logs and reports what nobody expected, and failures of the server's side; never throws. */
export function report(
  app: App,
  error: unknown,
  request: UnvalidatedRequest,
  action: string,
  context: () => Readonly<Record<string, unknown>>,
): void {
  if (isExpected(error) && error.status < 500) return
  if (isAbort(request, error)) return app.logger.debug({ requestId: request.id, action }, `${action} was given up.`)
  app.logger.error({ err: error, requestId: request.id, action }, `${action} failed.`)
  if (app.onError === null) return
  const complain = (err: unknown): void => app.logger.error({ err, requestId: request.id, action }, 'onError failed.')
  try {
    const done = app.onError({ error, request, context: context() })
    if (isThenable(done)) done.then(undefined, complain)
  } catch (err) {
    complain(err)
  }
}
