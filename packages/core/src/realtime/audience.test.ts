import { expect, test } from 'vitest'
import { createTestClock } from '../testing/clock.js'
import { createSinkRecorder } from '../testing/recorder.js'
import { Audience } from './audience.js'
import { Connection } from './connection.js'
import { Pacer } from './pacer.js'

const nothing = () => {}

function connect(scopes: string[], channels: string[]) {
  const host = {
    pacer: new Pacer(createTestClock(), 50),
    buffer: 1e6,
    onStart: nothing,
    onOver: nothing,
    onStall: nothing,
  }
  const granted = { scopes: { granted: scopes, denied: [] }, channels: { granted: channels, denied: [] } }
  const connection = new Connection(
    host,
    { identity: null, ip: null, after: null, ...granted },
    { wall: 0, now: 0, end: 1 },
  )
  connection.start(createSinkRecorder())
  return connection
}

test('whoever leaves takes every name along that nobody else holds', () => {
  const audience = new Audience()
  const one = connect(['a', 'b'], ['c'])
  const other = connect(['b'], [])
  audience.add(one)
  audience.add(other)
  audience.subscribe(one, 'd')
  audience.subscribe(other, 'd')
  expect([audience.size, audience.names]).toEqual([2, 4])
  audience.unsubscribe(one, 'c')
  expect(audience.names).toBe(3)
  audience.delete(one)
  expect([audience.size, audience.names]).toEqual([1, 2])
  audience.delete(one)
  audience.delete(other)
  expect([audience.size, audience.names]).toEqual([0, 0])
})

test('one that does not hear yet can be given channels, and leaves no trace if it never does', () => {
  const audience = new Audience()
  const one = connect([], [])
  audience.subscribe(one, 'c')
  expect([...one.channels]).toEqual(['c'])
  expect(audience.names).toBe(0)
  audience.delete(one)
  expect(audience.names).toBe(0)
})
