/**
 * `.stream()` of an action: its events as they come. A query's stream whose events have ids is resumed with
 * `Last-Event-ID` after a failure of the network; a mutation's is not, since that would run it again.
 */
import { type CallerOptions, type CallInput, type CallOptions, toRequest } from './call.js'
import { IgniterClientError, toClientError } from './error.js'
import { readEvents } from './events.js'
import { backOff } from './timing.js'

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
export const streamAction = (
  { send, after, prefix }: CallerOptions,
  key: string,
  input?: CallInput,
  options: CallOptions = {},
) => ({
  [Symbol.asyncIterator](): AsyncIterator<ClientEvent, undefined> {
    const asked = options.signal
    const life = new AbortController()
    const { signal } = life
    const end = () => life.abort()
    // The controller's signal ends the listening.
    asked?.addEventListener('abort', end, life)
    if (asked?.aborted) end()

    async function* read(): AsyncGenerator<ClientEvent, undefined> {
      let method: 'GET' | 'POST' = input?.body === undefined ? 'GET' : 'POST'
      let lastId = ''
      try {
        for (let failures = 0; ; failures++) {
          let wait: number | undefined
          const request = toRequest(method, prefix + key, input, { ...options, signal })
          if (lastId) request.headers.push({ 'last-event-id': lastId })
          try {
            for await (const { event, data, id, retry } of readEvents(send, request)) {
              lastId = id ?? lastId
              wait = retry ?? wait
              if (!event) continue
              if (event === 'error' && isFailure(data)) throw new IgniterClientError({ ...data, status: 200 })
              yield { event, data, id: lastId }
              failures = 0
              wait = undefined
            }
            // A server that goes away says last when to come back; any other end is the stream's own.
            if (wait === undefined || !lastId) return
          } catch (cause) {
            const error = toClientError(request, cause)
            const { status } = error
            if (signal.aborted && !asked?.aborted) return
            const canResume = lastId && (!status || status === 429 || status > 501)
            if (signal.aborted || method === 'POST' || !(canResume || status === 405)) throw error
            // Only the server knows that this is a mutation: one without a body looks like a query.
            if (status === 405) {
              method = 'POST'
              continue
            }
          }
          await backOff(after, failures, signal, wait)
        }
      } finally {
        end()
      }
    }
    // A generator's own `return` would wait for the event that is on its way.
    return Object.assign(read(), {
      return: async () => (end(), { done: true as const, value: undefined }),
    })
  },
})

/** What the server sends before it ends a stream whose handler failed. */
const isFailure = (data: unknown): data is { readonly code: string; readonly message: string } =>
  Object(data).code && Object(data).message
