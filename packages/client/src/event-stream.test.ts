import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeComment, encodeEvent } from '../../core/src/event-stream.js'
import { type ParseOptions, parseEventStream, type ServerSentEvent } from './event-stream.js'

const bytesOf = (text: string) => new TextEncoder().encode(text)

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

interface Read {
  readonly events: ServerSentEvent[]
  readonly ids: string[]
  readonly retries: number[]
}

async function read(chunks: readonly Uint8Array[], options: ParseOptions = {}): Promise<Read> {
  const result: Read = { events: [], ids: [], retries: [] }
  const { ids, retries } = result
  const told = { onId: (id: string) => ids.push(id), onRetry: (ms: number) => retries.push(ms) }
  for await (const event of parseEventStream(streamOf(chunks), { ...told, ...options })) result.events.push(event)
  return result
}

/** The data of each event, with its name when that is not `message`. */
const brief = ({ events }: Read) => events.map(({ event, data }) => (event === 'message' ? data : `${event}=${data}`))

// The subjects of the Web Platform Tests for eventsource/format-*, with inputs of our own.
const cases: [name: string, text: string, events: string[]][] = [
  ['bom: one at the very start is no part of the stream', '\ufeffdata: 1\n\n', ['1']],
  ['bom: elsewhere it belongs to a field name', '\ufeffdata: 1\n\n\ufeffdata: 2\n\ndata: 3\n\n', ['1', '3']],
  ['bom-2: of two at the start only one is skipped', '\ufeff\ufeffdata: 1\n\ndata: 2\n\n', ['2']],
  ['comments: ignored wherever they stand', ':\0\ndata: 1\n:data: x\r:\r\ndata: 2\n:data\n\n:\n\n', ['1\n2']],
  ['comments: a very long one', `: ${'x'.repeat(100_000)}\ndata: 1\n\n`, ['1']],
  ['data before the final empty line: not dispatched', 'data: 1\n\ndata: 2\n', ['1']],
  ['data in a last line without an end: not dispatched', 'data: 1\n\ndata: 2', ['1']],
  [
    'data: without a colon, with none, with empty ones',
    'data\n\ndata\ndata\n\ndata:\n\ndata:x\n\n',
    ['', '\n', '', 'x'],
  ],
  ['event: names this event only', 'event: a\ndata: 1\n\ndata: 2\n\n', ['a=1', '2']],
  ['event: the last one counts', 'event: a\nevent: b\ndata: 1\n\n', ['b=1']],
  ['event: empty is message', 'event: \ndata: 1\n\nevent\ndata: 2\n\nevent: a\nevent:\ndata: 3\n\n', ['1', '2', '3']],
  ['event: forgotten with a block that has no data', 'event: a\n\ndata: 1\n\n', ['1']],
  ['event: any name', 'event: message\ndata: 1\n\nevent:  x : \u00e4\0\ndata: 2\n\n', ['1', ' x : \u00e4\0=2']],
  [
    'parsing: only the exact field names count',
    'data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\rdata :3\nda-ta:4\n\n',
    ['\0\n 2\n1'],
  ],
  ['parsing: names are not trimmed', ' data: 1\n data\n\tdata: 2\ndata: 3\n\n', ['3']],
  ['parsing: the value keeps its colons', 'data: a: b\ndata::c\n\n', ['a: b\n:c']],
  ['unknown fields: ignored', 'data: 1\nsomething: 2\nname\n=\n&:\ndata: 3\n\n', ['1\n3']],
  [
    'leading space: one is removed, tabs and others stay',
    'data:\tx\ndata: \tx\ndata:  x\ndata:x \n\n',
    ['\tx\n\tx\n x\nx '],
  ],
  [
    'newlines: all three, mixed',
    'data: 1\r\ndata: 2\ndata: 3\rdata: 4\r\n\r\ndata: 5\r\rdata: 6\n\r\n',
    ['1\n2\n3\n4', '5', '6'],
  ],
  ['newlines: others are text', 'data: a\u2028b\u2029c\u0085d\vc\ff\n\n', ['a\u2028b\u2029c\u0085d\vc\ff']],
  ['null characters: text in data', 'data:\0\n\n\0data: 1\n\ndata: \0 \0\n\n', ['\0', '\0 \0']],
  ['utf-8: always', 'data: \u00e4\u20ac\u{1f600}\u4e2d\n\n', ['\u00e4\u20ac\u{1f600}\u4e2d']],
  ['empty blocks: nothing', '\n\n\r\r\n\r\n\n', []],
  ['nothing', '', []],
]

test.each(cases)('%s', async (_, text, events) => {
  expect(brief(await read([bytesOf(text)]))).toEqual(events)
})

test.each(cases)('%s, in chunks cut at every position', async (_, text, events) => {
  const bytes = bytesOf(text)
  if (bytes.length > 1000) return
  for (let at = 0; at <= bytes.length; at++) {
    expect(brief(await read([bytes.slice(0, at), new Uint8Array(), bytes.slice(at)]))).toEqual(events)
  }
  expect(brief(await read([...bytes].map((byte) => Uint8Array.of(byte))))).toEqual(events)
})

test('what is no UTF-8 becomes U+FFFD, and the stream goes on', async () => {
  const bytes = Uint8Array.from([...bytesOf('data: a'), 0xff, 0xe2, 0x82, ...bytesOf('b\n\ndata: 2\n\n')])
  expect(brief(await read([bytes]))).toEqual(['a\ufffd\ufffdb', '2'])
})

describe('id', () => {
  const idsOf = async (text: string) => {
    const { events, ids } = await read([bytesOf(text)])
    return { seen: events.map(({ lastEventId }) => lastEventId), ids }
  }

  test('stays for later events until there is another', async () => {
    expect(await idsOf('data: 0\n\nid: a\ndata: 1\n\ndata: 2\n\nid: b\ndata: 3\n\n')).toEqual({
      seen: ['', 'a', 'a', 'b'],
      ids: ['a', 'b'],
    })
  })

  test('moves with a block that has no data', async () => {
    expect(await idsOf('id: 5\n\nid: 6\n\n:\n\ndata: 1\n\nid: 7\n\n')).toEqual({ seen: ['6'], ids: ['5', '6', '7'] })
  })

  test('moves before its event is given out', async () => {
    const ids: string[] = []
    const options = { onId: (id: string) => ids.push(id) }
    for await (const event of parseEventStream(streamOf([bytesOf('id: 1\ndata: x\n\nid: 2\n\n')]), options)) {
      expect([event.lastEventId, ids]).toEqual(['1', ['1']])
    }
    expect(ids).toEqual(['1', '2'])
  })

  test('empty resets it, with or without a colon', async () => {
    expect(await idsOf('id: 1\ndata: 1\n\nid\ndata: 2\n\nid: 3\n\nid:\ndata: 4\n\n')).toEqual({
      seen: ['1', '', ''],
      ids: ['1', '', '3', ''],
    })
  })

  test('with NUL is ignored', async () => {
    expect(await idsOf('id: 1\n\nid: 2\0\ndata: x\n\nid: \0\ndata: y\n\n')).toEqual({ seen: ['1', '1'], ids: ['1'] })
  })

  test('of an incomplete block does not count', async () => {
    expect(await idsOf('id: 1\ndata: x\n\nid: 2\ndata: y\n')).toEqual({ seen: ['1'], ids: ['1'] })
  })

  test('is known to events also when nobody listens to it', async () => {
    const events = []
    for await (const event of parseEventStream(streamOf([bytesOf('id: 1\n\ndata: x\n\n')]))) events.push(event)
    expect(events).toEqual([{ event: 'message', data: 'x', lastEventId: '1' }])
  })
})

describe('retry', () => {
  test.each<[string, number[]]>([
    ['retry: 3000\n\n', [3000]],
    ['retry:0\n', [0]],
    ['retry: 03000\n\n', [3000]],
    ['retry: 1\nretry: 2\n\n', [1, 2]],
    ['retry\n\nretry:\n\nretry: \n\n', []],
    ['retry: 3000x\nretry: -1\nretry: 1.5\nretry: 1e3\nretry: +5\nretry:  5\nretry: 5 \nretry: \u0665\n\n', []],
    ['Retry: 5\n\nretry : 5\n\n', []],
  ])('%j gives %j', async (text, retries) => {
    expect((await read([bytesOf(`${text}data: 1\n\n`)])).retries).toEqual(retries)
  })
})

describe('bounds', () => {
  const limited = (text: string, cut: number) => {
    const bytes = bytesOf(text)
    return read([bytes.slice(0, cut), bytes.slice(cut)], { limit: 100 })
  }

  test('an event or a line that is too large fails the reading, however it is cut', async () => {
    for (const text of [
      `data: ${'x'.repeat(101)}\n\n`,
      'data: x\n'.repeat(60),
      `: ${'x'.repeat(101)}`,
      `id: ${'x'.repeat(101)}`,
    ]) {
      for (const cut of [0, 1, 50, text.length]) {
        await expect(limited(text, cut)).rejects.toThrow(new RangeError('An event is longer than 100 characters.'))
      }
    }
  })

  test('what came before it is given out, and the source is cancelled', async () => {
    let cancelled = 0
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytesOf(`data: ok\n\ndata: ${'x'.repeat(200)}\n\n`)),
      cancel: () => void cancelled++,
    })
    const events = parseEventStream(source, { limit: 100 })
    expect((await events.next()).value).toMatchObject({ data: 'ok' })
    await expect(events.next()).rejects.toThrow(RangeError)
    expect(cancelled).toBe(1)
  })

  test('any number of small events passes', async () => {
    expect((await limited('data: 1234567890\n\n'.repeat(500), 777)).events.length).toBe(500)
  })

  test('the default lets an event of 4 Mi characters through, and reads it in linear time', async () => {
    const chunk = bytesOf('x'.repeat(1024))
    const chunks = [bytesOf('data: '), ...Array<Uint8Array>(4096).fill(chunk), bytesOf('\n\n')]
    expect((await read(chunks)).events[0]?.data.length).toBe(4096 * 1024)
    await expect(read([...chunks.slice(0, -1), ...chunks.slice(1, -1), chunk])).rejects.toThrow('8388608')
  })
})

describe('the source', () => {
  const endless = () => {
    let cancelled = 0
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytesOf('data: 1\n\ndata: 2\n\n')),
      cancel: () => void cancelled++,
    })
    return { stream, cancelled: () => cancelled }
  }

  test('leaving the loop cancels it and lets go of it', async () => {
    const { stream, cancelled } = endless()
    for await (const { data } of parseEventStream(stream)) {
      expect(data).toBe('1')
      break
    }
    expect([cancelled(), stream.locked]).toEqual([1, false])
  })

  test('return() while a read waits ends that read', async () => {
    const { stream, cancelled } = endless()
    const events = parseEventStream(stream)
    await events.next()
    await events.next()
    const waiting = events.next()
    expect(await events.return?.()).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect([cancelled(), stream.locked]).toEqual([1, false])
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  test('return() before the first read cancels it too', async () => {
    const { stream, cancelled } = endless()
    const events = parseEventStream(stream)
    expect(stream.locked).toBe(true)
    await events.return?.()
    expect([cancelled(), stream.locked, (await events.next()).done]).toEqual([1, false, true])
  })

  test('a cancel that never ends or fails holds nobody up', async () => {
    for (const cancel of [() => new Promise<void>(() => {}), () => Promise.reject(new Error('cancel'))]) {
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytesOf('data: 1\n\n')),
        cancel,
      })
      for await (const _ of parseEventStream(stream)) break
      expect(stream.locked).toBe(false)
    }
  })

  test('its error is the error of the reading, after what came before', async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(bytesOf('data: 1\n\n'))
        controller.error(new Error('gone'))
      },
    })
    const events = parseEventStream(stream)
    expect((await events.next()).value).toMatchObject({ data: '1' })
    await expect(events.next()).rejects.toThrow('gone')
    expect(stream.locked).toBe(false)
  })

  test('its end lets go of it without cancelling', async () => {
    const stream = streamOf([bytesOf('data: 1\n\n')])
    for await (const _ of parseEventStream(stream));
    expect(stream.locked).toBe(false)
  })

  test('may be any async iterable of bytes, told when the loop is left', async () => {
    const seen: string[] = []
    async function* chunks() {
      try {
        yield bytesOf('data: 1\n')
        yield bytesOf('\ndata: 2\n\n')
        yield bytesOf('data: 3\n\n')
        seen.push('read all')
      } finally {
        seen.push('finally')
      }
    }
    for await (const { data } of parseEventStream(chunks())) {
      seen.push(data)
      if (data === '2') break
    }
    await expect.poll(() => seen).toEqual(['1', '2', 'finally'])
    seen.length = 0
    for await (const { data } of parseEventStream(chunks())) seen.push(data)
    expect(seen).toEqual(['1', '2', '3', 'read all', 'finally'])
  })

  test('return() does not wait for an async iterable that never answers', async () => {
    const events = parseEventStream({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) })
    void events.next()
    expect(await events.return?.()).toEqual({ done: true, value: undefined })
  })

  test('may be the body of a response; leaving closes the connection', async () => {
    let closed = () => {}
    const over = new Promise<void>((resolve) => (closed = resolve))
    const server = createServer((_, answer) => {
      answer.writeHead(200, { 'content-type': 'text/event-stream' })
      answer.write(encodeEvent({ event: 'hello', data: '1', id: 'a' }))
      answer.on('close', closed)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      for await (const event of parseEventStream(response.body as ReadableStream<Uint8Array>)) {
        expect(event).toEqual({ event: 'hello', data: '1', lastEventId: 'a' })
        break
      }
      await over
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})

const cut = (bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] => {
  const chunks: Uint8Array[] = []
  let at = 0
  for (const size of sizes) {
    chunks.push(bytes.slice(at, at + size))
    at += size
  }
  return [...chunks, bytes.slice(at)]
}
const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 })

test('reads what eventsource-parser reads, however it is cut', async () => {
  const texts = [
    'data',
    'data: ',
    'event',
    'event: ',
    'id',
    'id: ',
    'retry: ',
    'other: ',
    ':',
    ' ',
    '1',
    '23',
    'x',
    'ä',
    '😀',
  ]
  const part = fc.constantFrom(...texts, '\0', '\ufeff', '\r', '\n', '\r\n', '\n\n', '\r\r', '\r\n\r\n')
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 40 }), sizes, async (parts, cuts) => {
      const text = parts.join('')
      const events: ServerSentEvent[] = []
      const ids: string[] = []
      const retries: number[] = []
      let lastEventId = ''
      const oracle = createParser({
        onEvent: ({ event = 'message', data }) => events.push({ event, data, lastEventId }),
        onId(id) {
          if (id !== lastEventId) ids.push(id)
          lastEventId = id
        },
        onRetry: (ms) => retries.push(ms),
      })
      oracle.feed(text)
      expect(await read(cut(bytesOf(text), cuts))).toEqual({ events, ids, retries })
    }),
    { numRuns: 2000 },
  )
})

test('reads back what the server encodes', async () => {
  const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text))
  const lines = fc.array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\r', '\n', '\r\n', ' ', ':', 'data: ')),
  )
  const block = fc.record(
    { event: plain, data: lines.map((all) => all.join('')), id: plain, retry: fc.maxSafeNat(), comment: fc.string() },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(block, { maxLength: 8 }), sizes, async (blocks, cuts) => {
      const expected: Read = { events: [], ids: [], retries: [] }
      let text = ''
      let lastEventId = ''
      for (const { comment, ...fields } of blocks) {
        if (comment !== undefined) text += encodeComment(comment)
        text += encodeEvent(fields)
        const { event, data, id, retry } = fields
        if (retry !== undefined) expected.retries.push(retry)
        if (id !== undefined && id !== lastEventId) expected.ids.push((lastEventId = id))
        if (data === undefined) continue
        const read = new TextDecoder().decode(bytesOf(data.replace(/\r\n|\r/g, '\n')))
        // The decoder above takes a BOM away; in the stream it stands after `data: `.
        const whole = data.startsWith('\ufeff') ? `\ufeff${read}` : read
        expected.events.push({ event: event || 'message', data: whole, lastEventId })
      }
      expect(await read(cut(bytesOf(text), cuts))).toEqual(expected)
    }),
    { numRuns: 1000 },
  )
})
