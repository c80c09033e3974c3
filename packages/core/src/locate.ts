/**
 * Where a request leads: the first thing dispatch.ts asks. What is refused here (a strange target, no such address, a
 * method that isn't answered, another site's page) never becomes a call.
 * Source: RFC 9112 §3.2 (request target), RFC 9110 §15.5.6 (405).
 */
import type { App, ContextSource } from './app.js'
import { Call } from './call.js'
import { IgniterError } from './error.js'
import type { Incoming, Reply } from './exchange.js'
import { type CallInput, RestInput, RpcInput } from './input.js'
import { checkOrigin } from './origin.js'
import type { Address } from './router.js'
import type { Match } from './routes.js'

/** Bytes of a path, without its query. */
const maxPath = 8_192
const slash = 47
const backslash = 92

/** Where a request leads: the call to be run, or a reply that needs none. Throws what refuses the request. */
export function locate(app: App, incoming: Incoming): Reply | Found {
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
    throw new IgniterError({ code: 'NOT_FOUND', message: 'There is nothing at this address.' })
  }
  if (method === 'OPTIONS') return optionsReply(app, incoming, match)
  if (match.route === null) {
    throw new NotAllowed(method, match.allow)
  }
  admit(app, incoming)
  return new Found(match.route, match.values, mark < 0 ? '' : target.slice(mark + 1))
}

/** An address that was found, with what the request put into it. */
export class Found {
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
export class NotAllowed extends IgniterError<'METHOD_NOT_ALLOWED'> {
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
