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
 * The events of `key`; each loop over them makes a request of its own. Ends with the stream, or at once when the loop is
 * left. Throws IgniterClientError: what the server answered instead of a stream, what ended it there, ABORTED, or
 * NETWORK_ERROR when it cannot be resumed.
 */
export const streamAction = (caller: CallerOptions, key: string, input?: CallInput, options: CallOptions = {}) => ({
  [Symbol.asyncIterator](): AsyncIterator<ClientEvent, undefined> {
    const life = new AbortController()
    const events = read(caller, key, input, options, life)
    // A generator's own `return` would wait for the event that is on its way.
    events.return = async () => {
      life.abort()
      return { done: true, value: undefined }
    }
    return events
  },
})

async function* read(
  { send, ports, basePath, retries }: CallerOptions,
  key: string,
  input: CallInput | undefined,
  options: CallOptions,
  life: AbortController,
): AsyncGenerator<ClientEvent, undefined> {
  const { signal } = life
  const path = basePath + rpcPrefix + key
  let method = input?.body === undefined ? 'GET' : 'POST'
  let id = ''
  let hasBegun = false
  let wait: number | undefined
  const onRetry = (ms: number) => {
    wait = ms
  }
  const abort = () => life.abort()
  options.signal?.addEventListener('abort', abort, { signal })
  if (options.signal?.aborted) abort()
  try {
    for (let failures = 0; ; failures++) {
      wait = undefined
      try {
        const request = toRequest(method, input, { ...options, signal })
        if (id) request.headers.push({ 'last-event-id': id })
        for await (const { event, data, id: own } of readEvents(send, method, path, { ...request, signal, onRetry })) {
          id = own ?? id
          if (!event) continue
          hasBegun = true
          failures = 0
          wait = undefined
          if (event === 'error' && isFailure(data)) throw new IgniterClientError({ ...data, status: 200 })
          yield { event, data, id }
        }
        signal.throwIfAborted()
        // A server that goes away says last when to come back; any other end is the stream's own.
        if (wait === undefined || !id) return
      } catch (cause) {
        const error = toClientError(`${method} ${path}`, cause, signal)
        if (signal.aborted && !options.signal?.aborted) return
        if (error.status === 405 && method === 'GET') {
          // Only the server knows that this is a mutation: one without a body looks like a query.
          method = 'POST'
          continue
        }
        const isTemporary = error.code === 'NETWORK_ERROR' || (id && [429, 502, 503, 504].includes(error.status))
        if (!isTemporary || method === 'POST' || (!id && (hasBegun || failures >= retries))) throw error
      }
      await pause(ports, backoff(ports, failures, wait), signal)
    }
  } finally {
    life.abort()
  }
}

/** What the server sends before it ends a stream whose handler failed. */
const isFailure = (data: unknown): data is { readonly code: string; readonly message: string } =>
  !!Object(data).code && !!Object(data).message
