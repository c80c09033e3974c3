import { expect, test } from 'vitest'
import { Igniter } from '../igniter.js'
import { createTestApp } from './app.js'

const app = createTestApp(Igniter, (igniter) =>
  igniter.router({
    controllers: {
      notes: igniter.controller({
        path: '/notes',
        actions: {
          list: igniter.query({ path: '/', handler: ({ request }) => request.headers.get('x-tag') }),
          create: igniter.mutation({ path: '/', handler: ({ request, response }) => response.created(request.body) }),
          slow: igniter.query({ timeout: 1_000, handler: () => new Promise<never>(() => {}) }),
          keep: igniter.mutation({
            handler: async ({ context }) => {
              await context.store.set('kept', 1, 60)
              context.logger.info({ password: 'hunter2' }, 'kept it')
            },
          }),
        },
      }),
    },
  }),
)

test('fetch takes a path, an address or a Request', async () => {
  for (const input of [
    '/api/v1/notes',
    'http://elsewhere.test/api/v1/notes',
    new URL('/api/v1/notes', app.baseURL),
    new Request('http://app.test/api/v1/notes', { headers: { 'x-tag': 'a' } }),
  ]) {
    const response = await app.fetch(input, input instanceof Request ? undefined : { headers: { 'x-tag': 'a' } })
    expect(await response.json()).toEqual({ data: 'a', error: null })
  }
})

test('send reads the answer, and sends JSON', async () => {
  const made = await app.send('/api/v1/notes', { json: { title: 'x' } })
  expect(made).toMatchObject({ status: 201, body: { data: { title: 'x' }, error: null } })
  expect(made.text).toBe('{"data":{"title":"x"},"error":null}')
  expect(made.headers.get('content-type')).toContain('json')
  const put = await app.send('/api/v1/notes', { method: 'PUT', json: 1, headers: { 'content-type': 'text/plain' } })
  expect(put.status).toBe(405)
  expect((await app.send('/api/v1/notes', { method: 'HEAD' })).body).toBeUndefined()
})

test('the clock drives the time limits', async () => {
  let status = 0
  const late = app.fetch('/api/v1/notes/slow').then((response) => (status = response.status))
  await app.clock.advance(900)
  expect(status).toBe(0)
  await app.clock.advance(300)
  await late
  expect(status).toBe(503)
})

test('store and log are at hand, and the log is redacted', async () => {
  await app.send('/api/v1/notes/keep', { method: 'POST' })
  expect(await app.store.get('kept')).toBe(1)
  await app.clock.advance(60_001)
  expect(await app.store.get('kept')).toBeNull()
  const entry = app.logs.find(({ msg }) => msg === 'kept it')
  expect(entry).toMatchObject({ level: 'info', password: '[redacted]', action: 'notes.keep' })
})

test('a builder that says only the type of its context wants it here', async () => {
  const builder = Igniter.context<{ db: string }>()
  const own = createTestApp(
    builder,
    (igniter) =>
      igniter.router({
        controllers: {
          db: igniter.controller({
            path: '/db',
            actions: { name: igniter.query({ path: '/', handler: ({ context }) => context.db }) },
          }),
        },
      }),
    { context: { db: 'main' } },
  )
  expect((await own.send('/api/v1/db')).body.data).toBe('main')
  await own.close()
})
