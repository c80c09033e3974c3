import { describe, expect, test } from 'vitest'
import { Igniter } from './igniter.js'
import { rateLimit, type RateLimitOptions } from './rate-limit.js'
import { createTestApp } from './testing/app.js'

const limited = (options: Partial<RateLimitOptions> = {}, ran: () => unknown = () => 1) =>
  createTestApp(Igniter.config({ trustProxy: true }), (igniter) =>
    igniter.router({
      controllers: {
        a: igniter.controller({
          path: '/a',
          actions: {
            q: igniter.query({
              path: '/',
              use: [rateLimit({ limit: 2, windowSeconds: 60, ...options })],
              handler: () => ran(),
            }),
            other: igniter.query({ use: [rateLimit({ limit: 2, windowSeconds: 60, ...options })], handler: () => 1 }),
          },
        }),
      },
    }),
  )

const from = (ip: string) => ({ headers: { 'x-forwarded-for': ip } })

test('beyond the limit: 429 with Retry-After, and the handler does not run', async () => {
  let ran = 0
  const app = limited({}, () => ++ran)
  const answers = []
  for (let i = 0; i < 3; i++) answers.push(await app.send('/api/v1/a', from('1.1.1.1')))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
  expect(answers.map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['1', '0', '0'])
  expect(answers.every(({ headers }) => headers.get('ratelimit-limit') === '2')).toBe(true)
  const [, , refused] = answers
  expect(refused?.body).toMatchObject({ data: null, error: { code: 'TOO_MANY_REQUESTS' } })
  expect(refused?.headers.get('retry-after')).toBe('60')
  expect(ran).toBe(2)
})

test('the window ends, and begins with the next call', async () => {
  const app = limited()
  for (let i = 0; i < 3; i++) await app.send('/api/v1/a', from('1.1.1.1'))
  await app.clock.advance(45_000)
  expect((await app.send('/api/v1/a', from('1.1.1.1'))).headers.get('retry-after')).toBe('15')
  await app.clock.advance(15_001)
  expect((await app.send('/api/v1/a', from('1.1.1.1'))).status).toBe(200)
})

test('addresses are counted apart, all doors and all actions of one name together', async () => {
  const app = limited()
  await app.send('/api/v1/a', from('1.1.1.1'))
  await app.send('/api/v1/~/a.q', from('1.1.1.1'))
  expect((await app.send('/api/v1/a/other', from('1.1.1.1'))).status).toBe(429)
  expect((await app.send('/api/v1/a', from('2.2.2.2'))).status).toBe(200)
  const named = limited({ name: 'own' })
  await named.send('/api/v1/a', from('1.1.1.1'))
  expect((await named.send('/api/v1/a/other', from('1.1.1.1'))).headers.get('ratelimit-remaining')).toBe('0')
})

test('requests at once count once each', async () => {
  const app = limited({ limit: 5 })
  const answers = await Promise.all(Array.from({ length: 20 }, () => app.send('/api/v1/a', from('1.1.1.1'))))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(5)
})

describe('keys', () => {
  test('may be anything that names who is counted', async () => {
    const app = limited({ key: ({ request }) => request.headers.get('x-user') as string, limit: 1 })
    const as = (user: string) => app.send('/api/v1/a', { headers: { 'x-user': user } }).then(({ status }) => status)
    expect(await as('ann')).toBe(200)
    expect(await as('ann')).toBe(429)
    expect(await as('bob')).toBe(200)
    expect(await as('x'.repeat(5_000))).toBe(200)
    expect(await as('x'.repeat(5_000))).toBe(429)
    expect(await as(`${'x'.repeat(4_999)}y`)).toBe(200)
  })

  test('two limits never share a counter by the choice of keys', async () => {
    const app = createTestApp(Igniter, (igniter) =>
      igniter.router({
        controllers: {
          a: igniter.controller({
            path: '/a',
            actions: {
              one: igniter.query({
                use: [rateLimit({ limit: 1, windowSeconds: 60, name: 'a', key: () => 'b:c' })],
                handler: () => 1,
              }),
              two: igniter.query({
                use: [rateLimit({ limit: 1, windowSeconds: 60, name: 'a:b', key: () => 'c' })],
                handler: () => 1,
              }),
            },
          }),
        },
      }),
    )
    expect((await app.send('/api/v1/a/one')).status).toBe(200)
    expect((await app.send('/api/v1/a/two')).status).toBe(200)
  })

  test.each([[''], [undefined], [null], [{}], [[]]])('%j counts nobody: a logged 500', async (key) => {
    const app = limited({ key: () => key as never })
    expect((await app.send('/api/v1/a')).status).toBe(500)
    expect(JSON.stringify(app.logs)).toContain('rateLimit: key gave')
  })
})

test.each([
  [{ limit: 0 }, 'limit is 0'],
  [{ limit: 1.5 }, 'limit is 1.5'],
  [{ limit: '5' }, 'limit is 5'],
  [{ windowSeconds: 0 }, 'windowSeconds is 0'],
  [{ windowSeconds: Number.NaN }, 'windowSeconds is NaN'],
  [{ windowSeconds: undefined }, 'windowSeconds is undefined'],
])('%j is refused at the start', (options, message) => {
  expect(() => limited(options as never)).toThrow(`rateLimit: ${message}. Give a whole number, 1 or more.`)
})

test('a store that fails fails the request', async () => {
  const app = limited()
  await app.store.close()
  expect((await app.send('/api/v1/a')).status).toBeGreaterThanOrEqual(500)
})
