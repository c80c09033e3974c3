/** The realtime addresses as routes of the pipeline, so that guards, limits, CSRF and errors are those of every action. */
import type { ActionDefinition } from '../action.js'
import type { ResolvedConfig } from '../config.js'
import type { Step } from '../procedure.js'
import { realtimePath } from '../protocol.js'
import type { Address, Route } from '../router.js'
import { parameterNames, type RouteTable } from '../routes.js'
import type { Endpoint, EndpointCall } from './endpoint.js'

/** Bytes that a realtime request's body may have: a hundred names are far less. */
const bodyLimit = 131_072

/** Adds `GET` and `POST {base}/~/realtime`, and `POST {base}/~/realtime/{connection}`. */
export function addRealtime(
  table: RouteTable<Address>,
  endpoint: Endpoint,
  steps: readonly Step[],
  config: ResolvedConfig,
): void {
  const open = (call: EndpointCall): unknown => endpoint.open(call)
  const change = (call: EndpointCall): unknown => endpoint.change(call)
  const path = `${config.basePath}${realtimePath}`
  const routes = [
    toRoute('GET', path, 'query', true, open, steps, config),
    toRoute('POST', path, 'mutation', true, open, steps, config),
    toRoute('POST', `${path}/:connection`, 'mutation', false, change, steps, config),
  ]
  for (const route of routes) {
    table.add({ key: route.key, method: route.method, template: route.template, route, isRpc: false })
  }
}

function toRoute(
  method: string,
  template: string,
  kind: Route['kind'],
  isStream: boolean,
  handler: (call: EndpointCall) => unknown,
  steps: readonly Step[],
  config: ResolvedConfig,
): Route {
  return {
    key: '~realtime',
    controller: '~realtime',
    method,
    template,
    parameters: parameterNames(template),
    kind,
    isStream,
    steps,
    params: null,
    query: null,
    headers: null,
    body: null,
    output: null,
    events: null,
    bodyLimit,
    timeout: config.timeout,
    handler: handler as unknown as ActionDefinition['handler'],
  }
}
