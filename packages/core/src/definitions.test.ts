import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { IgniterError } from './error.js'
import { Igniter } from './igniter.js'
import { consoleLogger } from './logger.js'

/** Whatever JavaScript lets people write. */
const igniter = Igniter.logger(consoleLogger({ level: 'silent' })).create() as any
const query = (definition: object) => igniter.query({ path: '/', handler: () => 1, ...definition })
const mutation = (definition: object) => igniter.mutation({ path: '/', handler: () => 1, ...definition })
const withAction = (action: unknown, controller: object = {}) =>
  igniter.router({ controllers: { posts: { path: '/posts', actions: { list: action }, ...controller } } })

/** The message of the definition error that `run` throws. */
function mistake(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    expect(IgniterError.is(error)).toBe(true)
    expect((error as IgniterError).code).toBe('INVALID_DEFINITION')
    return (error as IgniterError).message
  }
  throw new Error('no mistake was found')
}

describe('actions', () => {
  test.each([
    ['no action', undefined, 'posts.list: is no action. Make it with igniter.query or igniter.mutation.'],
    ['null', null, 'posts.list: is no action.'],
    ['a text', 'list', 'posts.list: is no action.'],
    ['a function', () => 1, 'posts.list: is no action.'],
    ['a plain object', { handler: () => 1 }, 'posts.list: is no action.'],
    ['no declaration', igniter.query(undefined), 'posts.list: has no handler.'],
    ['no handler', igniter.query({ path: '/' }), 'posts.list: has no handler. Give it `handler: ('],
    ['a handler that is none', query({ handler: 'list' }), 'posts.list: has no handler.'],
    ['a path without slash', query({ path: 'list' }), 'posts.list: has the path "list". Begin it with "/".'],
    ['a path that is none', query({ path: 5 }), 'posts.list: has the path 5. Begin it with "/".'],
    ['a null path', query({ path: null }), 'posts.list: has the path null. Begin it with "/".'],
    ['a pattern', query({ path: '/*' }), 'there are no patterns'],
    ['a regular expression', query({ path: '/:id(\\d+)' }), 'Use letters, digits and "_"'],
    ['an optional parameter', query({ path: '/:id?' }), 'Use letters, digits and "_"'],
    ['a parameter twice', query({ path: '/:id/x/:id' }), 'names the parameter ":id" twice'],
    ['an encoded path', query({ path: '/%61' }), 'nothing is percent-encoded'],
    ['a query string in the path', query({ path: '/a?b=1' }), 'there are no patterns'],
    ['dots in the path', query({ path: '/../x' }), 'posts.list'],
    ['a lower-case method', mutation({ method: 'post' }), 'has the method "post". Use POST, PUT, PATCH or DELETE.'],
    ['a mutation by GET', mutation({ method: 'GET' }), 'Use POST, PUT, PATCH or DELETE.'],
    ['an unknown method', mutation({ method: 'FETCH' }), 'Use POST, PUT, PATCH or DELETE.'],
    ['a method that is none', mutation({ method: 5 }), 'Use POST, PUT, PATCH or DELETE.'],
    ['a query by POST', query({ method: 'POST' }), 'Make it a mutation; queries answer GET and HEAD.'],
    ['a query with a body', query({ body: z.object({}) }), 'is a query with a `body`. Make it a mutation, or'],
    ['params where the path has none', query({ params: z.object({ id: z.string() }) }), 'posts.list'],
    ['params that the path lacks', query({ path: '/:slug', params: z.object({ id: z.string() }) }), ':slug'],
    ['output of a stream', query({ stream: true, output: z.string() }), 'Describe what it sends with `events`.'],
    ['events of what is no stream', query({ events: { a: z.string() } }), 'Add `stream: true`'],
    ['an event that is no schema', query({ stream: true, events: { a: {} } }), 'has a `events.a` that is no schema'],
    ['events that are none', query({ stream: true, events: 'a' }), 'posts.list'],
    ['a query that is no schema', query({ query: { page: 'number' } }), 'has a `query` that is no schema.'],
    ['a query that takes no object', query({ query: z.string() }), 'Give a schema of an object.'],
    ['an output that is no schema', query({ output: 'string' }), 'has a `output` that is no schema.'],
    ['a body that is no schema', mutation({ body: { type: 'object' } }), 'Give a Standard Schema'],
    ['headers that are null', query({ headers: null }), 'has a `headers` that is no schema.'],
    ['a limit below zero', mutation({ bodyLimit: -1 }), 'has `bodyLimit: -1`. Give a whole number, 0 or more.'],
    ['a limit as text', mutation({ bodyLimit: '1mb' }), 'has `bodyLimit: "1mb"`.'],
    ['a timeout that is none', query({ timeout: Number.NaN }), 'has `timeout: NaN`.'],
    ['a timeout beyond all timers', query({ timeout: 2 ** 31 }), 'has `timeout: 2147483648`.'],
    ['use that is no list', query({ use: igniter.procedure({ handler: () => {} })() }), 'posts.list'],
    ['something else in use', query({ use: ['auth'] }), 'Make procedures with igniter.procedure.'],
    ['nothing in use', query({ use: [undefined] }), 'Make procedures with igniter.procedure.'],
    [
      'a procedure that was not called',
      query({ use: [igniter.procedure({ name: 'auth', handler: () => {} })] }),
      'without calling it. Write `use: [auth()]`.',
    ],
    [
      'one inside another',
      query({
        use: [
          igniter.procedure({ name: 'outer', use: [igniter.procedure({ handler: () => {} })], handler: () => {} })(),
        ],
      }),
      'without calling it.',
    ],
    ['a path of the framework', query({ path: '/~/x' }), 'posts.list'],
  ])('%s', (what, action, message) => {
    const controller = what === 'a path of the framework' ? { path: '/' } : {}
    const found = mistake(() => withAction(action, controller))
    expect(found).toContain(message)
    expect(found).toMatch(/^posts\.list: /)
  })

  test('a mistake in a procedure says so where it is made', () => {
    expect(mistake(() => igniter.procedure())).toContain('it has no handler')
    expect(mistake(() => igniter.procedure({ name: 'auth' }))).toContain('procedure "auth": it has no handler')
    expect(mistake(() => igniter.procedure({ name: 'auth', handler: 5 }))).toContain('procedure "auth"')
  })

  test.each(['', 'a.b', 'a b', '1a', 'a/b', 'é', '__proto__', 'a?'])('the key %j is refused', (key) => {
    const actions = Object.fromEntries([[key, query({})]])
    expect(mistake(() => igniter.router({ controllers: { posts: { path: '/posts', actions } } }))).toContain('posts.')
    const controllers = Object.fromEntries([[key, { path: '/x', actions: {} }]])
    expect(mistake(() => igniter.router({ controllers }))).toContain('controllers.')
  })
})

describe('controllers', () => {
  test.each([
    ['undefined', undefined, 'is no controller. Make it with igniter.controller({ path, actions }).'],
    ['null', null, 'is no controller.'],
    ['a text', '/posts', 'is no controller.'],
    ['without actions', { path: '/posts' }, 'is no controller.'],
    ['with null for actions', { path: '/posts', actions: null }, 'is no controller.'],
    ['with a list of actions', { path: '/posts', actions: [query({})] }, 'posts'],
    ['without a path', { actions: {} }, 'has no path. Begin it with "/".'],
    ['with a path without slash', { path: 'posts', actions: {} }, 'has the path "posts". Begin it with "/".'],
    ['with a path that is none', { path: 5, actions: {} }, 'has the path 5. Begin it with "/".'],
    ['with use that is no list', { path: '/posts', use: 5, actions: { list: query({}) } }, '`use`'],
  ])('%s', (_, controller, message) => {
    expect(mistake(() => igniter.router({ controllers: { posts: controller } }))).toContain(message)
  })

  test('a path of the framework, also when it is put together', () => {
    expect(mistake(() => withAction(query({ path: '/x' }), { path: '/~' }))).toContain('the framework’s')
    expect(mistake(() => withAction(query({ path: '/~x' }), { path: '/' }))).toContain('the framework’s')
    expect(mistake(() => withAction(query({ path: '/x' }), { path: '/~studio' }))).toContain('the framework’s')
    withAction(query({ path: '/~x' }))
  })

  test('two actions that one request could reach equally, naming both', () => {
    const both = (a: object, b: object, path = '/posts') =>
      igniter.router({ controllers: { posts: { path: '/posts', actions: { a } }, other: { path, actions: { b } } } })
    for (const [a, b] of [
      [query({}), query({})],
      [query({ path: '/:id' }), query({ path: '/:slug' })],
      [query({ path: '/a/' }), query({ path: '/a' })],
      [query({ path: '/:a/x/:b' }), query({ path: '/:c/x/:d' })],
      [mutation({ method: 'PUT' }), mutation({ method: 'PUT' })],
    ]) {
      const message = mistake(() => both(a, b))
      expect(message).toContain('posts.a and other.b: both answer')
      expect(message).toContain('Give one of them another path or method.')
    }
    both(query({ path: '/:id' }), query({ path: '/new' }))
    both(query({}), mutation({}))
    both(mutation({}), mutation({ method: 'PATCH' }))
    both(query({ path: '/:id' }), query({ path: '/:id' }), '/other')
  })
})

describe('routers', () => {
  test.each([
    ['nothing', undefined, 'igniter.router: there are no controllers.'],
    ['null', null, 'igniter.router: there are no controllers.'],
    ['no controllers', {}, 'Write igniter.router({ controllers: { posts } }).'],
    ['a text', { controllers: 'posts' }, 'igniter.router: there are no controllers.'],
    ['a list', { controllers: [{ path: '/x', actions: {} }] }, 'controllers.0'],
    ['use that is no list', { controllers: {}, use: 5 }, 'use'],
    ['something else in use', { controllers: {}, use: [5] }, 'procedure'],
    ['onError that is no function', { controllers: {}, onError: 'log' }, 'onError'],
    ['realtime.use that is no list', { controllers: {}, realtime: { use: 5 } }, 'realtime'],
    [
      'realtime.use with what was not called',
      { controllers: {}, realtime: { use: [igniter.procedure({ name: 'auth', handler: () => {} })] } },
      'use: [auth()]',
    ],
    [
      'scopes that are no function',
      { controllers: {}, realtime: { scopes: ['a'] } },
      'realtime.scopes: it is not a function.',
    ],
    ['identity that is no function', { controllers: {}, realtime: { identity: 'id' } }, 'realtime.identity'],
    [
      'a channel pattern with its star inside',
      { controllers: {}, realtime: { channels: { 'a*b': () => true } } },
      'at its end',
    ],
    [
      'a channel that is true',
      { controllers: {}, realtime: { channels: { news: true } } },
      'realtime.channels["news"]',
    ],
  ])('%s', (_, definition, message) => {
    expect(mistake(() => igniter.router(definition))).toContain(message)
  })

  test('an empty one is a router', () => {
    expect(typeof igniter.router({ controllers: {} }).handler).toBe('function')
  })

  test('whatever is given, it is a definition error and no other', () => {
    const junk = fc.oneof(
      fc.anything({ withBigInt: true, withNullPrototype: true }),
      fc.constant(() => 1),
    )
    const options = ['path', 'use', 'params', 'query', 'headers', 'body', 'output', 'stream', 'events', 'bodyLimit']
    const action = fc.dictionary(fc.constantFrom(...options, 'timeout', 'method', 'handler'), junk, { maxKeys: 2 })
    const controller = fc.dictionary(fc.constantFrom('path', 'use', 'actions'), junk, { maxKeys: 1 })
    const kind = fc.constantFrom('query', 'mutation')
    fc.assert(
      fc.property(
        kind,
        action,
        controller,
        fc.dictionary(fc.string(), junk, { maxKeys: 1 }),
        (kind, own, around, more) => {
          try {
            const actions = { a: igniter[kind]({ path: '/x/:y', handler: () => 1, ...own }), ...more }
            igniter.router({ controllers: { posts: { path: '/posts', actions, ...around } } })
          } catch (error) {
            expect(IgniterError.is(error), String((error as Error)?.stack)).toBe(true)
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('configuration', () => {
  test.each([
    [{ basepath: '/x' }, 'config: there is no option "basepath". Did you mean "basePath"? Options are basePath,'],
    [{ basePath: 'api' }, 'config.basePath: "api" is no base path. Write it like "/api/v1"'],
    [{ basePath: '//x' }, 'config.basePath'],
    [{ basePath: '/a b' }, 'config.basePath'],
    [{ basePath: '/:id' }, 'config.basePath'],
    [{ basePath: 5 }, 'config.basePath'],
    [{ baseURL: 'example.com' }, 'config.baseURL: "example.com" is no address. Write it like "https://example.com".'],
    [{ baseURL: 'ftp://example.com' }, 'config.baseURL'],
    [{ baseURL: 5 }, 'config.baseURL'],
    [{ bodyLimit: '1mb' }, 'config.bodyLimit: "1mb" is out of range. Give a whole number'],
    [{ bodyLimit: -1 }, 'config.bodyLimit'],
    [{ bodyLimit: Infinity }, 'config.bodyLimit'],
    [{ timeout: 1.5 }, 'config.timeout'],
    [{ bodyTimeout: -1 }, 'config.bodyTimeout'],
    [{ trustProxy: -1 }, 'config.trustProxy'],
    [{ trustProxy: 'yes' }, 'config.trustProxy'],
    [{ cors: { origins: ['https://a.test/'] } }, 'Write https://a.test instead.'],
    [{ cors: { origins: '*', credentials: true } }, 'config.cors'],
    [{ cors: { origins: 'https://a.test' } }, 'config.cors'],
    [{ cors: {} }, 'config.cors'],
    [
      { cookies: { secret: 'short' } },
      'config.cookies.secret: secret 1 of 1 has 5 characters; at least 32 are needed.',
    ],
    [{ cookies: { secret: [] } }, 'config.cookies.secret'],
    [{ rpc: 'no' }, 'config.rpc'],
    [{ compressedBodies: 1 }, 'config.compressedBodies'],
  ])('%j', (config, message) => {
    expect(mistake(() => Igniter.config(config as never).create())).toContain(message)
  })

  test.each([
    ['store', {}, 'Igniter.store(…): what was given has no get,'],
    ['logger', console, 'Igniter.logger(…): what was given has no child.'],
    ['telemetry', {}, 'Igniter.telemetry(…)'],
    ['realtime', { heartbeat: 0 }, 'realtime({ heartbeat })'],
    ['realtime', { limits: { process: 0 } }, 'realtime({ limits.process })'],
    ['docs', { openapi: '2.0' }, 'docs.openapi: "2.0" is no version that can be served.'],
  ] as const)('%s(%j)', (part, value, message) => {
    expect(mistake(() => (Igniter as any)[part](value).create())).toContain(message)
  })
})
