import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkContentEncoding, inflate, mediaType, parseBody } from './body.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const code = (name: string, message: RegExp = /./) =>
  expect.objectContaining({ code: name, message: expect.stringMatching(message) })

/** The bytes and the header that a browser would send. */
async function encodeForm(form: FormData): Promise<[Uint8Array, string]> {
  const response = new Response(form)
  return [new Uint8Array(await response.arrayBuffer()), response.headers.get('content-type') ?? '']
}

describe('mediaType', () => {
  test.each([
    ['application/json', 'application/json', null, null],
    ['Application/JSON; Charset=UTF-8', 'application/json', 'utf-8', null],
    [' \ttext/plain ;charset="utf-8" ; ', 'text/plain', 'utf-8', null],
    ['multipart/form-data; boundary="a, \\"b\\"; C"', 'multipart/form-data', null, 'a, "b"; C'],
    ['multipart/form-data;boundary=AbC;;', 'multipart/form-data', null, 'AbC'],
    ['application/json; version=1', 'application/json', null, null],
  ])('%j', (header, type, charset, boundary) => {
    expect(mediaType(header)).toEqual({ type, charset, boundary })
  })

  test.each([
    null,
    '',
    ' ',
    'json',
    'application/',
    '/json',
    'application /json',
    'application/json, text/plain',
    'application/json,application/json',
    'application/json; charset="utf-8", text/plain',
    'application/json; charset',
    'application/json; charset=',
    'application/json; charset = utf-8',
    'application/json; charset="utf-8',
    'application/json; charset="a"b',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json charset=utf-8',
    'application/json\u00a0',
    'application/json;\u0000',
    'application/json\r\n',
    `application/json; x=${'y'.repeat(1024)}`,
  ])('%j is refused', (header) => {
    expect(mediaType(header)).toBeNull()
  })

  test('no text takes long or throws', () => {
    const pieces = fc.constantFrom('a/b', ';', ' ', '\t', 'c=d', '"', '\\', '"x"', ',', '=', 'boundary=')
    fc.assert(fc.property(fc.array(pieces, { maxLength: 300 }), (list) => void mediaType(list.join(''))))
  })
})

describe('JSON', () => {
  test('is parsed at once, whatever the case and parameters of its type', () => {
    for (const type of [
      'application/json',
      'APPLICATION/JSON',
      'application/json; charset=utf-8',
      'application/json;charset=UTF8',
    ]) {
      expect(parseBody(bytes('{"a":"é"}'), type), type).toEqual({ a: 'é' })
    }
  })

  test('reads a view into a larger buffer, and a Buffer', () => {
    const slab = bytes('xx{"a":1}xx')
    expect(parseBody(slab.subarray(2, 9), 'application/json')).toEqual({ a: 1 })
    expect(parseBody(Buffer.from('{"a":1}'), 'application/json')).toEqual({ a: 1 })
  })

  test('a byte order mark is tolerated, once', () => {
    expect(parseBody(bytes('\ufeff[1]'), 'application/json')).toEqual([1])
    expect(() => parseBody(bytes('\ufeff\ufeff[1]'), 'application/json')).toThrow(code('BAD_REQUEST'))
  })

  test('bytes that are no UTF-8 are refused, a sent U+FFFD is not', () => {
    const invalid = [
      [0x22, 0xff, 0x22],
      [0x22, 0xc3, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
    ]
    for (const list of invalid) {
      expect(() => parseBody(Uint8Array.from(list), 'application/json')).toThrow(code('BAD_REQUEST', /UTF-8/))
    }
    expect(parseBody(bytes('"\ufffd"'), 'application/json')).toBe('\ufffd')
    // UTF-16 without saying so
    expect(() => parseBody(Uint8Array.from([0xff, 0xfe, 0x31, 0x00]), 'application/json')).toThrow(code('BAD_REQUEST'))
  })

  test('another charset is refused', () => {
    expect(() => parseBody(bytes('{}'), 'application/json; charset=utf-16')).toThrow(
      code('UNSUPPORTED_MEDIA_TYPE', /UTF-8/),
    )
  })

  test('the error says where and repeats nothing', () => {
    const parse = () => parseBody(bytes('{\n "password": hunter2\n}'), 'application/json')
    expect(parse).toThrow(code('BAD_REQUEST', /line 2, character 14/))
    expect(parse).toThrow(/^(?!.*hunter2)/)
  })

  test('depth and poisoned keys are looked after', () => {
    expect(() => parseBody(bytes('['.repeat(101)), 'application/json')).toThrow(code('BAD_REQUEST', /deeper/))
    const merged = Object.assign({}, parseBody(bytes('{"__proto__":{"admin":true}}'), 'application/json'))
    expect((merged as { admin?: boolean }).admin).toBeUndefined()
  })
})

describe('other types', () => {
  test('text', () => {
    expect(parseBody(bytes('\ufeffhé'), 'text/plain; charset=utf-8')).toBe('hé')
    expect(() => parseBody(bytes('x'), 'text/plain; charset=latin1')).toThrow(code('UNSUPPORTED_MEDIA_TYPE'))
    expect(() => parseBody(Uint8Array.of(0xe9), 'text/plain')).toThrow(code('BAD_REQUEST'))
  })

  test('bytes are a plain Uint8Array whose buffer holds nothing else', () => {
    const slab = Buffer.from('other peoplemine')
    const body = parseBody(slab.subarray(12), 'application/octet-stream') as Uint8Array
    expect(body.constructor).toBe(Uint8Array)
    expect(new TextDecoder().decode(body)).toBe('mine')
    expect(body.buffer.byteLength).toBe(4)
  })

  test('urlencoded forms', () => {
    const body = parseBody(bytes('a=1&b=2&b=3&__proto__=x'), 'application/x-www-form-urlencoded') as object
    expect(Object.getPrototypeOf(body)).toBeNull()
    expect({ ...body }).toEqual({ a: '1', b: ['2', '3'] })
    expect(() => parseBody(bytes('a=1&'.repeat(1001)), 'application/x-www-form-urlencoded')).toThrow(
      code('BAD_REQUEST'),
    )
    expect(() => parseBody(Uint8Array.of(0x61, 0xff), 'application/x-www-form-urlencoded')).toThrow(code('BAD_REQUEST'))
  })

  test.each([
    null,
    '',
    'text/html',
    'application/jsonp',
    'application/vnd.api+json',
    'text/json',
    'application/json, text/plain',
    'application/json;charset',
    'multipart/mixed; boundary=x',
    '__proto__/x',
  ])('%j is refused, and the accepted ones are named', (type) => {
    expect(() => parseBody(bytes('{}'), type)).toThrow(code('UNSUPPORTED_MEDIA_TYPE', /application\/json/))
  })

  test('an empty body is undefined unless its type means something by it', () => {
    const empty = new Uint8Array()
    for (const type of [
      null,
      'application/json',
      'application/json; charset=utf-8',
      'text/html',
      'multipart/form-data; boundary=x',
    ]) {
      expect(parseBody(empty, type), String(type)).toBeUndefined()
    }
    expect(parseBody(empty, 'text/plain')).toBe('')
    expect(parseBody(empty, 'application/octet-stream')).toEqual(empty)
    expect({ ...(parseBody(empty, 'application/x-www-form-urlencoded') as object) }).toEqual({})
  })
})

describe('multipart', () => {
  test('fields, lists and files', async () => {
    const form = new FormData()
    form.append('title', 'é "x"')
    form.append('tag', 'a')
    form.append('tag', 'b')
    form.append('tag', 'c')
    form.append('file', new File(['héllo'], 'ü.txt', { type: 'text/plain' }))
    const body = (await parseBody(...(await encodeForm(form)))) as Record<string, unknown>
    expect(Object.getPrototypeOf(body)).toBeNull()
    expect(body).toMatchObject({ title: 'é "x"', tag: ['a', 'b', 'c'] })
    const file = body.file as File
    expect(file).toBeInstanceOf(File)
    expect([file.name, file.type, await file.text()]).toEqual(['ü.txt', 'text/plain', 'héllo'])
  })

  test('names that poison are dropped', async () => {
    const form = new FormData()
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString']) form.append(name, 'x')
    const body = await parseBody(...(await encodeForm(form)))
    expect(Object.getOwnPropertyNames(body)).toEqual(['toString'])
  })

  test('a form without fields is an empty record', async () => {
    expect(Object.keys((await parseBody(bytes('--x--\r\n'), 'multipart/form-data; boundary=x')) as object)).toEqual([])
  })

  test('1,000 fields are allowed, 1,001 are not', async () => {
    const form = new FormData()
    for (let i = 0; i < 1000; i++) form.append('a', '1')
    const body = (await parseBody(...(await encodeForm(form)))) as { a: string[] }
    expect(body.a).toHaveLength(1000)
    form.append('a', '1')
    await expect(parseBody(...(await encodeForm(form)))).rejects.toThrow(code('BAD_REQUEST', /1000 fields/))
  })

  const part = (boundary: string) => `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n`
  test.each([
    ['no boundary', 'multipart/form-data', `${part('x')}--x--\r\n`],
    ['an empty boundary', 'multipart/form-data; boundary=""', `${part('')}----\r\n`],
    ['a boundary with quotes', 'multipart/form-data; boundary="a\\"b"', `${part('a"b')}--a"b--\r\n`],
    [
      'a boundary of 71 characters',
      `multipart/form-data; boundary=${'x'.repeat(71)}`,
      `${part('x'.repeat(71))}--${'x'.repeat(71)}--\r\n`,
    ],
    ['another boundary', 'multipart/form-data; boundary=y', `${part('x')}--x--\r\n`],
    ['a form cut short', 'multipart/form-data; boundary=x', part('x')],
    [
      'a part without a name',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n',
    ],
    ['nothing of a form', 'multipart/form-data; boundary=x', 'hello'],
  ])('%s is refused', async (_, type, body) => {
    await expect(parseBody(bytes(body), type)).rejects.toThrow(code('BAD_REQUEST'))
  })

  test('the boundary may stand in quotes and hold blanks', async () => {
    const body = await parseBody(bytes(`${part('a b')}--a b--\r\n`), 'Multipart/Form-Data; boundary="a b"')
    expect({ ...(body as object) }).toEqual({ a: '1' })
  })
})

describe('compressed bodies', () => {
  test('are refused unless turned on', () => {
    for (const header of [null, '', 'identity', ' Identity ']) expect(checkContentEncoding(header, false)).toBeNull()
    for (const header of ['gzip', 'GZIP', 'br', 'deflate', 'zstd', 'gzip, identity']) {
      expect(() => checkContentEncoding(header, false)).toThrow(code('UNSUPPORTED_MEDIA_TYPE'))
    }
  })

  test('one known coding passes when turned on', () => {
    expect(checkContentEncoding('GZip', true)).toBe('gzip')
    expect(checkContentEncoding('x-gzip', true)).toBe('gzip')
    expect(checkContentEncoding('deflate', true)).toBe('deflate')
    expect(checkContentEncoding(' br', true)).toBe('br')
    for (const header of ['gzip, gzip', 'gzip,br', 'zstd', 'compress', '__proto__', 'garbage']) {
      expect(() => checkContentEncoding(header, true)).toThrow(code('UNSUPPORTED_MEDIA_TYPE'))
    }
  })

  const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }
  describe.each(['gzip', 'deflate', 'br'] as const)('%s', (coding) => {
    const pack = packers[coding]

    test('comes back, up to the limit and not beyond', async () => {
      const packed = pack(Buffer.alloc(100_000, 'a'))
      expect(await inflate(packed, coding, 100_000)).toHaveLength(100_000)
      await expect(inflate(packed, coding, 99_999)).rejects.toThrow(code('PAYLOAD_TOO_LARGE', /99999/))
      await expect(inflate(packed, coding, 0)).rejects.toThrow(code('PAYLOAD_TOO_LARGE'))
      await expect(inflate(pack(Buffer.from('a')), coding, 0)).rejects.toThrow(code('PAYLOAD_TOO_LARGE'))
      expect(await inflate(pack(Buffer.alloc(0)), coding, 0)).toHaveLength(0)
    })

    test('corrupt and cut data are refused', async () => {
      const packed = pack(Buffer.from('hello hello hello hello'))
      await expect(inflate(bytes('not compressed at all'), coding, 1000)).rejects.toThrow(code('BAD_REQUEST'))
      await expect(inflate(packed.subarray(0, -5), coding, 1000)).rejects.toThrow(code('BAD_REQUEST'))
      await expect(inflate(new Uint8Array(), coding, 1000)).rejects.toThrow(code('BAD_REQUEST'))
    })
  })
})
