import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parameterNames, type Routable, RouteTable } from './routes.js'

const table = (...routes: string[]) => {
  const made = new RouteTable<Routable>()
  for (const route of routes) {
    const [method = '', template = '', key = template] = route.split(' ')
    made.add({ method, template, key })
  }
  return made
}

describe('matching', () => {
  const routes = table(
    'GET /api/posts list',
    'POST /api/posts create',
    'GET /api/posts/:id get',
    'GET /api/posts/latest latest',
    'GET /api/a/:x/c deep',
    'GET /api/a/b/:y other',
  )

  test.each([
    ['GET', '/api/posts', 'list', []],
    ['HEAD', '/api/posts', 'list', []],
    ['GET', '/api/posts/', 'list', []],
    ['POST', '/api/posts', 'create', []],
    ['GET', '/api/p%6fsts', 'list', []],
    ['GET', '/api/posts/42', 'get', ['42']],
    ['GET', '/api/posts/42/', 'get', ['42']],
    ['GET', '/api/posts/latest', 'latest', []],
    ['GET', '/api/posts/lat%65st', 'latest', []],
    ['GET', '/api/posts/a%2Fb', 'get', ['a/b']],
    ['GET', '/api/posts/%252F', 'get', ['%2F']],
    ['GET', '/api/posts/..', 'get', ['..']],
    ['GET', '/api/a/b/c', 'other', ['c']],
    ['GET', '/api/a/z/c', 'deep', ['z']],
    ['GET', '/api/a/b/', null, []],
  ])('%s %s is %s', (method, path, key, values) => {
    const match = routes.match(method, path)
    expect(match?.route?.key ?? null).toBe(key)
    if (key !== null) expect(match?.values).toEqual(values)
  })

  test.each(['/api/Posts', '/api/posts//', '/api//posts', '/api/posts/1/2', '/api', '/', '/api/posts/%2e%2e/x'])(
    '%s leads nowhere',
    (path) => {
      expect(routes.match('GET', path)).toBeNull()
    },
  )

  test('a known path with another method names what it answers', () => {
    expect(routes.match('DELETE', '/api/posts')).toMatchObject({ route: null, allow: ['GET', 'HEAD', 'POST'] })
    expect(routes.match('PUT', '/api/posts/1')).toMatchObject({ route: null, allow: ['GET', 'HEAD'] })
  })

  test('a malformed escape is refused', () => {
    expect(() => routes.match('GET', '/api/posts/%zz')).toThrow(/malformed percent escape/)
  })

  test('any encoded value comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (value) => {
        fc.pre(value !== 'latest')
        expect(routes.match('GET', `/api/posts/${encodeURIComponent(value)}`)?.values).toEqual([value])
      }),
    )
  })
})

describe('definitions', () => {
  test('two routes that one request could reach equally are refused, naming both', () => {
    expect(() => table('GET /users/:id users.get', 'GET /users/:name users.byName')).toThrow(
      'users.get and users.byName: both answer GET /users/:name. Give one of them another path or method.',
    )
  })

  test.each([
    ['/files/*', /no patterns/],
    ['/a/:id?', /Use letters, digits/],
    ['/a/:', /Use letters, digits/],
    ['/a/:__proto__', /Use letters, digits/],
    ['/a/x:id', /no patterns/],
    ['/a/%41', /percent-encoded/],
    ['/:id/b/:id', /names the parameter ":id" twice/],
  ])('%s is refused', (template, message) => {
    expect(() => table(`GET ${template} a.b`)).toThrow(message)
  })

  test('parameterNames', () => {
    expect(parameterNames('/orgs/:org/posts/:id')).toEqual(['org', 'id'])
  })
})
