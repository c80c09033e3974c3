/**
 * The pipeline: what happens to every call of an action, whichever door it came through. Read `stages` first.
 * What is synchronous stays synchronous: a stage gives a promise only where something really waits.
 */
import type { App, ContextSource } from './app.js'
import { checkContentEncoding, inflate } from './body.js'
import { Call } from './call.js'
import { performEffects } from './effects.js'
import { IgniterError } from './error.js'
import { type Incoming, isThenable, type MaybePromise, type Reply } from './exchange.js'
import { toPublicError } from './failure.js'
import { type CallInput, RestInput, RpcInput } from './input.js'
import { checkOrigin } from './origin.js'
import { runProcedures } from './procedures.js'
import { rpcPrefix } from './protocol.js'
import { failureReply, streamHead, toReply } from './reply.js'
import type { Address } from './router.js'
import type { Match } from './routes.js'
import { validateInput, validateOutput } from './validate.js'

type Stage = (call: Call) => MaybePromise<void>

/** A request's life, once its action is known and its body is here. */
const stages: readonly Stage[] = [openContext, runSteps, runEffects]
/** What procedures wrap. */
const core: readonly Stage[] = [validateInput, runHandler, validateOutput]

const maxPath = 8_192

/** Answers a request that came through a door. Never throws and never rejects. */
export function dispatch(app: App, incoming: Incoming, given: ContextSource): Reply | PromiseLike<Reply> {
  let call: Call | null = null
  try {
    const found = locate(app, incoming)
    if ('status' in found) return found
    const made = found.call(app, incoming, given)
    call = made
    const read = readBody(made)
    if (!isThenable(read)) return proceed(made)
    return read.then(
      () => proceed(made),
      (error: unknown) => refuse(app, incoming, made, error),
    )
  } catch (error) {
    return refuse(app, incoming, call, error)
  }
}

function proceed(call: Call): Reply | PromiseLike<Reply> {
  try {
    const done = advance(call, stages, 0)
    return isThenable(done) ? supervise(call, done).then(() => finish(call)) : finish(call)
  } catch (error) {
    return refuse(call.app, call.incoming, call, error)
  }
}

/** Runs a call without HTTP: the server-side caller's way in. The call says afterwards how it ended. */
export function run(call: Call): MaybePromise<void> {
  try {
    const done = advance(call, stages, 0)
    return isThenable(done) ? supervise(call, done) : undefined
  } catch (error) {
    call.fail(error)
  }
}

/** Runs the stages one after the other from `at` on. */
function advance(call: Call, list: readonly Stage[], at: number): MaybePromise<void> {
  for (let i = at; i < list.length; i++) {
    const pending = (list[i] as Stage)(call)
    if (isThenable(pending)) return pending.then(() => advance(call, list, i + 1))
  }
}

function openContext(call: Call): MaybePromise<void> {
  return call.openContext()
}

function runSteps(call: Call): MaybePromise<void> {
  return call.route.steps.length === 0 ? runCore(call) : runProcedures(call, call.route.steps, runCore)
}

function runCore(call: Call): MaybePromise<void> {
  return advance(call, core, 0)
}

function runHandler(call: Call): MaybePromise<void> {
  // HEAD on a stream: guards and headers, but nothing begins.
  if (call.route.isStream && call.incoming.method === 'HEAD') return
  if (call.isRpc && call.route.kind === 'query') call.cursor = call.app.hub.cursor
  const value = call.route.handler(call as never)
  if (isThenable(value)) {
    return Promise.resolve(value).then((settled) => call.settle(settled))
  }
  call.settle(value)
}

function runEffects(call: Call): MaybePromise<void> {
  if (call.isSealed) return
  call.isAnswered = true
  return performEffects(call, scopesOf)
}

/** The scopes that a call's caller would hold on a realtime connection: asked of the router's rules, with its procedures. */
async function scopesOf(call: Call): Promise<readonly string[]> {
  const { app, incoming, input, isRpc, given } = call
  const asked = new Call(app, { ...call.route, steps: app.realtimeSteps }, incoming, input, isRpc, given)
  try {
    await asked.openContext()
    await runProcedures(asked, app.realtimeSteps, () => {})
    if (asked.isSettled) return []
    return await app.endpoint.scopesOf({ request: asked.request as never, context: asked.context })
  } catch (error) {
    // A guard that throws refuses, too.
    if (IgniterError.is(error) && error.status < 500) return []
    throw error
  }
}

/** Where a request leads: the call to be run, or a reply that needs none. Throws what refuses the request. */
function locate(app: App, incoming: Incoming): Reply | Found {
  const { method, target } = incoming
  // Origin form only (RFC 9112 §3.2.1): absolute-form and //host would let a client choose our address.
  if (target.charCodeAt(0) !== slash || target.charCodeAt(1) === slash || target.charCodeAt(1) === backslash) {
    throw new IgniterError({
      code: 'BAD_REQUEST',
      message: 'The request target must be a path that begins with one "/".',
    })
  }
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  if (path.length > maxPath) {
    throw new IgniterError({ code: 'URI_TOO_LONG', message: `The path is longer than ${maxPath} bytes.` })
  }
  const match = app.table.match(method, path)
  if (match === null) {
    throw new IgniterError({ code: 'NOT_FOUND', message: `There is nothing at this address.` })
  }
  if (method === 'OPTIONS') return optionsReply(app, incoming, match)
  if (match.route === null) {
    throw new NotAllowed(method, match.allow)
  }
  admit(app, incoming)
  return new Found(match.route, match.values, mark < 0 ? '' : target.slice(mark + 1))
}

const slash = 47
const backslash = 92

/** An address that was found, with what the request put into it. */
class Found {
  constructor(
    readonly address: Address,
    readonly values: readonly string[],
    readonly search: string,
  ) {}

  call(app: App, incoming: Incoming, given: ContextSource): Call {
    const { route, isRpc } = this.address
    const input: CallInput = isRpc
      ? new RpcInput(this.search)
      : new RestInput(toParams(route.parameters, this.values), this.search)
    return new Call(app, route, incoming, input, isRpc, given)
  }
}

function toParams(names: readonly string[], values: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {}
  for (let i = 0; i < names.length; i++) params[names[i] as string] = values[i] as string
  return params
}

/** 405 with the methods that would be answered. */
class NotAllowed extends IgniterError<'METHOD_NOT_ALLOWED'> {
  constructor(
    method: string,
    readonly allow: readonly string[],
  ) {
    super({ code: 'METHOD_NOT_ALLOWED', message: `This address answers ${allow.join(', ')}, not ${method}.` })
  }
}

function optionsReply(app: App, incoming: Incoming, match: Match<Address>): Reply {
  const { cors } = app.config
  const allow = [...match.allow, 'OPTIONS']
  const preflight = cors.preflight(
    incoming.header('origin'),
    incoming.header('access-control-request-method'),
    incoming.header('access-control-request-headers'),
    match.allow,
  )
  return { status: 204, headers: ['allow', allow.join(', '), ...preflight], body: null }
}

/** Refuses what another site's page makes a browser send (CSRF). */
function admit(app: App, incoming: Incoming): void {
  const { method } = incoming
  if (method === 'GET' || method === 'HEAD') return
  const origin = incoming.header('origin')
  const fetchSite = incoming.header('sec-fetch-site')
  if (origin === null && fetchSite === null) return
  const { baseURL, allowedOrigins: allowed } = app.config
  const hasCookies = incoming.header('cookie') !== null
  const facts = {
    method,
    origin,
    fetchSite,
    host: incoming.header('host'),
    baseURL: baseURL ?? undefined,
    allowed,
    hasCookies,
  }
  if (checkOrigin(facts)) return
  throw new IgniterError({
    code: 'FORBIDDEN',
    message: 'This origin may not change anything here. Add it to config({ cors: { origins } }) if it should.',
  })
}

/** Reads the body's bytes within their bounds; what they mean is found out when somebody looks. */
function readBody(call: Call): void | PromiseLike<void> {
  const { incoming, route, input, app } = call
  if (route.kind === 'query' || !incoming.hasBody) return
  const { bodyTimeout, compressedBodies } = app.config
  const coding = checkContentEncoding(incoming.header('content-encoding'), compressedBodies)
  const bytes = incoming.body(route.bodyLimit, bodyTimeout)
  const take = (whole: Uint8Array): MaybePromise<void> => input.take(whole, incoming.header('content-type'))
  if (coding !== null)
    return Promise.resolve(bytes)
      .then((packed) => inflate(packed, coding, route.bodyLimit))
      .then(take)
  return isThenable(bytes) ? bytes.then(take) : take(bytes)
}

/** Waits for a call, but not for ever, and for whatever it throws. */
function supervise(call: Call, done: Promise<void>): Promise<void> {
  const { timeout } = call.route
  const { running, deadlines } = call.app
  running.begin()
  return new Promise((resolve) => {
    let isOver = false
    const end = (): void => {
      if (isOver) return
      isOver = true
      timer?.clear()
      running.end()
      resolve()
    }
    const late = (): void => {
      giveUp(call, timeout)
      end()
    }
    const timer = timeout === 0 ? null : deadlines.after(timeout, late)
    done.then(end, (error: unknown) => {
      call.fail(error)
      end()
    })
  })
}

/** The time is up: a call that has no answer yet fails, one that has leaves without waiting for its effects. */
function giveUp(call: Call, timeout: number): void {
  const { app, route, request, incoming } = call
  if (call.isAnswered) {
    const fields = { requestId: request.id, action: route.key }
    return app.logger.error(
      fields,
      `${route.key}: what follows its answer took longer than ${timeout} ms. It left without.`,
    )
  }
  const error = new IgniterError({
    code: 'TIMEOUT',
    message: `This took longer than ${timeout} ms. Whether it was done is not known.`,
  })
  call.fail(error)
  call.seal()
  incoming.abort(error)
}

/** The reply of a call that has ended. */
function finish(call: Call): Reply {
  const { app, incoming, route } = call
  try {
    const reply = route.isStream && incoming.method === 'HEAD' && !call.isSettled ? streamHead(call) : toReply(call)
    return withCors(app, incoming, reply)
  } catch (error) {
    return refuse(app, incoming, call, error)
  }
}

/** The reply to what failed outside of a call, or could not be sent. */
function refuse(app: App, incoming: Incoming, call: Call | null, error: unknown): Reply {
  if (call !== null) {
    call.fail(error)
    const { failure, headers } = call.response
    return withCors(app, incoming, failureReply(failure ?? toPublicError(error), call.request.id, call.isRpc, headers))
  }
  const id = app.requestSettings.newId()
  if (!IgniterError.is(error))
    app.logger.error({ err: error, requestId: id }, 'A request failed before its action was known.')
  const own = error instanceof NotAllowed ? ['allow', error.allow.join(', ')] : null
  const isRpc = incoming.target.startsWith(app.config.basePath + rpcPrefix)
  return withCors(app, incoming, failureReply(toPublicError(error), id, isRpc, own))
}

function withCors(app: App, incoming: Incoming, reply: Reply): Reply {
  if (app.config.allowedOrigins.length === 0) return reply
  const cors = app.config.cors.headersFor(incoming.header('origin'))
  return cors.length === 0 ? reply : { ...reply, headers: [...reply.headers, ...cors] }
}
