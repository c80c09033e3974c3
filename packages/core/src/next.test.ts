import { expect, test } from 'vitest'
import { Igniter } from './igniter.js'
import { consoleLogger } from './logger.js'
import { shared, toNextHandler } from './next.js'

const build = () => {
  const igniter = Igniter.context<{ name: string }>()
    .logger(consoleLogger({ level: 'silent' }))
    .create()
  return igniter.router({
    controllers: {
      a: igniter.controller({
        path: '/a',
        actions: {
          q: igniter.query({ path: '/', handler: ({ context }) => context.name }),
          m: igniter.mutation({ path: '/', handler: ({ request }) => request.body }),
        },
      }),
    },
  })
}

test('gives a handler for each method', async () => {
  const handlers = toNextHandler(build(), { context: { name: 'ann' } })
  expect(Object.keys(handlers).toSorted()).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])
  const address = 'http://app.test/api/v1/a'
  expect(await (await handlers.GET(new Request(address))).json()).toEqual({ data: 'ann', error: null })
  expect((await handlers.HEAD(new Request(address, { method: 'HEAD' }))).status).toBe(200)
  expect((await handlers.OPTIONS(new Request(address, { method: 'OPTIONS' }))).headers.get('allow')).toContain('POST')
  expect((await handlers.DELETE(new Request(address, { method: 'DELETE' }))).status).toBe(405)
  const init = { method: 'POST', body: '[1]', headers: { 'content-type': 'application/json' } }
  expect(await (await handlers.POST(new Request(address, init))).json()).toEqual({ data: [1], error: null })
})

test('shared keeps one for each name', () => {
  let made = 0
  const create = () => ({ number: ++made })
  const one = shared('next.test/one', create)
  expect(shared('next.test/one', create)).toBe(one)
  expect(shared('next.test/two', create)).not.toBe(one)
  expect(made).toBe(2)
  expect(shared('next.test/none', () => undefined)).toBeUndefined()
  expect(shared('next.test/none', () => 1)).toBeUndefined()
  expect(() =>
    shared('next.test/throws', () => {
      throw new Error('not yet')
    }),
  ).toThrow('not yet')
  expect(shared('next.test/throws', () => 1)).toBe(1)
})
