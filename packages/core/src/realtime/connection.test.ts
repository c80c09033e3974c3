import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Frame } from '../exchange.js'
import { toBlocks } from '../testing/blocks.js'
import { createTestClock } from '../testing/clock.js'
import { createSinkRecorder } from '../testing/recorder.js'
import { Connection, type Host } from './connection.js'
import { Batch, heartbeatFrame, messageFrame, messageJson } from './frames.js'
import { Pacer } from './pacer.js'

function setup({ buffer = 256 * 1024 } = {}) {
  const clock = createTestClock()
  const calls: string[] = []
  const host: Host = {
    pacer: new Pacer(clock, 50),
    buffer,
    onStart: () => calls.push('start'),
    onOver: () => calls.push('over'),
    onStall: (_, buffered) => calls.push(`stall ${buffered}`),
  }
  const nothing = { granted: [], denied: [] }
  const init = { identity: 'u1', ip: null, scopes: nothing, channels: nothing, after: null }
  const connection = new Connection(host, init, { wall: 0, now: 0, end: 1_000 })
  const sink = createSinkRecorder()
  let number = 0
  return {
    clock,
    calls,
    connection,
    sink,
    blocks: () => toBlocks(sink.text),
    revalidate(...keys: string[]) {
      const cursor = `e.${++number}`
      connection.revalidate(Batch.of({ cursor, event: { kind: 'revalidate', keys, scopes: null } }), clock.now())
    },
    message(data: unknown) {
      const cursor = `e.${++number}`
      const json = messageJson('c', data, undefined)
      connection.message(messageFrame({ cursor, event: { kind: 'message', channel: 'c', json } }), cursor, clock.now())
    },
  }
}

describe('pace', () => {
  test('the first revalidation leaves at once, further ones merged after 50 ms, under the id of the newest', async () => {
    const { clock, connection, sink, revalidate, blocks } = setup()
    connection.start(sink)
    revalidate('a')
    expect(blocks()).toHaveLength(1)
    revalidate('b')
    await clock.advance(49)
    revalidate('c', 'b')
    expect(blocks()).toHaveLength(1)
    await clock.advance(1)
    expect(blocks().map(({ id, data }) => [id, data])).toEqual([
      ['e.1', '{"keys":["a"]}'],
      ['e.3', '{"keys":["b","c"]}'],
    ])
    await clock.advance(50)
    revalidate('d')
    expect(blocks()).toHaveLength(3)
    expect(clock.pending).toBe(0)
  })

  test('a message never overtakes a revalidation, and does not wait', async () => {
    const { clock, connection, sink, revalidate, message, blocks } = setup()
    connection.start(sink)
    revalidate('a')
    message(1)
    revalidate('b')
    revalidate('c')
    message(2)
    expect(blocks().map(({ event, id }) => `${event} ${id}`)).toEqual([
      'revalidate e.1',
      'message e.2',
      'revalidate e.4',
      'message e.5',
    ])
    await clock.advance(1_000)
    expect(blocks()).toHaveLength(4)
  })

  test('a heartbeat never claims what still waits', async () => {
    const { clock, connection, sink, revalidate, blocks } = setup()
    connection.start(sink)
    revalidate('a')
    revalidate('b')
    connection.beat(heartbeatFrame('e.9'), 'e.9')
    await clock.advance(50)
    connection.beat(heartbeatFrame('e.9'), 'e.9')
    expect(blocks().map(({ id }) => id)).toEqual(['e.1', 'e.2', 'e.9'])
    expect(connection.cursor).toBe('e.9')
  })
})

describe('a reader that is slow', () => {
  test('is cut once more than the bound waits for it', () => {
    const { calls, connection, sink, message } = setup({ buffer: 50_000 })
    connection.start(sink)
    sink.pause()
    for (let n = 0; sink.state === 'open' && n < 100; n++) message('x'.repeat(1_000))
    expect(sink.state).toBe('cut')
    expect(connection.isOver).toBe(true)
    expect(calls.slice(0, 2)).toEqual(['start', 'over'])
    expect(calls[2]).toMatch(/^stall 50\d{3}$/)
    message('late')
    connection.beat(heartbeatFrame('e.9'), 'e.9')
    expect(connection.buffered).toBe(0)
  })

  test('may be sent a single frame above the bound when nothing else waits', () => {
    const { connection, sink, message } = setup({ buffer: 2_000 })
    connection.start(sink)
    sink.pause()
    message('x'.repeat(100_000))
    expect(sink.state).toBe('open')
    message(1)
    expect(sink.state).toBe('cut')
  })

  test('is cut at the second heartbeat if it took in nothing, and not if it took in something', () => {
    const { connection, sink, message } = setup()
    connection.start(sink)
    sink.pause()
    message('x'.repeat(1_000))
    message('x'.repeat(1_000))
    const beat = () => connection.beat(heartbeatFrame('e.9'), 'e.9')
    beat()
    sink.take(500)
    beat()
    sink.take(1)
    beat()
    expect(sink.state).toBe('open')
    beat()
    expect(sink.state).toBe('cut')
  })
})

describe('end', () => {
  test('sends what waits, then the hint, then ends properly', () => {
    const { calls, connection, sink, revalidate, blocks } = setup()
    connection.start(sink)
    revalidate('a')
    revalidate('b')
    connection.end(new Frame('retry: 100\n\n'))
    connection.end()
    expect(sink.state).toBe('ended')
    expect(blocks().slice(1)).toEqual([{ event: 'revalidate', id: 'e.2', data: '{"keys":["b"]}' }, { retry: '100' }])
    expect(calls).toEqual(['start', 'over'])
  })

  test('by revoking, keeps back what the reader has not taken yet', async () => {
    const { clock, connection, sink, message, revalidate, blocks } = setup()
    connection.start(sink)
    revalidate('before')
    revalidate('pending')
    sink.pause()
    message('waiting')
    connection.revoke()
    sink.resume()
    await clock.advance(1_000)
    expect(sink.state).toBe('cut')
    expect(blocks().map(({ data }) => data)).toEqual(['{"keys":["before"]}'])
  })

  test('when the client leaves, everything is let go once', async () => {
    const { clock, calls, connection, sink, revalidate } = setup()
    connection.start(sink)
    revalidate('a')
    revalidate('b')
    sink.leave()
    connection.end()
    connection.revoke()
    await clock.advance(1_000)
    expect(calls).toEqual(['start', 'over'])
  })

  test('before its door started it: the reply is ended at once', () => {
    const { calls, connection, sink } = setup()
    connection.end()
    connection.start(sink)
    expect(sink.state).toBe('ended')
    expect(calls).toEqual(['over'])
  })

  test('a client that is gone when it starts', () => {
    const { calls, connection, sink } = setup()
    sink.leave()
    connection.start(sink)
    expect(calls).toEqual(['over'])
  })
})

test('its id is long, unlike any other, and in nothing that a log could print', () => {
  const { connection, sink } = setup()
  connection.start(sink)
  expect(connection.id).toMatch(/^[0-9a-f]{48}$/)
  expect(connection.id).not.toBe(setup().connection.id)
  expect(inspect(connection, { depth: 5, showHidden: true })).not.toContain(connection.id)
  expect(JSON.stringify({ ...connection })).not.toContain(connection.id)
})
