import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createActionProxy } from './index.js'

type Api = Record<string, Record<string, Record<string, unknown>> & (() => unknown)> & { extra: object }

const setUp = () => {
  const asked: string[] = []
  const extra = { posts: 'not this' }
  const verb = (key: string, name: string) => {
    asked.push(`${key} ${name}`)
    return name === 'query' ? () => key : undefined
  }
  return { asked, extra, api: createActionProxy(verb, { extra }) as Api }
}

describe('createActionProxy', () => {
  test('gives what the verb gives, once, and the same each time', () => {
    const { api, asked } = setUp()
    expect((api.posts!.list!.query as () => string)()).toBe('posts.list')
    expect(api.posts!.list!.query).toBe(api.posts!.list!.query)
    expect(api.posts).toBe(api.posts)
    expect(asked).toEqual(['posts.list query'])
  })

  test('names of Object and Function are names like any other', () => {
    const { api } = setUp()
    for (const name of ['name', 'length', 'constructor', 'call', 'toString', '__proto__']) {
      expect((api[name]![name]!.query as () => string)()).toBe(`${name}.${name}`)
    }
  })

  test('extras come first at the top, and only there', () => {
    const { api, extra } = setUp()
    expect(api.extra).toBe(extra)
    expect((api.posts!.extra!.query as () => string)()).toBe('posts.extra')
  })

  test('can be awaited at every level', async () => {
    const { api } = setUp()
    expect(await api).toBe(api)
    expect(await api.posts).toBe(api.posts)
    expect(await api.posts!.list).toBe(api.posts!.list)
  })

  test('can be logged, turned to JSON and asked for symbols', () => {
    const { api, asked } = setUp()
    expect(() => inspect(api, { showProxy: false })).not.toThrow()
    expect(JSON.stringify({ api })).toBe('{"api":{}}')
    expect((api as unknown as Record<symbol, unknown>)[Symbol.iterator]).toBeUndefined()
    expect(asked).toEqual([])
  })

  test('calling an action or a controller names what is no function', () => {
    const { api } = setUp()
    expect(() => (api.posts!.list as unknown as () => void)()).toThrow(TypeError)
    expect(() => (api.posts as unknown as () => void)()).toThrow('api.posts is not a function')
  })
})
