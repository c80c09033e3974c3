import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IgniterError } from './error.js'
import { encodeComment, encodeEvent } from './event-stream.js'

/** The fields of a block as a reader splits them, by the standard's own words rather than by our reader. */
function fieldsOf(block: string): [string, string][] {
  expect(block.endsWith('\n\n') || block === '\n').toBe(true)
  return block
    .slice(0, -1)
    .split(/\r\n|\n|\r/)
    .slice(0, -1)
    .map((line) => {
      const colon = line.indexOf(':')
      if (colon === -1) return [line, '']
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
    })
}

function refusal(block: Parameters<typeof encodeEvent>[0]): IgniterError {
  try {
    encodeEvent(block)
  } catch (error) {
    if (IgniterError.is(error)) return error
    throw error
  }
  throw new Error(`not refused: ${JSON.stringify(block)}`)
}

describe('encodeEvent', () => {
  test('writes a block that ends in an empty line', () => {
    expect(encodeEvent({ event: 'created', id: '7', retry: 1000, data: '{"a":1}' })).toBe(
      'event: created\nid: 7\nretry: 1000\ndata: {"a":1}\n\n',
    )
  })

  test('gives each line of the data a field of its own, whatever ends it', () => {
    expect(encodeEvent({ data: 'a\nb\rc\r\nd\n\re' })).toBe('data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n')
    expect(encodeEvent({ data: '\n' })).toBe('data: \ndata: \n\n')
    expect(encodeEvent({ data: '' })).toBe('data: \n\n')
  })

  test('an id without data moves the position and dispatches nothing', () => {
    expect(encodeEvent({ id: 'e1-5' })).toBe('id: e1-5\n\n')
    expect(encodeEvent({ id: '' })).toBe('id: \n\n')
    expect(encodeEvent({ retry: 0 })).toBe('retry: 0\n\n')
  })

  test('an empty name is the same as none', () => {
    expect(encodeEvent({ event: '', data: '1' })).toBe('data: 1\n\n')
  })

  test('keeps leading spaces, colons and everything else that is no control character', () => {
    expect(fieldsOf(encodeEvent({ event: ' a: b', id: ' \u{1f600}\u2028', data: ' : x' }))).toEqual([
      ['event', ' a: b'],
      ['id', ' \u{1f600}\u2028'],
      ['data', ' : x'],
    ])
  })

  test.each(['event', 'id'] as const)('refuses control characters and lone surrogates in `%s`', (field) => {
    const refused = [...Array(0x20).keys(), 0x7f, 0x80, 0x85, 0x9f].map((code) => String.fromCharCode(code))
    for (const character of [...refused, '\ud800', '\udfff', '\udc00\ud800', '\r\n']) {
      for (const value of [character, `a${character}`, `${character}b`, `a${character}data: injected`]) {
        const error = refusal({ [field]: value, data: '1' })
        expect(error.code).toBe('INVALID_EVENT')
        expect(error.status).toBe(500)
        expect(error.message).toContain(`\`${field}\``)
      }
    }
  })

  test('says which character it was and where, never the value', () => {
    expect(refusal({ id: 'secret\n' }).message).toContain('U+000A at position 6')
    expect(refusal({ id: 'secret\n' }).message).not.toContain('secret')
  })

  test('refuses fields of another type', () => {
    for (const value of [null, 5, {}, []] as unknown as string[]) {
      expect(refusal({ event: value }).code).toBe('INVALID_EVENT')
      expect(refusal({ id: value }).code).toBe('INVALID_EVENT')
    }
  })

  test('refuses a `retry` that is no whole number of 0 or more', () => {
    for (const retry of [-1, 0.5, NaN, Infinity, -Infinity, 1e21, '5', null, '1\ndata: x'] as number[]) {
      expect(refusal({ retry }).message).toContain('`retry`')
    }
    expect(encodeEvent({ retry: -0 })).toBe('retry: 0\n\n')
    expect(encodeEvent({ retry: Number.MAX_SAFE_INTEGER })).toBe('retry: 9007199254740991\n\n')
  })

  test('no text becomes anything but data', () => {
    const text = fc.array(
      fc.constantFrom('\r', '\n', '\r\n', 'data', 'event', 'id', 'retry', ':', ' ', '\0', '1', '\ud800'),
    )
    fc.assert(
      fc.property(text, (parts) => {
        const data = parts.join('')
        const fields = fieldsOf(encodeEvent({ data }))
        expect(new Set(fields.map(([name]) => name))).toEqual(new Set(['data']))
        expect(fields.map(([, value]) => value).join('\n')).toBe(data.replace(/\r\n|\r/g, '\n'))
      }),
    )
  })
})

describe('encodeComment', () => {
  test('writes a comment for each line', () => {
    expect(encodeComment('')).toBe(': \n\n')
    expect(encodeComment('ping')).toBe(': ping\n\n')
    expect(encodeComment('a\rdata: b\r\n\n\nid: c')).toBe(': a\n: data: b\n: \n: \n: id: c\n\n')
  })

  test('no text becomes anything but a comment', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\r', '\n', '\r\n', 'data: x', 'id', ':', '\0')), (parts) => {
        expect(fieldsOf(encodeComment(parts.join(''))).every(([name]) => name === '')).toBe(true)
      }),
    )
  })
})
