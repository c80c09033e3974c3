import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IgniterError } from './error.js'
import { redact } from './redact.js'

const secret = 'hunter2Sx9'

describe('names', () => {
  test.each([
    'authorization',
    'Authorization',
    'PROXY-AUTHORIZATION',
    'cookie',
    'cookies',
    'set-cookie',
    'Set_Cookie',
    'password',
    'newPassword',
    'password_hash',
    'DB_PASSWORD',
    'passwd',
    'token',
    'accessToken',
    'access_token',
    'refresh-token',
    'X-CSRF-Token',
    'secret',
    'clientSecret',
    'AWS_SECRET_ACCESS_KEY',
    'api-key',
    'apiKey',
    'X-API-Key',
    'session',
    'sessionId',
    'session_id',
    'connect.sid',
    'privateKey',
    'credentials',
    'pin',
    '%70assword',
  ])('%s is secret', (name) => {
    expect(redact({ [name]: secret })).toEqual({ [name]: '[redacted]' })
    expect(redact({ deep: [{ [name]: { value: secret } }] })).toEqual({ deep: [{ [name]: '[redacted]' }] })
    expect(redact(new Map([[name, secret]]))).toEqual({ [name]: '[redacted]' })
    expect(redact([name, secret, 'next'])).toEqual([name, '[redacted]', 'next'])
  })

  test.each(['name', 'author', 'passenger', 'spinner', 'sessionCount', 'key', 'keys', 'insider', 'tokenizer', 'path'])(
    '%s is not',
    (name) => {
      const value = { [name]: 'plain', nested: { [name]: 1 } }
      expect(redact(value)).toEqual(value)
    },
  )

  test('a missing value or a flag stays visible: it gives nothing away', () => {
    const value = { token: null, password: undefined, session: false, cookie: '' }
    expect(redact(value)).toEqual({ ...value, cookie: '[redacted]' })
  })

  test('headers and query strings in their own classes', () => {
    expect(redact(new Headers({ Authorization: `Basic ${secret}`, accept: '*/*' }))).toEqual({
      authorization: '[redacted]',
      accept: '*/*',
    })
    expect(redact(new URLSearchParams(`page=2&token=${secret}`))).toEqual({ page: '2', token: '[redacted]' })
    expect(redact(new URL(`https://a.test/x?page=2&token=${secret}`))).toBe('https://a.test/x?page=2&token=[redacted]')
  })
})

describe('text', () => {
  test.each([
    [`Authorization failed for Bearer ${secret}`, 'Authorization failed for Bearer [redacted]'],
    [`bearer   ${secret}.a-b_c~d+e/f==, then`, 'bearer [redacted], then'],
    ['Basic dXNlcjpwYXNz', 'Basic [redacted]'],
    ['basic usage of text', 'basic usage of text'],
    [`GET /a?page=2&access_token=${secret}&x=1#top`, 'GET /a?page=2&access_token=[redacted]&x=1#top'],
    [`/a?%74oken=${secret}`, '/a?%74oken=[redacted]'],
    [`password = "${secret} and more"`, 'password = [redacted]'],
    [`authorization: Digest username="a", response="${secret}"`, 'authorization: [redacted]'],
    [`Cookie: theme=dark; id=${secret}\r\nAccept: */*`, 'Cookie: [redacted]\r\nAccept: */*'],
    [`x-api-key: ${secret}`, 'x-api-key: [redacted]'],
    [`redis://user:${secret}@db.test:6379/0`, 'redis://[redacted]@db.test:6379/0'],
    [`postgres://:${secret}@db.test`, 'postgres://[redacted]@db.test'],
    [`signed in with eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${secret}`, 'signed in with [redacted]'],
    [JSON.stringify({ user: 'a', password: `${secret}"'\\x` }), '{"user":"a","password":[redacted]}'],
    [JSON.stringify({ pin: 1234, page: 2 }), '{"pin":[redacted],"page":2}'],
    [inspect({ user: 'a', authorization: `Basic ${secret}` }), "{ user: 'a', authorization: [redacted] }"],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  test.each([
    'POST /api/v1/posts answered 201 in 3 ms',
    'the time is 12:30, a=b and c:d',
    'https://example.test/path?page=2&sort=name',
    'http://[::1]:3000/',
    '',
  ])('keeps %j', (text) => {
    expect(redact(text)).toBe(text)
  })

  test('JSON inside JSON inside JSON', () => {
    const text = JSON.stringify({ body: JSON.stringify({ token: secret, page: 2 }) })
    expect(redact(text)).not.toContain(secret)
    expect(redact(JSON.stringify({ log: text }))).not.toContain(secret)
    expect(redact(text)).toContain('page')
  })

  test('a secret in a field name, an error message and its stack', () => {
    const error = new Error(`cannot reach https://u:${secret}@a.test`, { cause: { headers: { cookie: secret } } })
    expect(JSON.stringify(redact({ [`token=${secret}`]: 1, error }))).not.toContain(secret)
  })
})

describe('shapes', () => {
  test('plain data stays as it is, in a copy', () => {
    const value = { a: [1, 'two', true, null, { b: [] }], c: {} }
    expect(redact(value)).toEqual(value)
    expect(redact(value)).not.toBe(value)
    expect((redact(value) as typeof value).a).not.toBe(value.a)
  })

  test('what JSON cannot carry becomes text', () => {
    const value = {
      date: new Date(0),
      big: 12n,
      huge: 1n << 100_000n,
      nan: Number.NaN,
      fn: () => 1,
      symbol: Symbol('s'),
      set: new Set([1]),
      bytes: new Uint8Array(3),
      invalid: new Date(Number.NaN),
    }
    expect(redact(value)).toEqual({
      date: '1970-01-01T00:00:00.000Z',
      big: '12',
      huge: '[bigint]',
      nan: 'NaN',
      fn: '[function]',
      symbol: 'Symbol(s)',
      set: [1],
      bytes: '[3 bytes]',
      invalid: null,
    })
  })

  test('errors keep type, message, stack, causes and their own fields', () => {
    const cause = new TypeError('inner')
    const error = new IgniterError({ code: 'CONFLICT', message: 'outer', details: { password: secret }, cause })
    expect(redact(error)).toMatchObject({
      type: 'IgniterError',
      message: 'outer',
      stack: expect.stringContaining('redact.test'),
      code: 'CONFLICT',
      status: 409,
      details: { password: '[redacted]' },
      cause: { type: 'TypeError', message: 'inner' },
    })
    expect(redact(new AggregateError([cause], 'many'))).toMatchObject({ errors: [{ message: 'inner' }] })
  })

  test('a cycle is noted, the same object twice is not a cycle', () => {
    const shared = { x: 1 }
    const value: Record<string, unknown> = { a: shared, b: shared }
    value.self = value
    value.list = [value]
    expect(redact(value)).toEqual({ a: { x: 1 }, b: { x: 1 }, self: '[circular]', list: ['[circular]'] })
  })

  test('copies are bounded in depth, number and text', () => {
    let deep: unknown = 'bottom'
    for (let i = 0; i < 10_000; i++) deep = { deep }
    expect(JSON.stringify(redact(deep)).length).toBeLessThan(200)
    expect((redact(Array.from({ length: 1e6 }, (_, i) => i)) as unknown[]).at(-1)).toBe('[too many]')
    expect(
      JSON.stringify(redact(Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`k${i}`, i])))).length,
    ).toBeLessThan(50_000)
    expect((redact('x'.repeat(1e6)) as string).length).toBeLessThan(8_300)
    expect(JSON.stringify(redact(Array.from({ length: 1_000 }, () => 'x'.repeat(10_000)))).length).toBeLessThan(100_000)
  })

  test('__proto__ as a key sets no prototype', () => {
    const copy = redact(JSON.parse('{"__proto__":{"admin":true},"a":1}')) as Record<string, unknown>
    expect(copy.admin).toBeUndefined()
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  })
})

describe('hostile values', () => {
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  revoke()
  const { proxy: revokedList, revoke: revokeList } = Proxy.revocable([], {})
  revokeList()
  const explode = () => {
    throw new Error('trap')
  }
  const traps = new Proxy({}, { get: explode, ownKeys: explode, getPrototypeOf: explode, has: explode })
  const lyingError = Object.defineProperties(new Error('x'), { stack: { get: explode }, message: { get: explode } })

  test.each([
    ['a revoked proxy', revoked],
    ['a revoked proxy of a list', revokedList],
    ['a proxy whose traps throw', traps],
    ['a toJSON that throws', { toJSON: explode }],
    ['an iterator that throws', Object.assign([1], { [Symbol.iterator]: explode })],
  ])('%s', (_, value) => {
    expect(redact(value)).toBe('[unreadable]')
    expect(redact({ value, ok: 1 })).toEqual({ value: '[unreadable]', ok: 1 })
  })

  test('getters that throw cost only their own field', () => {
    const value = {
      get broken() {
        return explode()
      },
      ok: 1,
    }
    expect(redact(value)).toEqual({ broken: '[unreadable]', ok: 1 })
    expect(redact(lyingError)).toMatchObject({ type: 'Error', stack: '[unreadable]', message: '[unreadable]' })
  })

  test('a toJSON that gives itself or ever new ones ends', () => {
    const itself = { toJSON: () => itself }
    const fresh = (): object => ({ toJSON: fresh })
    expect(redact(itself)).toBe('[circular]')
    expect(redact(fresh())).toBe('[too deep]')
  })

  test('whatever it is given, it returns what JSON can carry', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withNullPrototype: true,
          withTypedArray: true,
          withSparseArray: true,
          withObjectString: true,
        }),
        (value) => {
          const copy = redact(value)
          // Copying a copy changes nothing: it holds only what JSON can carry, and no secret.
          expect(redact(copy)).toEqual(copy)
          expect(() => JSON.stringify(copy)).not.toThrow()
        },
      ),
    )
  })

  test('a secret never survives, whatever lies around its name', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('password', 'Access-Token', 'api_key', 'sessionId', 'set-cookie'),
        fc.array(fc.oneof(fc.constant(null), fc.string({ maxLength: 5 })), { maxLength: 6 }),
        (name, path) => {
          let value: unknown = { [name]: secret }
          for (const step of path) value = step === null ? [value] : { [step]: value }
          expect(JSON.stringify(redact(value)) ?? '').not.toContain(secret)
        },
      ),
    )
  })
})
