import { describe, expect, test } from 'vitest'
import { decode } from '../codec.js'
import type { Frame } from '../exchange.js'
import { consoleLogger } from '../logger.js'
import { toBlocks } from '../testing/blocks.js'
import { createTestClock } from '../testing/clock.js'
import { createSinkRecorder } from '../testing/recorder.js'
import type { ConnectionInit } from './connection.js'
import { Hub } from './hub.js'
import { MemoryLog } from './log.js'
import type { RealtimeSettings } from './settings.js'

interface Wishes {
  identity?: string | number | null
  ip?: string
  scopes?: string[]
  channels?: string[]
  after?: string
}

function setup(settings?: RealtimeSettings) {
  const clock = createTestClock()
  const lines: { level: string; msg: string }[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  const logger = consoleLogger({ level: 'debug', pretty: false, clock, write })
  const log = new MemoryLog({ clock, logger, ...settings?.history })
  const hub = new Hub({ log, clock, logger, settings })
  const toInit = ({ identity = null, ip, scopes = [], channels = [], after }: Wishes): ConnectionInit => ({
    identity,
    ip: ip ?? null,
    scopes: { granted: scopes, denied: [] },
    channels: { granted: channels, denied: [] },
    after: after ?? null,
  })
  const open = (wishes: Wishes = {}) => {
    const sink = createSinkRecorder()
    const connection = hub.connect(toInit(wishes))
    connection.start(sink)
    /** All blocks after `ready`. */
    const heard = () => toBlocks(sink.text).slice(1)
    return {
      sink,
      connection,
      heard,
      ready: () => toBlocks(sink.text)[0],
      events: () => heard().flatMap(({ event }) => event ?? []),
      keys: () => heard().flatMap(({ event, data }) => (event === 'revalidate' ? JSON.parse(data as string).keys : [])),
      messages: () =>
        heard().flatMap(({ event, data }) => (event === 'message' ? JSON.parse(data as string).data : [])),
      lastId: () => toBlocks(sink.text).findLast(({ id }) => id !== undefined)?.id as string,
    }
  }
  return { clock, log, hub, lines, open, toInit }
}

describe('who hears what', () => {
  test('the first frame is ready, with the id of the connection, the grants and the position', () => {
    const { hub, toInit } = setup()
    const sink = createSinkRecorder()
    const scopes = { granted: ['a'], denied: ['b'] }
    const channels = { granted: ['c'], denied: ['d'] }
    const connection = hub.connect({ ...toInit({}), scopes, channels })
    connection.start(sink)
    const [ready] = toBlocks(sink.text)
    expect(ready).toMatchObject({ event: 'ready', id: hub.cursor })
    expect(decode(ready?.data as string)).toEqual({ connection: connection.id, scopes, channels })
  })

  test('an unscoped revalidation reaches everyone, a scoped one who holds one of its scopes, once', async () => {
    const { clock, hub, open } = setup()
    const [nobody, one, both] = [open(), open({ scopes: ['a'] }), open({ scopes: ['a', 'b'] })]
    const id = hub.revalidate(['all'], null)
    expect(id).toBe(hub.cursor)
    for (const { keys } of [nobody, one, both]) expect(keys()).toEqual(['all'])
    await clock.advance(1_000)
    void hub.revalidate(['mine'], ['b', 'a', 'b'])
    await clock.advance(1_000)
    expect([nobody.keys(), one.keys(), both.keys()]).toEqual([['all'], ['all', 'mine'], ['all', 'mine']])
  })

  test('nothing to say, or nobody to say it to, is no event', () => {
    const { hub, open } = setup()
    const one = open({ scopes: ['a'] })
    const before = hub.cursor
    expect(hub.revalidate([], null)).toBeNull()
    expect(hub.revalidate(['k'], [])).toBeNull()
    expect(hub.cursor).toBe(before)
    expect(one.heard()).toEqual([])
  })

  test('scopes and channels hold any character and never run together', () => {
    const { hub, open } = setup()
    const names = [
      'a_b',
      'a',
      'b',
      'a,b',
      'a b',
      'a\nb',
      '\u0000',
      '',
      '__proto__',
      'constructor',
      '*',
      '💬',
      '{"a":1}',
      '["a","b"]',
    ]
    const byScope = names.map((name) => open({ scopes: [name] }))
    const byChannel = names.map((name) => open({ channels: [name] }))
    for (const name of names) {
      void hub.revalidate([`key of ${names.indexOf(name)}`], [name])
      void hub.publish(name, names.indexOf(name))
    }
    for (const [index, name] of names.entries()) {
      expect(byScope[index]?.keys(), JSON.stringify(name)).toEqual([`key of ${index}`])
      expect(byChannel[index]?.messages(), JSON.stringify(name)).toEqual([index])
      expect(byScope[index]?.messages()).toEqual([])
      expect(byChannel[index]?.keys()).toEqual([])
    }
  })

  test('subscriptions change while the connection lives', () => {
    const { hub, open } = setup()
    const one = open({ channels: ['a'] })
    void hub.publish('b', 'too early')
    hub.subscribe(one.connection, ['b'])
    hub.unsubscribe(one.connection, ['a'])
    void hub.publish('a', 'too late')
    void hub.publish('b', 'now')
    expect(one.messages()).toEqual(['now'])
  })

  test('what was published stays as it was, whatever its owner does to it later', () => {
    const { hub, open } = setup()
    const after = hub.cursor
    const data = { text: 'as published' }
    const key = { key: 'posts.get', params: { id: '1' } }
    const scopes = ['a']
    void hub.publish('c', data)
    void hub.revalidate([key], scopes)
    data.text = 'changed'
    key.params.id = '2'
    scopes[0] = 'b'
    const late = open({ scopes: ['a'], channels: ['c'], after })
    expect(late.messages()).toEqual([{ text: 'as published' }])
    expect(late.keys()).toEqual([{ key: 'posts.get', params: { id: '1' } }])
  })

  test('what cannot be sent is refused where it is said', () => {
    const { hub } = setup()
    expect(() => hub.publish('c', { fn() {} })).toThrow(/fn/)
    expect(() => hub.revalidate([{ key: 'a', query: { f: (() => {}) as never } }], null)).toThrow()
  })
})

describe('catching up', () => {
  test('replays what was missed, in order, revalidations between messages merged, by the grants of today', () => {
    const { hub, open } = setup()
    const after = hub.cursor
    void hub.revalidate(['a'], null)
    void hub.revalidate(['b', 'a'], ['mine'])
    void hub.revalidate(['secret'], ['other'])
    void hub.publish('c', 1)
    void hub.publish('closed', 'secret')
    void hub.publish('c', 2)
    void hub.revalidate(['d'], null)
    const late = open({ scopes: ['mine'], channels: ['c'], after })
    expect(late.ready()).toMatchObject({ event: 'ready', id: after })
    const cursors = late.heard().map(({ id }) => Number(id?.split('.')[1]))
    expect(late.events()).toEqual(['revalidate', 'message', 'message', 'revalidate'])
    expect(late.keys()).toEqual(['a', 'b', 'd'])
    expect(late.messages()).toEqual([1, 2])
    expect(cursors).toEqual([2, 4, 6, 7])
    void hub.publish('c', 3)
    expect(late.messages()).toEqual([1, 2, 3])
  })

  test('a replayed revalidation counts for the pace', async () => {
    const { clock, hub, open } = setup()
    const after = hub.cursor
    void hub.revalidate(['a'], null)
    const late = open({ after })
    void hub.revalidate(['b'], null)
    void hub.revalidate(['c'], null)
    expect(late.keys()).toEqual(['a'])
    await clock.advance(50)
    expect(late.heard()).toHaveLength(2)
    expect(late.keys()).toEqual(['a', 'b', 'c'])
  })

  test('clients that missed the same share the frames of their replay', () => {
    const { hub, toInit } = setup()
    const after = hub.cursor
    for (let n = 0; n < 5; n++) void hub.revalidate([`k.${n}`], null)
    void hub.publish('c', 'x')
    const framesOf = () => {
      const frames: Frame[] = []
      const sink = createSinkRecorder()
      const connection = hub.connect(toInit({ channels: ['c'], after }))
      connection.start({
        write(frame) {
          frames.push(frame)
          return sink.write(frame)
        },
        buffered: 0,
        end: sink.end,
        cut: sink.cut,
        onDrain: sink.onDrain,
        onClose: sink.onClose,
      })
      return frames.slice(1)
    }
    const [one, other] = [framesOf(), framesOf()]
    expect(one).toHaveLength(2)
    expect(one[0]).toBe(other[0])
    expect(one[1]).toBe(other[1])
  })

  test.each(['nonsense', '', 'a.1', 'a.1-1', '\u0000', '9'.repeat(10_000)])(
    'a cursor like %j is answered with reset',
    (bad) => {
      const { hub, open } = setup()
      void hub.revalidate(['a'], null)
      const one = open({ after: bad })
      expect(one.ready()).not.toHaveProperty('id')
      expect(one.heard()).toEqual([{ event: 'reset', id: hub.cursor, data: '{"reason":"epoch"}' }])
      void hub.revalidate(['b'], null)
      expect(one.keys()).toEqual(['b'])
    },
  )

  test('a gap that the log no longer covers, a position to come, another life of the log: reset', () => {
    const { hub, open } = setup({ history: { events: 3 } })
    const after = hub.cursor
    const foreign = setup().hub.cursor
    for (let n = 0; n < 4; n++) void hub.revalidate(['a'], null)
    expect(open({ after }).heard()).toMatchObject([{ event: 'reset', data: '{"reason":"gap"}' }])
    expect(open({ after: `${hub.cursor}0` }).heard()).toMatchObject([{ event: 'reset', data: '{"reason":"gap"}' }])
    expect(open({ after: foreign }).heard()).toMatchObject([{ event: 'reset', data: '{"reason":"epoch"}' }])
  })

  test('more than half the buffer is not replayed: reset', () => {
    const { hub, open } = setup({ buffer: 16_384 })
    const after = hub.cursor
    for (let n = 0; n < 7; n++) void hub.publish('c', 'x'.repeat(1_000))
    expect(open({ channels: ['c'], after }).messages()).toHaveLength(7)
    void hub.publish('c', 'x'.repeat(1_000))
    expect(open({ channels: ['c'], after }).heard()).toMatchObject([{ event: 'reset', data: '{"reason":"backlog"}' }])
    expect(open({ after }).heard()).toEqual([])
  })

  test('an event that cannot be delivered is a reset for all, live or later, and stops nothing', async () => {
    const { clock, hub, log, lines, open } = setup()
    const one = open()
    const after = hub.cursor
    log.append({ kind: 'revalidate', keys: [{ key: 'odd', params: { fn: () => {} } }], scopes: null })
    void hub.revalidate(['a'], null)
    await clock.advance(100)
    expect(one.events()).toEqual(['reset', 'revalidate'])
    expect(open({ after }).events()).toEqual(['reset'])
    expect(lines.map(({ level }) => level)).toEqual(['error', 'error'])
  })

  test('a kind of event that a newer instance wrote is passed over', () => {
    const { hub, log, open } = setup()
    const one = open()
    const after = hub.cursor
    log.append({ kind: 'novelty' } as never)
    void hub.revalidate(['a'], null)
    expect(one.keys()).toEqual(['a'])
    expect(open({ after }).keys()).toEqual(['a'])
  })

  test('a new epoch tells everyone to refetch, and drops what waited', async () => {
    const { clock, log, hub, open } = setup()
    const one = open()
    void hub.revalidate(['a'], null)
    void hub.revalidate(['b'], null)
    log.renew()
    await clock.advance(1_000)
    expect(one.heard().slice(1)).toEqual([{ event: 'reset', id: hub.cursor, data: '{"reason":"epoch"}' }])
    void hub.revalidate(['c'], null)
    expect(one.keys()).toEqual(['a', 'c'])
  })
})

describe('under load', () => {
  test('100,000 revalidations in a second: at most 20 frames, and no key is missed', async () => {
    const { clock, hub, open } = setup()
    const one = open()
    let inOneSecond = 0
    for (let ms = 0; ms < 1_000; ms++) {
      for (let n = 0; n < 100; n++) void hub.revalidate([`key.${ms}-${n}`], null)
      if (ms === 999) inOneSecond = one.heard().length
      await clock.advance(1)
    }
    await clock.advance(100)
    expect(inOneSecond).toBeLessThanOrEqual(20)
    expect(new Set(one.keys()).size).toBe(100_000)
    expect(one.keys()).toHaveLength(100_000)
    expect(one.lastId()).toBe(hub.cursor)
  })

  test('5,000 receivers: one frame is made and written once to each', async () => {
    const { clock, hub, toInit } = setup()
    const written: Frame[] = []
    const ended = () => {}
    for (let n = 0; n < 5_000; n++) {
      hub.connect(toInit({ scopes: ['all'], channels: ['c'] })).start({
        write: (frame) => written.push(frame) > 0,
        buffered: 0,
        end: ended,
        cut: ended,
        onDrain: ended,
        onClose: ended,
      })
    }
    const during = (act: () => void) => {
      written.length = 0
      act()
      return [written.length, new Set(written).size]
    }
    expect(during(() => hub.publish('c', 1))).toEqual([5_000, 1])
    expect(during(() => hub.revalidate(['a'], ['all']))).toEqual([5_000, 1])
    expect(during(() => hub.revalidate(['b'], null))).toEqual([0, 0])
    expect(during(() => hub.revalidate(['c'], ['all']))).toEqual([0, 0])
    // Two for the connections (heartbeat, sweep), one for all that waits.
    expect(clock.pending).toBe(3)
    written.length = 0
    await clock.advance(50)
    expect([written.length, new Set(written).size]).toEqual([5_000, 1])
    expect(written[0]?.text).toContain('{"keys":["b","c"]}')
    written.length = 0
    await clock.advance(15_000)
    expect([written.length, new Set(written).size]).toEqual([5_000, 1])
  })

  test('a reader that never reads is cut at the bound, the others hear everything', () => {
    const { hub, open, lines } = setup({ buffer: 20_000 })
    const [silent, busy] = [open({ identity: 'u1', channels: ['c'] }), open({ channels: ['c'] })]
    silent.sink.pause()
    for (let n = 0; n < 50; n++) void hub.publish('c', 'x'.repeat(1_000))
    expect(silent.sink.state).toBe('cut')
    expect(busy.messages()).toHaveLength(50)
    expect(hub.connections()).toHaveLength(1)
    expect(lines).toMatchObject([{ level: 'debug', identity: 'u1' }])
    expect(JSON.stringify(lines)).not.toContain(silent.connection.id)
  })

  test('one that was cut resumes where its reader was, not where the server was', () => {
    const { hub, open } = setup({ buffer: 16_384 })
    const one = open({ channels: ['c'] })
    void hub.publish('c', 0)
    const served = one.lastId()
    one.sink.pause()
    void hub.publish('c', 1)
    void hub.publish('c', 2)
    // For others, but what is cut in between must not lose its place.
    void hub.publish('other', 'x'.repeat(20_000))
    one.connection.revoke()
    const again = open({ channels: ['c'], after: served })
    void hub.publish('c', 3)
    expect(one.messages()).toEqual([0])
    expect(again.messages()).toEqual([1, 2, 3])
  })
})

describe('time', () => {
  test('heartbeats bring the position every 15 s, from one timer; without connections there is none', async () => {
    const { clock, hub, open } = setup()
    expect(clock.pending).toBe(0)
    const [one, other] = [open(), open()]
    void hub.revalidate(['not for them'], ['x'])
    await clock.advance(14_999)
    expect(one.heard()).toEqual([])
    await clock.advance(1)
    expect(one.heard()).toEqual([{ id: hub.cursor }])
    expect(other.heard()).toEqual([{ id: hub.cursor }])
    expect(clock.pending).toBe(2)
    one.sink.leave()
    other.sink.leave()
    expect(clock.pending).toBe(0)
  })

  test('a client that takes in nothing is gone within two heartbeats', async () => {
    const { clock, hub, open } = setup({ heartbeat: 1_000 })
    const one = open({ channels: ['c'] })
    one.sink.pause()
    void hub.publish('c', 1)
    await clock.advance(2_000)
    expect(one.sink.state).toBe('cut')
    expect(hub.connections()).toEqual([])
  })

  test('each connection is ended within 10 minutes, properly, not all together, and told when to come back', async () => {
    const { clock, open } = setup()
    const all = Array.from({ length: 200 }, () => open())
    await clock.advance(7 * 60_000)
    expect(all.every(({ sink }) => sink.state === 'open')).toBe(true)
    const times = new Set<number>()
    for (let step = 0; step < 12; step++) {
      await clock.advance(15_000)
      times.add(all.filter(({ sink }) => sink.state === 'ended').length)
    }
    expect(times.size).toBeGreaterThan(5)
    expect(all.every(({ sink }) => sink.state === 'ended')).toBe(true)
    for (const { heard } of all) expect(Number(heard().at(-1)?.retry)).toBeLessThanOrEqual(1_000)
    expect(clock.pending).toBe(0)
  })

  test('a short recycle time is kept too', async () => {
    const { clock, open } = setup({ recycle: 5_000 })
    const one = open()
    await clock.advance(3_500)
    expect(one.sink.state).toBe('open')
    await clock.advance(1_500)
    expect(one.sink.state).toBe('ended')
  })

  test('clocks of the machine that jump change nothing', async () => {
    const { clock, hub, open } = setup()
    const one = open()
    clock.advanceWall(60 * 60_000)
    await clock.advance(15_000)
    clock.advanceWall(-2 * 60 * 60_000)
    await clock.advance(15_000)
    expect(one.sink.state).toBe('open')
    expect(one.heard()).toEqual([{ id: hub.cursor }, { id: hub.cursor }])
  })

  test('a connection that no door starts is forgotten', async () => {
    const { clock, hub, toInit } = setup({ limits: { process: 1 } })
    const connection = hub.connect(toInit({}))
    expect(hub.connections()).toEqual([])
    expect(() => hub.connect(toInit({}))).toThrow()
    await clock.advance(45_000)
    expect(clock.pending).toBe(0)
    const sink = createSinkRecorder()
    connection.start(sink)
    expect(sink.state).toBe('ended')
    hub.connect(toInit({}))
  })

  test('10,000 connects and disconnects leave no connection and no timer', async () => {
    const { clock, hub, open } = setup()
    for (let n = 0; n < 10_000; n++) {
      const { sink } = open({ identity: `u${n}`, ip: `10.0.0.${n % 256}`, scopes: [`s${n}`], channels: [`c${n}`] })
      void hub.revalidate(['a'], null)
      if (n % 3 === 0) void hub.revalidate(['b'], null)
      sink.leave()
    }
    expect(hub.connections()).toEqual([])
    expect(clock.pending).toBe(0)
    await clock.advance(60_000)
    expect(clock.pending).toBe(0)
  })
})

describe('limits', () => {
  test('an identity has 100 unless told otherwise, and one that leaves makes room', () => {
    const { open } = setup()
    const all = Array.from({ length: 100 }, () => open({ identity: 7 }))
    const refused = () => open({ identity: '7' })
    expect(refused).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_REQUESTS', status: 429, retryAfterSeconds: expect.any(Number) }),
    )
    open({ identity: 8 })
    for (let n = 0; n < 200; n++) open({ identity: null })
    all[0]?.sink.leave()
    refused()
  })

  test('an address only when told so', () => {
    const { open } = setup()
    for (let n = 0; n < 500; n++) open({ ip: '10.0.0.1' })
    const limited = setup({ limits: { perAddress: 2 } })
    limited.open({ ip: '10.0.0.1' })
    limited.open({ ip: '10.0.0.1' })
    expect(() => limited.open({ ip: '10.0.0.1' })).toThrow(expect.objectContaining({ status: 429 }))
    limited.open({ ip: '10.0.0.2' })
    limited.open()
  })

  test('the process is full: 503 with the time to come back', () => {
    const { open } = setup({ limits: { process: 3 } })
    for (let n = 0; n < 3; n++) open()
    expect(() => open()).toThrow(
      expect.objectContaining({ code: 'SERVICE_UNAVAILABLE', status: 503, retryAfterSeconds: 5 }),
    )
  })
})

describe('disconnect', () => {
  test('by scope and by identity, at once; nothing follows', async () => {
    const { clock, hub, open } = setup()
    const [a, b, c] = [
      open({ identity: 7, scopes: ['user:7'] }),
      open({ identity: 7 }),
      open({ identity: 8, scopes: ['role:x'] }),
    ]
    void hub.revalidate(['first'], null)
    void hub.revalidate(['waits'], null)
    expect(hub.disconnect({ identity: '7' })).toBe(2)
    void hub.revalidate(['later'], null)
    await clock.advance(1_000)
    expect([a.sink.state, b.sink.state, c.sink.state]).toEqual(['ended', 'ended', 'open'])
    expect(a.keys()).toEqual(['first'])
    expect(c.keys()).toEqual(['first', 'waits', 'later'])
    expect(hub.disconnect({ scope: 'role:x' })).toBe(1)
    expect(hub.disconnect({ scope: 'role:x' })).toBe(0)
    expect(hub.connections()).toEqual([])
  })

  test('reaches a connection whose grants were resolved before it', () => {
    const { hub, toInit } = setup()
    const since = hub.moment
    const init = toInit({ identity: 'u1', scopes: ['user:1'] })
    hub.disconnect({ scope: 'other' })
    hub.connect(init, since)
    hub.disconnect({ scope: 'user:1' })
    expect(() => hub.connect(init, since)).toThrow(expect.objectContaining({ status: 503, retryAfterSeconds: 1 }))
    hub.connect(toInit({ identity: 'u2' }), since)
    hub.connect(init, hub.moment)
  })

  test('reaches one that its door has not started', () => {
    const { hub, toInit } = setup()
    const connection = hub.connect(toInit({ identity: 'u1' }))
    expect(hub.disconnect({ identity: 'u1' })).toBe(1)
    const sink = createSinkRecorder()
    connection.start(sink)
    expect(sink.state).toBe('ended')
    expect(sink.text).toBe('')
  })
})

test('connections are listed without their ids', () => {
  const { clock, hub, open } = setup()
  const one = open({ identity: 7, scopes: ['a'], channels: ['c'] })
  one.sink.pause()
  void hub.publish('c', 'waits')
  const listed = hub.connections()
  expect(listed).toEqual([
    {
      identity: 7,
      scopes: ['a'],
      channels: ['c'],
      since: clock.wall(),
      cursor: hub.cursor,
      buffered: one.sink.buffered,
    },
  ])
  expect(listed[0]?.buffered).toBeGreaterThan(0)
  expect(JSON.stringify(listed)).not.toContain(one.connection.id)
})

test('close ends every stream with a hint, each at another time, and takes no more', async () => {
  const { clock, hub, open } = setup()
  const all = Array.from({ length: 300 }, () => open())
  void hub.revalidate(['a'], null)
  void hub.revalidate(['waits'], null)
  const closed = hub.close()
  expect(hub.close()).toBe(closed)
  await closed
  expect(clock.pending).toBe(0)
  const hints = all.map(({ sink, heard }) => {
    expect(sink.state).toBe('ended')
    expect(heard().map(({ data }) => data)).toContain('{"keys":["waits"]}')
    return Number(heard().at(-1)?.retry)
  })
  expect(Math.max(...hints)).toBeLessThanOrEqual(4_000)
  expect(new Set(hints).size).toBeGreaterThan(20)
  expect(() => open()).toThrow(expect.objectContaining({ status: 503 }))
})
