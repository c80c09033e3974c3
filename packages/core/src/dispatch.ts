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
import { locate, NotAllowed } from './locate.js'
import { runProcedures } from './procedures.js'
import { rpcPrefix } from './protocol.js'
import { failureReply, streamHead, toReply } from './reply.js'
import { supervise } from './supervise.js'
import { validateInput, validateOutput } from './validate.js'

type Stage = (call: Call) => MaybePromise<void>

/** A request's life, once its action is known and its body is here. */
const stages: readonly Stage[] = [openContext, runSteps, runEffects]
/** What procedures wrap. */
const core: readonly Stage[] = [validateInput, runHandler, validateOutput]

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
