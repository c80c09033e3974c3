/**
 * `.stream()` of an action: its events as they come. A query's stream whose events have ids is resumed with
 * `Last-Event-ID` after a failure of the network; a mutation's is not, since that would run it again.
 */
import { rpcPrefix } from '@igniter-js/core/protocol'
import { type CallerOptions, type CallInput, type CallOptions, toRequest } from './call.js'
import { IgniterClientError, toClientError } from './error.js'
import { readEvents } from './events.js'
import { backoff, pause } from './ports.js'

/** An event of a stream. */
export interface ClientEvent {
  /** `message` when the server gave no name. */
  readonly event: string
  readonly data: unknown
  /** The last id that the stream gave, up to and with this event; empty before. */
  readonly id: string
}

/**
 * The events of `key`; each loop over them makes a request of its own. Ends with the stream, or when the loop is left.
 * Throws IgniterClientError: what the server answered instead of a stream, what ended it there, ABORTED, or
 * NETWORK_ERROR when it cannot be resumed.
 */
export const streamAction = (caller: CallerOptions, key: string, input?: CallInput, options?: CallOptions) => ({
  [Symbol.asyncIterator]: () => read(caller, key, input, options),
})

async function* read(
  { send, ports, basePath, retries }: CallerOptions,
  key: string,
  input?: CallInput,
  { headers, signal }: CallOptions = {},
): AsyncGenerator<ClientEvent, undefined> {
  const path = basePath + rpcPrefix + key
  let method = input?.body === undefined ? 'GET' : 'POST'
  let id = ''
  let hasBegun = false
  let wait: number | undefined
  const steps = {
    onId(next: string) {
      id = next
    },
    onRetry(ms: number) {
      wait = ms
    },
  }
  for (let failures = 0; ; failures++) {
    wait = undefined
    try {
      const resume = new Headers(headers)
      if (id) resume.set('last-event-id', id)
      const request = toRequest(method, input, { headers: resume, ...(signal && { signal }) })
      for await (const { event, data, lastEventId } of readEvents(send, method, path, request, steps)) {
        hasBegun = true
        failures = 0
        wait = undefined
        if (event === 'error' && isFailure(data)) throw new IgniterClientError({ ...data, status: 200 })
        yield { event, data, id: lastEventId }
      }
      signal?.throwIfAborted()
      // A server that goes away says last when to come back; any other end is the stream's own.
      if (wait === undefined || !id) return
    } catch (cause) {
      const error = toClientError(`${method} ${path}`, cause, signal)
      if (error.status === 405 && method === 'GET') {
        // Only the server knows that this is a mutation: one without a body looks like a query.
        method = 'POST'
        continue
      }
      const isTemporary = error.code === 'NETWORK_ERROR' || (id && [429, 502, 503, 504].includes(error.status))
      if (!isTemporary || method === 'POST' || (!id && (hasBegun || failures >= retries))) throw error
    }
    await pause(ports, wait ?? backoff(ports, failures), signal)
  }
}

/** What the server sends before it ends a stream whose handler failed. */
const isFailure = (data: unknown): data is { readonly code: string; readonly message: string } =>
  !!Object(data).code && !!Object(data).message
