/**
 * The Node door: `serve` for a server of its own, `toNodeHandler` for node:http, Express and Fastify. Exported as
 * `@igniter-js/core/node`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type App, type ContextSource, newRequestId } from './app.js'
import { dispatch } from './dispatch.js'
import { definitionError, IgniterError, show } from './error.js'
import { isThenable } from './exchange.js'
import { type AnyRouter, appOf, type DoorOptions } from './igniter.js'
import { NodeIncoming } from './node/incoming.js'
import { writeReply } from './node/writer.js'
import { checkOptions } from './options.js'
import { failureReply } from './reply.js'

/** What `createServer` of node:http takes. Express calls it with `next`, which gets what is outside the base path. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse, next?: () => void) => void

/** A handler for node:http, Express (`app.use(handler)`) and Fastify (`handler(request.raw, reply.raw)` after `reply.hijack()`). */
export function toNodeHandler<R extends AnyRouter>(router: R, ...[options]: DoorOptions<R>): NodeHandler {
  const app = appOf(router)
  const given: ContextSource = options?.context
  return (req, res, next) => {
    const incoming = new NodeIncoming(req, res, app)
    if (next !== undefined && !isInside(app, incoming.target)) return next()
    answer(app, incoming, given)
  }
}

function answer(app: App, incoming: NodeIncoming, given: ContextSource): void {
  const { clock } = app.config
  const reply = dispatch(app, incoming, given)
  if (isThenable(reply)) void reply.then((late) => writeReply(late, incoming, clock))
  else writeReply(reply, incoming, clock)
}

/** What dispatch.ts refuses must not reach a fallback either: it could read another host from it. */
const isOriginForm = (target: string): boolean => /^\/(?![/\\])/.test(target)

const isInside = (app: App, target: string): boolean => {
  const { basePath } = app.config
  if (!target.startsWith(basePath)) return false
  const next = target[basePath.length]
  return next === undefined || next === '/' || next === '?'
}

export interface ServeOptions {
  /** The port, 3000 unless given; 0 takes any that is free. */
  readonly port?: number
  /** The address to listen on; all of the machine's unless given. */
  readonly hostname?: string
  /** Answers what is outside the base path: pages, files, another framework. 404 without it. */
  readonly fallback?: (req: IncomingMessage, res: ServerResponse) => void
  /** Milliseconds that running work gets to end at `close` and at a signal, 10,000 unless given. */
  readonly grace?: number
  /** Whether SIGTERM and SIGINT drain the server and end the process with 0; a second one ends it at once. True unless given. */
  readonly signals?: boolean
}

export interface Serving {
  /** Where it answers: `http://localhost:3000`, without the base path. */
  readonly url: string
  readonly port: number
  readonly server: Server
  /** Takes no new connections, tells streams to reconnect, lets running requests end, then closes the router. */
  close(): Promise<void>
}

/** Starts a server. Rejects when it cannot listen, with the port in the message. */
export async function serve<R extends AnyRouter>(
  router: R,
  ...[options]: DoorOptions<R, ServeOptions>
): Promise<Serving> {
  const app = appOf(router)
  const { port = 3000, hostname, fallback, grace = 10_000, signals = true }: ServeOptions = options ?? {}
  const given: ContextSource = options?.context
  checkPort(port)
  checkOptions('serve', options ?? {}, ['port', 'hostname', 'fallback', 'grace', 'signals', 'context'])
  let isClosing = false
  const server = createServer({ requireHostHeader: false, connectionsCheckingInterval: 5_000 }, (req, res) => {
    if (isClosing) res.shouldKeepAlive = false
    const incoming = new NodeIncoming(req, res, app)
    if (fallback !== undefined && isOriginForm(incoming.target) && !isInside(app, incoming.target)) {
      return fallback(req, res)
    }
    const mistake = mistakeIn(req)
    if (mistake !== null) return writeReply(refusal('BAD_REQUEST', mistake), incoming, app.config.clock)
    answer(app, incoming, given)
  })
  server.on('clientError', refuseConnection)
  server.on('connect', (_req, socket: Duplex) => refuseConnection(notHere, socket))
  server.on('checkExpectation', (req, res) => {
    writeReply(
      refusal('BAD_REQUEST', 'Only `Expect: 100-continue` can be met.', 417),
      new NodeIncoming(req, res, app),
      app.config.clock,
    )
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await listen(server, port, hostname)

  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= (async () => {
      isClosing = true
      // A signal that is on its way while its listener changes would be lost.
      if (!isSignalled) forgetSignals()
      await drain(server, sockets, router, grace)
    })()
    return closing
  }
  let isSignalled = false
  const onSignal = (): void => {
    if (isSignalled) process.exit(1)
    isSignalled = true
    app.logger.info('Shutting down: no new connections, running work ends.')
    close().then(
      () => process.exit(0),
      (err: unknown) => {
        app.logger.error({ err }, 'Shutting down failed.')
        process.exit(1)
      },
    )
  }
  const forgetSignals = (): void => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, onSignal)
  }
  if (signals) for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal)

  const { port: actual } = server.address() as AddressInfo
  const url = `http://${toHost(hostname)}:${actual}`
  const { basePath, rpc } = app.config
  app.logger.info(`Listening on ${url}${basePath}`)
  if (rpc)
    app.logger.info(
      `Actions also answer under ${basePath}/~/, where the typed client calls them. config({ rpc: false }) turns that off.`,
    )
  return { url, port: actual, server, close }
}

/** Node would take a text for the path of a socket file. */
function checkPort(port: unknown): void {
  if (Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65_535) return
  throw definitionError('serve', `${show(port)} is no port.`, 'Give a whole number from 0 (any free one) to 65535.')
}

function listen(server: Server, port: number, hostname: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message
      reject(
        new IgniterError({
          code: 'SERVICE_UNAVAILABLE',
          message: `serve: cannot listen on ${hostname === undefined ? '' : `${hostname}, `}port ${port}: ${why}. Choose another ${cause.code === 'EADDRINUSE' || cause.code === 'EACCES' ? 'port, or 0 for any free one' : 'hostname or port'}.`,
          cause,
        }),
      )
    })
    server.listen(port, hostname, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

const closeListener = NetServer.prototype.close

/** Milliseconds for which a connection that has said nothing yet, or nothing new, may still say what it wants: browsers open some in advance. */
const silence = 500

/** Lets what runs end, within `grace` ms; then cuts what is left. */
async function drain(server: Server, sockets: ReadonlySet<Socket>, router: AnyRouter, grace: number): Promise<void> {
  const start = performance.now()
  const closed = new Promise<void>((resolve) => {
    // Not http's own close where there is another: it would cut connections that look idle while their next request is on
    // its way. Bun's server is no net.Server and has only the one.
    if (server instanceof NetServer) closeListener.call(server, () => resolve())
    else (server as Server).close(() => resolve())
  })
  const endLive = appOf(router).endLive()
  const sweep = (): void => {
    // Until then requests are still answered, with `connection: close`.
    if (performance.now() - start < silence) return
    server.closeIdleConnections()
    // Those without any request yet don't count as idle.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  }
  sweep()
  const sweeps = setInterval(sweep, 50)
  const late = setTimeout(() => server.closeAllConnections(), grace)
  try {
    await endLive
    await closed
  } finally {
    clearInterval(sweeps)
    clearTimeout(late)
    // Nothing is left to close; this ends http's own timer.
    server.close(() => {})
  }
  await router.close({ grace: Math.max(0, start + grace - performance.now()) })
}

const toHost = (hostname: string | undefined): string => {
  if (hostname === undefined || hostname === '0.0.0.0' || hostname === '::') return 'localhost'
  return hostname.includes(':') ? `[${hostname}]` : hostname
}

const refusal = (code: 'BAD_REQUEST' | 'REQUEST_TIMEOUT' | 'HEADERS_TOO_LARGE', message: string, status?: number) =>
  failureReply(new IgniterError({ code, message, status }), newRequestId(), false)

/** What node:http lets pass although a server must not (RFC 9112 §2.3, §3.2, §6.1); null where there is nothing. */
function mistakeIn({ httpVersion, headers, rawHeaders }: IncomingMessage): string | null {
  if (httpVersion !== '1.1') return httpVersion === '1.0' ? null : 'This server speaks HTTP/1.1.'
  if (headers.host === undefined) return 'The request has no Host header.'
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'The only transfer coding is chunked.'
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts === 1 ? null : 'The request has more than one Host header.'
}

/** How `refuseConnection` is told of a CONNECT. */
const notHere: NodeJS.ErrnoException = Object.assign(new Error('CONNECT'), { code: 'CONNECT' })

const reasons: Readonly<Record<string, () => ReturnType<typeof refusal>>> = {
  HPE_HEADER_OVERFLOW: () => refusal('HEADERS_TOO_LARGE', 'The request’s head is larger than 16 KiB.'),
  CONNECT: () => refusal('BAD_REQUEST', 'This is no proxy: CONNECT is not answered.'),
  ERR_HTTP_REQUEST_TIMEOUT: () => refusal('REQUEST_TIMEOUT', 'The request did not arrive in time.'),
}

/** Answers what node:http could not read as a request, in the one envelope. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Where an answer is on its way already, a second one would be read as a part of it.
  const answering = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage?.headersSent
  if (error.code === 'ECONNRESET' || !socket.writable || answering) {
    socket.destroy()
    return
  }
  const { status, body } =
    reasons[error.code ?? '']?.() ?? refusal('BAD_REQUEST', 'This is no HTTP request that can be read.')
  const text = String(body)
  socket.end(
    `HTTP/1.1 ${status} ${statusText[status] ?? ''}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
}

const statusText: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}
