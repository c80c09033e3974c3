import { describe, expect, test } from 'vitest'
import { decode } from '../codec.js'
import { toBlocks } from '../testing/blocks.js'
import {
  Batch,
  heartbeatFrame,
  messageFrame,
  messageJson,
  readyFrame,
  resetFrame,
  type RevalidateEntry,
  retryFrame,
} from './frames.js'

const revalidate = (n: number, ...keys: RevalidateEntry['event']['keys']): RevalidateEntry => ({
  cursor: `e.${n}`,
  event: { kind: 'revalidate', keys, scopes: null },
})

test('ready, reset, heartbeat and retry are blocks of their own', () => {
  const ready = { connection: 'c', scopes: { granted: ['a'], denied: [] }, channels: { granted: [], denied: ['b'] } }
  expect(toBlocks(readyFrame(ready, 'e.1').text)).toEqual([{ event: 'ready', id: 'e.1', data: JSON.stringify(ready) }])
  expect(toBlocks(readyFrame(ready, null).text)[0]).not.toHaveProperty('id')
  expect(toBlocks(resetFrame('gap', 'e.2').text)).toEqual([{ event: 'reset', id: 'e.2', data: '{"reason":"gap"}' }])
  expect(heartbeatFrame('e.3').text).toBe('id: e.3\n\n')
  expect(retryFrame(1_500).text).toBe('retry: 1500\n\n')
})

test('without a position there is no id: an empty one would make the reader forget its own', () => {
  expect(heartbeatFrame('').text).not.toContain('id')
  expect(resetFrame('gap', '').text).not.toContain('id')
})

test('a message carries rich data, and nothing in it can begin a field', () => {
  const data = { at: new Date(0), big: 10n, text: 'a\r\nevent: reset\n\nid: 1\rx' }
  const json = messageJson('chat\n42', data, 'said\n')
  const frame = messageFrame({ cursor: 'e.7', event: { kind: 'message', channel: 'chat\n42', json } })
  const blocks = toBlocks(frame.text)
  expect(blocks).toHaveLength(1)
  expect(blocks[0]).toMatchObject({ event: 'message', id: 'e.7' })
  expect(decode(blocks[0]?.data as string)).toEqual({ channel: 'chat\n42', event: 'said\n', data })
  expect(decode(messageJson('c', undefined, undefined))).toEqual({ channel: 'c', data: undefined })
})

test('what cannot be sent is refused where it is published', () => {
  expect(() => messageJson('c', () => {}, undefined)).toThrow(/function/)
})

describe('Batch', () => {
  test('merges keys, each once, in the order they came, under the id of the newest event', () => {
    const byId = (id: string) => ({ key: 'posts.get', params: { id } })
    const batch = Batch.of(revalidate(1, 'posts.list', byId('1')))
      .and(Batch.of(revalidate(2, byId('2'), 'posts.list')))
      .and(Batch.of(revalidate(5, byId('1'), 'users')))
    const [block] = toBlocks(batch.frame.text)
    expect(block).toMatchObject({ event: 'revalidate', id: 'e.5' })
    expect(decode(block?.data as string)).toEqual({ keys: ['posts.list', byId('1'), byId('2'), 'users'] })
  })

  test('is shared by those who wait for the same events, and by nobody else', () => {
    const first = Batch.of(revalidate(1, 'a'))
    const entry = Batch.of(revalidate(2, 'b'))
    expect(first.and(entry)).toBe(first.and(entry))
    expect(first.and(entry).frame).toBe(first.and(entry).frame)
    const other = Batch.of(revalidate(1, 'a')).and(entry)
    expect(other).not.toBe(first.and(entry))
    const third = Batch.of(revalidate(3, 'c'))
    expect(toBlocks(first.and(third).frame.text)[0]?.data).toBe('{"keys":["a","c"]}')
    expect(toBlocks(other.frame.text)[0]?.data).toBe('{"keys":["a","b"]}')
  })

  test('a frame of very many keys is parted into blocks that a reader accepts; only the last has the id', () => {
    let batch = Batch.of(revalidate(1, 'k.0'))
    for (let n = 1; n < 40_000; n++) batch = batch.and(Batch.of(revalidate(n + 1, `k.${n}`)))
    const blocks = toBlocks(batch.frame.text)
    const keys = blocks.flatMap(({ data }) => (decode(data as string) as { keys: string[] }).keys)
    expect(keys).toEqual(Array.from({ length: 40_000 }, (_, n) => `k.${n}`))
    expect(blocks.map(({ id }) => id)).toEqual([undefined, undefined, 'e.40000'])
  })
})
