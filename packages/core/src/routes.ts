/**
 * Method and path to route, compiled once by router.ts and asked by dispatch.ts for every request.
 * A tree of decoded path segments: exact names before parameters, no regular expressions, linear in the path.
 * Paths are case-sensitive; a final slash is dropped; each segment is decoded once, so `%61` is `a` and `%2F` stays in its segment.
 */
import { definitionError, IgniterError } from './error.js'

/** What a table needs to know of a route. */
export interface Routable {
  readonly method: string
  /** The whole path with the base path: `/api/v1/posts/:id`. */
  readonly template: string
  /** How messages name it: `posts.list`. */
  readonly key: string
}

/** Where a path led. `route` is null when the path exists but not for this method. */
export interface Match<R> {
  readonly route: R | null
  /** Values of the template's parameters in order, decoded. */
  readonly values: readonly string[]
  /** Methods that this path answers. */
  readonly allow: readonly string[]
}

/** A path of the table with its routes by method. */
class Endpoint<R extends Routable> {
  readonly routes: R[] = []
  readonly allow: string[] = []

  add(route: R): void {
    this.routes.push(route)
    for (const method of route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]) this.allow.push(method)
  }

  find(method: string): R | null {
    const wanted = method === 'HEAD' ? 'GET' : method
    for (const route of this.routes) if (route.method === wanted) return route
    return null
  }
}

interface Node<R extends Routable> {
  readonly names: Map<string, Node<R>>
  any: Node<R> | null
  endpoint: Endpoint<R> | null
}

const newNode = <R extends Routable>(): Node<R> => ({ names: new Map(), any: null, endpoint: null })
const none: readonly string[] = []
const parameterName = /^[A-Za-z_][A-Za-z0-9_]*$/

export class RouteTable<R extends Routable> {
  readonly #root: Node<R> = newNode()
  /** Paths without parameters by their own text: one lookup for most requests. */
  readonly #exact = new Map<string, { readonly endpoint: Endpoint<R>; readonly matches: Map<string, Match<R>> }>()

  /** Adds a route; refuses one that a request could reach equally by another route, naming both. */
  add(route: R): void {
    let node = this.#root
    for (const segment of segmentsOf(route)) {
      if (segment.startsWith(':')) {
        node.any ??= newNode()
        node = node.any
      } else {
        let next = node.names.get(segment)
        if (next === undefined) {
          next = newNode()
          node.names.set(segment, next)
        }
        node = next
      }
    }
    node.endpoint ??= new Endpoint()
    const same = node.endpoint.find(route.method)
    if (same !== null) {
      throw definitionError(
        `${same.key} and ${route.key}`,
        `both answer ${route.method} ${route.template}.`,
        'Give one of them another path or method.',
      )
    }
    node.endpoint.add(route)
    if (!route.template.includes('/:')) {
      this.#exact.set(route.template, { endpoint: node.endpoint, matches: new Map() })
    }
  }

  /**
   * Where `path` (not decoded, without the query) leads; null when nowhere. A path whose names don't answer `method`
   * may still fit a parameter that does. Throws BAD_REQUEST for a malformed escape.
   */
  match(method: string, path: string): Match<R> | null {
    const exact = this.#exact.get(path)
    if (exact !== undefined) {
      const known = exact.matches.get(method)
      if (known !== undefined) return known
      const { endpoint } = exact
      const route = endpoint.find(method)
      if (route !== null) {
        const match = { route, values: none, allow: endpoint.allow }
        exact.matches.set(method, match)
        return match
      }
    }
    const values: string[] = []
    let endpoint = path.includes('%') ? null : walk(this.#root, path, values)
    let route = endpoint === null ? null : endpoint.find(method)
    if (endpoint !== null && route !== null) return { route, values, allow: endpoint.allow }
    values.length = 0
    const allow = new Set<string>()
    endpoint = find(this.#root, decodeSegments(path), 0, { method, values, allow })
    route = endpoint === null ? null : endpoint.find(method)
    if (endpoint !== null) return { route, values, allow: endpoint.allow }
    return allow.size === 0 ? null : { route: null, values, allow: [...allow] }
  }
}

/** The parameters of a template in order: `['id']` of `/posts/:id`. */
export const parameterNames = (template: string): string[] =>
  template
    .split('/')
    .filter((segment) => segment.startsWith(':'))
    .map((segment) => segment.slice(1))

/** The way that most paths take, without a list of segments: by name where there is one, and never back. */
function walk<R extends Routable>(root: Node<R>, path: string, values: string[]): Endpoint<R> | null {
  let node = root
  let start = 1
  while (start < path.length) {
    let end = path.indexOf('/', start)
    if (end < 0) end = path.length
    const segment = path.slice(start, end)
    const named = node.names.get(segment)
    if (named !== undefined) {
      node = named
    } else {
      if (node.any === null || end === start) return null
      values.push(segment)
      node = node.any
    }
    start = end + 1
  }
  return node.endpoint
}

/** What is looked for, and what is gathered on the way: values, and the methods of endpoints that lack ours. */
interface Search {
  readonly method: string
  readonly values: string[]
  readonly allow: Set<string>
}

function find<R extends Routable>(
  node: Node<R>,
  segments: readonly string[],
  at: number,
  search: Search,
): Endpoint<R> | null {
  const segment = segments[at]
  if (segment === undefined) {
    const { endpoint } = node
    if (endpoint === null || endpoint.find(search.method) !== null) return endpoint
    for (const method of endpoint.allow) search.allow.add(method)
    return null
  }
  const named = node.names.get(segment)
  if (named !== undefined) {
    const endpoint = find(named, segments, at + 1, search)
    if (endpoint !== null) return endpoint
  }
  // An empty segment is no value: `/posts/` is the list and `/posts//x` is nothing.
  if (node.any === null || segment === '') return null
  search.values.push(segment)
  const endpoint = find(node.any, segments, at + 1, search)
  if (endpoint === null) search.values.pop()
  return endpoint
}

function decodeSegments(path: string): string[] {
  const end = path.length > 1 && path.endsWith('/') ? path.length - 1 : path.length
  const segments = path.slice(1, end).split('/')
  if (path.includes('%')) {
    for (let i = 0; i < segments.length; i++) segments[i] = decodeSegment(segments[i] as string)
  }
  return segments
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new IgniterError({
      code: 'BAD_REQUEST',
      message: 'The path holds a malformed percent escape. Encode each segment with encodeURIComponent.',
    })
  }
}

/** A template's segments, checked. */
function segmentsOf({ template, key }: Routable): string[] {
  const segments = template.slice(1).split('/')
  const names = new Set<string>()
  for (const segment of segments) {
    if (!segment.startsWith(':')) {
      // Browsers resolve dots before they ask.
      if (/[:*?()[\]{}\\#%\s]|^\.{1,2}$/.test(segment)) {
        throw definitionError(
          key,
          `the path ${JSON.stringify(template)} holds ${JSON.stringify(segment)}.`,
          'A segment is plain text or a whole parameter such as ":id"; there are no patterns, and nothing is percent-encoded.',
        )
      }
      continue
    }
    const name = segment.slice(1)
    if (!parameterName.test(name) || name === '__proto__') {
      throw definitionError(
        key,
        `the path ${JSON.stringify(template)} has a parameter named ${JSON.stringify(name)}.`,
        'Use letters, digits and "_", beginning with a letter.',
      )
    }
    if (names.has(name)) {
      throw definitionError(
        key,
        `the path ${JSON.stringify(template)} names the parameter ":${name}" twice.`,
        'Give one of them another name (the controller’s path counts too).',
      )
    }
    names.add(name)
  }
  return segments
}
