import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fromGenerator } from './generator.js'
import { Heartbeat } from './heartbeat.js'
import { EventStream, type StreamEvent } from './stream.js'
import { createTestClock } from './testing/clock.js'
import { createSinkRecorder } from './testing/recorder.js'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const until = async (condition: () => boolean) => {
  while (!condition()) await turn()
}

const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', note)
  if (unhandled.length > 0) throw new AggregateError(unhandled, 'unhandled rejections')
})

/** A stream that a client reads, with all that was reported and logged of it. */
function setUp() {
  const clock = createTestClock()
  const reported: unknown[] = []
  const debug: unknown[] = []
  const other: unknown[] = []
  const stream = new EventStream({
    clock,
    heartbeat: new Heartbeat({ clock }),
    logger: {
      debug: (fields: object | string) => void debug.push(fields),
      warn: (fields: object | string) => void other.push(fields),
      error: (fields: object | string) => void other.push(fields),
    },
    encode: (data) => JSON.stringify(data),
    onError(error) {
      reported.push(error)
      return { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong.' }
    },
  })
  const sink = createSinkRecorder()
  return { stream, sink, clock, reported, debug, other }
}

const failureEvent = 'event: error\ndata: {"code":"INTERNAL_SERVER_ERROR","message":"Something went wrong."}\n\n'

test('sends what is yielded, as send does, and ends with the generator', async () => {
  const { stream, sink, reported } = setUp()
  const steps: string[] = []
  async function* events() {
    steps.push('begun')
    yield { event: 'a', data: 1 }
    yield { id: '2' }
    await turn()
    yield { data: undefined }
    steps.push('done')
  }
  fromGenerator(events(), stream)
  await turn()
  expect(steps).toEqual([])
  stream.start(sink)
  await until(() => stream.closed)
  expect(sink.text).toBe('event: a\ndata: 1\n\nid: 2\n\ndata: null\n\n')
  expect([sink.state, steps, reported]).toEqual(['ended', ['begun', 'done'], []])
})

test('takes sync generators and arrays, promises in them too', async () => {
  for (const source of [
    [{ data: 1 }, { data: 2 }],
    (function* () {
      yield { data: 1 }
      yield { data: 2 }
    })(),
    [Promise.resolve({ data: 1 }), { data: 2 }] as StreamEvent[],
  ]) {
    const { stream, sink } = setUp()
    fromGenerator(source, stream)
    stream.start(sink)
    await until(() => stream.closed)
    expect(sink.text).toBe('data: 1\n\ndata: 2\n\n')
  }
})

test('a sync generator without an end neither starves the process nor outlives its client', async () => {
  const { stream, sink } = setUp()
  let yielded = 0
  let finished = 0
  fromGenerator(
    (function* () {
      try {
        for (;;) yield { data: ++yielded }
      } finally {
        finished++
      }
    })(),
    stream,
  )
  stream.start(sink)
  await until(() => yielded > 200)
  sink.leave()
  const atTheEnd = yielded
  await turn()
  await turn()
  expect([yielded, finished]).toEqual([atTheEnd, 1])
})

test('goes at the speed of the client', async () => {
  const { stream, sink } = setUp()
  let yielded = 0
  async function* events() {
    for (;;) {
      yielded++
      yield { data: 'x'.repeat(20_000) }
    }
  }
  fromGenerator(events(), stream)
  sink.pause()
  stream.start(sink)
  await until(() => yielded > 0)
  for (let i = 0; i < 10; i++) await turn()
  expect(yielded).toBe(1)
  sink.take(30_000)
  await until(() => yielded > 1)
  for (let i = 0; i < 10; i++) await turn()
  expect(yielded).toBe(2)
  sink.leave()
})

describe.each<[string, unknown]>([
  ['a bare string', 'text'],
  ['a bare number', 1],
  ['undefined', undefined],
  ['an object without data', { id: 1, title: 'x' }],
  ['an event that cannot be sent', { event: 'a\nb', data: 1 }],
])('%s that is yielded', (_, value) => {
  test('ends the stream with a report and lets the generator clean up', async () => {
    const { stream, sink, reported } = setUp()
    const steps: string[] = []
    async function* events() {
      try {
        yield { data: 1 }
        yield value as StreamEvent
        steps.push('went on')
      } finally {
        steps.push('finally')
      }
    }
    fromGenerator(events(), stream)
    stream.start(sink)
    await until(() => stream.closed)
    await turn()
    expect(reported).toMatchObject([{ code: 'INVALID_EVENT' }])
    expect([sink.state, sink.text, steps]).toEqual(['ended', `data: 1\n\n${failureEvent}`, ['finally']])
  })
})

test('a generator that throws ends the stream with an error event, once reported', async () => {
  for (const throws of [
    async function* () {
      yield { data: 1 }
      throw new Error('boom')
    },
    function* () {
      yield { data: 1 }
      throw new Error('boom')
    },
  ]) {
    const { stream, sink, reported, other } = setUp()
    let cleanups = 0
    stream.onClose(() => cleanups++)
    fromGenerator<StreamEvent>(throws(), stream)
    stream.start(sink)
    await until(() => stream.closed)
    await turn()
    expect(reported).toMatchObject([{ message: 'boom' }])
    expect([sink.state, sink.text, cleanups, other]).toEqual(['ended', `data: 1\n\n${failureEvent}`, 1, []])
  }
})

describe('when the client leaves', () => {
  test('a generator parked in yield runs its finally at once', async () => {
    const { stream, sink } = setUp()
    const steps: string[] = []
    async function* events() {
      try {
        for (let n = 0; ; n++) yield { data: 'x'.repeat(20_000) }
      } finally {
        steps.push('finally')
      }
    }
    fromGenerator(events(), stream)
    sink.pause()
    stream.start(sink)
    await until(() => sink.buffered > 0)
    await turn()
    sink.leave()
    await turn()
    expect(steps).toEqual(['finally'])
  })

  test('nothing waits for a generator parked in await, and its cleanups run all the same', async () => {
    const { stream, sink, clock, debug, reported } = setUp()
    let wake: (value: unknown) => void = () => {}
    const steps: string[] = []
    async function* events() {
      try {
        yield { data: 1 }
        yield { data: await new Promise((resolve) => (wake = resolve)) }
        steps.push('went on')
      } finally {
        steps.push('finally')
      }
    }
    let cleanups = 0
    stream.onClose(() => cleanups++)
    fromGenerator(events(), stream)
    stream.start(sink)
    await until(() => sink.text !== '')
    sink.leave()
    expect([cleanups, clock.pending]).toEqual([1, 0])
    wake('late')
    await until(() => steps.length > 0)
    expect([steps, sink.text, debug, reported]).toEqual([['finally'], 'data: 1\n\n', [], []])
  })

  test('an error after it is only logged, at debug', async () => {
    const { stream, sink, debug, reported, other } = setUp()
    let reject: (error: Error) => void = () => {}
    async function* events() {
      yield { data: 1 }
      await new Promise((_, no) => (reject = no))
    }
    let cleanups = 0
    stream.onClose(() => cleanups++)
    fromGenerator<StreamEvent>(events(), stream)
    stream.start(sink)
    await until(() => sink.text !== '')
    sink.leave()
    reject(new Error('late'))
    await until(() => debug.length > 0)
    expect(debug).toMatchObject([{ err: { message: 'late' } }])
    expect([cleanups, reported, other]).toEqual([1, [], []])
  })

  test('an error in its finally is only logged, at debug', async () => {
    const { stream, sink, debug, reported, other } = setUp()
    function* events() {
      try {
        yield { data: 'x'.repeat(20_000) }
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- the fault under test
        throw new Error('finally')
      }
    }
    fromGenerator<StreamEvent>(events(), stream)
    sink.pause()
    stream.start(sink)
    await until(() => sink.buffered > 0)
    sink.leave()
    expect(debug).toMatchObject([{ err: { message: 'finally' } }])
    expect([reported, other]).toEqual([[], []])
  })

  test('an iterator that never answers to return() holds nothing up', async () => {
    const { stream, sink } = setUp()
    let returns = 0
    const source: AsyncIterable<StreamEvent> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return() {
          returns++
          return new Promise(() => {})
        },
      }),
    }
    fromGenerator(source, stream)
    stream.start(sink)
    await turn()
    stream.close()
    expect([returns, sink.state]).toEqual([1, 'ended'])
  })
})

test('a generator whose stream never starts is never begun, and is returned', async () => {
  const { stream } = setUp()
  let begun = false
  const source = (async function* () {
    begun = true
    yield { data: 1 }
  })()
  fromGenerator(source, stream)
  stream.cut()
  expect(await source.next()).toEqual({ done: true, value: undefined })
  expect(begun).toBe(false)
})

test('an iterator without return() works', async () => {
  const { stream, sink } = setUp()
  fromGenerator({ [Symbol.asyncIterator]: () => ({ next: async () => ({ value: { data: 1 } }) }) }, stream)
  stream.start(sink)
  await until(() => sink.text.length > 100)
  sink.leave()
  expect(stream.closed).toBe(true)
})
