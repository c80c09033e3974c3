import { expect, test } from 'vitest'
import { health, type HealthOptions } from './health.js'
import { Igniter } from './igniter.js'
import { createTestApp } from './testing/app.js'

const watched = (options?: HealthOptions) =>
  createTestApp(Igniter, (igniter) => igniter.router({ controllers: { health: health(options) } }))

test('live answers as long as the process does', async () => {
  const { status, body } = await watched().send('/api/v1/health/live')
  expect([status, body]).toEqual([200, { data: { status: 'ok' }, error: null }])
})

test('ready asks the store and every check', async () => {
  const app = watched({ checks: { database: () => true, queue: async () => undefined } })
  const { status, body } = await app.send('/api/v1/health/ready')
  expect([status, body.data]).toEqual([200, { status: 'ok', checks: { store: 'ok', database: 'ok', queue: 'ok' } }])
  expect((await app.router.caller().health.ready.query()).data?.status).toBe('ok')
})

test('a check that throws, rejects, gives false or hangs is 503, and says no more than its name', async () => {
  const app = watched({
    timeout: 20,
    checks: {
      fine: () => 1,
      throws: () => {
        throw new Error('SECRET')
      },
      rejects: async () => Promise.reject(new Error('SECRET')),
      refuses: () => false,
      hangs: () => new Promise(() => {}),
    },
  })
  const { status, body, text } = await app.send('/api/v1/health/ready')
  expect(status).toBe(503)
  expect(body.error).toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    details: { store: 'ok', fine: 'ok', throws: 'failed', rejects: 'failed', refuses: 'failed', hangs: 'failed' },
  })
  expect(text).not.toContain('SECRET')
  expect(JSON.stringify(app.logs)).toContain('SECRET')
  expect((await app.send('/api/v1/health/live')).status).toBe(200)
})

test('a store that fails is not ready; a check may stand in its place', async () => {
  const app = watched()
  await app.store.close()
  expect((await app.send('/api/v1/health/ready')).body.error.details).toEqual({ store: 'failed' })
  const own = watched({ checks: { store: () => false } })
  expect((await own.send('/api/v1/health/ready')).status).toBe(503)
})

test('the path can be chosen', async () => {
  const app = watched({ path: '/internal/status' })
  expect((await app.send('/api/v1/internal/status/live')).status).toBe(200)
})
