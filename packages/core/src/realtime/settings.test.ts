import { expect, test } from 'vitest'
import { type RealtimeSettings, resolveSettings } from './settings.js'

test('what is not given has the documented value', () => {
  const defaults = {
    history: { events: 10_000, minutes: 10, megabytes: 64 },
    heartbeat: 15_000,
    limits: { perIdentity: 100, perAddress: Infinity, process: 50_000 },
    buffer: 262_144,
    recycle: 600_000,
  }
  expect(resolveSettings()).toEqual(defaults)
  expect(resolveSettings({ history: { events: 5 }, limits: { perIdentity: Infinity }, heartbeat: undefined })).toEqual({
    ...defaults,
    history: { ...defaults.history, events: 5 },
    limits: { ...defaults.limits, perIdentity: Infinity },
  })
})

const bad: [where: string, settings: unknown][] = [
  ['history.events', { history: { events: 0 } }],
  ['history.events', { history: { events: 1.5 } }],
  ['history.events', { history: { events: Infinity } }],
  ['history.minutes', { history: { minutes: -1 } }],
  ['history.minutes', { history: { minutes: '10' } }],
  ['history.megabytes', { history: { megabytes: NaN } }],
  ['heartbeat', { heartbeat: 0 }],
  // Timers take a delay beyond 2^31 - 1 for 1 ms.
  ['heartbeat', { heartbeat: 2 ** 31 }],
  ['limits.perIdentity', { limits: { perIdentity: 0 } }],
  ['limits.perAddress', { limits: { perAddress: -Infinity } }],
  ['limits.process', { limits: { process: '100' } }],
  ['buffer', { buffer: 1_000 }],
  ['recycle', { recycle: Infinity }],
]

test.each(bad)('%s of %j is refused by name', (where, settings) => {
  const refusal = { code: 'INVALID_DEFINITION', message: expect.stringContaining(`realtime({ ${where} })`) }
  expect(() => resolveSettings(settings as RealtimeSettings)).toThrow(expect.objectContaining(refusal))
})
