/**
 * A server that speaks the wire format by hand, for the client's tests: what they prove is the contract and not that two
 * halves of one code base agree. Listens on 127.0.0.1 and ends with the test.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Received {
  readonly method: string
  /** Without the query string. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly response: ServerResponse
  /** Resolves when the client has gone or the answer has ended. */
  readonly closed: Promise<void>
  /** Answers with JSON. */
  json(value: unknown, status?: number, headers?: Record<string, string>): void
  /** Begins an event stream. */
  stream(): void
  /** Writes one block of the stream. */
  event(fields: { event?: string; data?: unknown; id?: string; retry?: number }): void
}

export interface WireServer {
  readonly url: string
  /** The next request that nobody has asked for yet; waits for it. */
  next(): Promise<Received>
  /** Requests that came and were not asked for. */
  readonly waiting: number
}

export async function startWireServer(): Promise<WireServer> {
  const received: Received[] = []
  const waiters: ((request: Received) => void)[] = []
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const closed = new Promise<void>((resolve) => response.on('close', resolve))
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url!, 'http://localhost')
    const one: Received = {
      method: request.method!,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      response,
      closed,
      json(value, status = 200, headers = {}) {
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
      },
      stream() {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      },
      event({ event, data, id, retry }) {
        let block = ''
        if (event !== undefined) block += `event: ${event}\n`
        if (data !== undefined) block += `data: ${JSON.stringify(data)}\n`
        if (id !== undefined) block += `id: ${id}\n`
        if (retry !== undefined) block += `retry: ${retry}\n`
        response.write(`${block}\n`)
      },
    }
    const waiter = waiters.shift()
    if (waiter) waiter(one)
    else received.push(one)
  }
  const server = createServer((request, response) => void receive(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: () => {
      const one = received.shift()
      return one ? Promise.resolve(one) : new Promise((resolve) => waiters.push(resolve))
    },
    get waiting() {
      return received.length
    },
  }
}
