/**
 * `.stream()` of an action: its events as they come. A query's stream whose events have ids is resumed with
 * `Last-Event-ID` after a failure of the network; a mutation's is not, since that would run it again.
 */
import { decode, rpcPrefix } from '@igniter-js/core/protocol'
import { readAnswer } from './answer.js'
import { isEventStream, readBytes } from './bytes.js'
import { type CallerOptions, type CallInput, type CallOptions, toRequest } from './call.js'
import { IgniterClientError } from './error.js'
import { parseEventStream } from './event-stream.js'
import { backoff, pause, retryAfter } from './ports.js'
import { networkError } from './transport.js'

/** An event of a stream. */
export interface ClientEvent {
  /** `message` when the server gave no name. */
  readonly event: string
  readonly data: unknown
  /** The last id that the stream gave, up to and with this event. */
  readonly id?: string
}

/**
 * The events of `key`; each loop over them makes a request of its own. Ends with the stream. Throws IgniterClientError:
 * what the server answered instead of a stream, what ended it there, ABORTED, or NETWORK_ERROR when it cannot be
 * resumed. Leaving the loop, or `return()` at any time, ends the request at once and quietly.
 */
export const streamAction = (caller: CallerOptions, key: string, input?: CallInput, options: CallOptions = {}) => ({
  [Symbol.asyncIterator](): AsyncGenerator<ClientEvent, undefined> {
    const controller = new AbortController()
    const events = read(caller, key, input, options, controller)
    const end = events.return.bind(events)
    // A generator's own `return` would wait for the event that it is waiting for.
    events.return = () => {
      controller.abort()
      return end(undefined)
    }
    return events
  },
})

async function* read(
  { transport, ports, retries }: CallerOptions,
  key: string,
  input: CallInput | undefined,
  options: CallOptions,
  controller: AbortController,
): AsyncGenerator<ClientEvent, undefined> {
  const { signal } = controller
  const path = rpcPrefix + key
  const abort = () => controller.abort(options.signal?.reason)
  options.signal?.addEventListener('abort', abort)
  if (options.signal?.aborted) abort()
  let isGet = input?.body === undefined
  let id = ''
  let hasBegun = false
  try {
    for (let failures = 0; ; failures++) {
      const method = isGet ? 'GET' : 'POST'
      const where = transport.where(method, path)
      let wait: number | undefined
      try {
        const request = toRequest(isGet, input, { ...options, signal })
        request.headers.set('accept', 'text/event-stream')
        if (id) request.headers.set('last-event-id', id)
        const response = await transport.send(method, path, request)
        if (response.status === 405 && isGet) {
          // Only the server knows that this is a mutation: one without a body looks like a query.
          isGet = false
          continue
        }
        wait = retryAfter(response, ports)
        if (!isEventStream(response)) {
          const { error } = await readAnswer(where, response, signal)
          throw error ?? new IgniterClientError({ code: 'PARSE_ERROR', status: response.status, message: `${where}: no stream.` })
        }
        const told = {
          onId: (next: string) => {
            id = next
          },
          onRetry: (ms: number) => {
            wait = ms
          },
        }
        for await (const { event, data: text, lastEventId } of parseEventStream(readBytes(response.body!, signal), told)) {
          hasBegun = true
          failures = 0
          wait = undefined
          const data = decode(text, { maxNodes: Infinity }) as IgniterClientError
          if (event === 'error' && typeof data?.code === 'string' && typeof data.message === 'string') {
            throw new IgniterClientError({ ...data, status: response.status })
          }
          yield lastEventId ? { event, data, id: lastEventId } : { event, data }
        }
        signal.throwIfAborted()
        // A server that goes away says last when to come back; any other end is the stream's own.
        if (wait === undefined || !id) return
      } catch (cause) {
        if (signal.aborted && !options.signal?.aborted) return
        const error = cause instanceof IgniterClientError ? cause : networkError(where, 'the stream broke off', cause, signal)
        const isTemporary = error.code === 'NETWORK_ERROR' || (id !== '' && temporary.includes(error.status))
        if (!isTemporary || !isGet || (id === '' && (hasBegun || failures >= retries))) throw error
      }
      await pause(ports, wait ?? backoff(ports, failures), signal)
    }
  } finally {
    options.signal?.removeEventListener('abort', abort)
    // What has not been read is not wanted any more.
    controller.abort()
  }
}

/** Statuses of a server, or a proxy before it, that will be back. */
const temporary: readonly number[] = [429, 502, 503, 504]
