import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cookieSecrets, RequestCookies, serializeCookie } from './cookies.js'

const secret = 'first-secret-0123456789-0123456789'
const older = 'older-secret-0123456789-0123456789'

/** What a browser sends back after a Set-Cookie line. */
const sentBack = (line: string): string => line.slice(0, line.indexOf(';'))

describe('RequestCookies', () => {
  test('reads pairs, trimming only blanks and tabs', () => {
    const cookies = new RequestCookies(' a=1;b = 2\t;c=;\u00a0d=4; e=\u00a05')
    expect([...cookies]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', ''],
      ['\u00a0d', '4'],
      ['e', '\u00a05'],
    ])
    expect(cookies.get('d')).toBeUndefined()
    expect(cookies.has('c')).toBe(true)
    expect(cookies.names()).toEqual(['a', 'b', 'c', '\u00a0d', 'e'])
  })

  test('a name with a no-break space in front is not the prefixed one', () => {
    expect(new RequestCookies('\u00a0__Host-id=evil; __Host-id=good').get('__Host-id')).toBe('good')
  })

  test('the first of equal names wins', () => {
    expect(new RequestCookies('id=1; id=2').get('id')).toBe('1')
  })

  test('skips what is no pair', () => {
    expect([...new RequestCookies('; ;lonely;=nameless; ok=1;')]).toEqual([['ok', '1']])
    expect([...new RequestCookies(null)]).toEqual([])
    expect([...new RequestCookies('')]).toEqual([])
  })

  test('decodes what decodes and leaves the rest, unquotes, keeps "=" in values', () => {
    const cookies = new RequestCookies('a=%C3%A9; b=100%; c="q%20q"; d="; e=""; f=x=y==')
    expect(Object.fromEntries(cookies)).toEqual({ a: 'é', b: '100%', c: 'q q', d: '"', e: '', f: 'x=y==' })
  })

  test('names of Object.prototype are names like others', () => {
    const cookies = new RequestCookies('__proto__=1; constructor=2')
    expect(cookies.get('__proto__')).toBe('1')
    expect(cookies.get('constructor')).toBe('2')
    expect(new RequestCookies('').get('toString')).toBeUndefined()
    expect(({} as Record<string, unknown>)['1']).toBeUndefined()
  })

  test('refuses more than 1,000 cookies', () => {
    const many = (count: number) => new RequestCookies(Array.from({ length: count }, (_, i) => `c${i}=1`).join(';'))
    expect(many(1000).get('c999')).toBe('1')
    expect(() => many(1001).get('c0')).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})

describe('signing', () => {
  const back = (line: string, secrets = [secret]) => new RequestCookies(sentBack(line), secrets)

  test('what was signed verifies, under its own name only', () => {
    const line = serializeCookie('session', 'user.1; ü', { signed: true }, [secret])
    expect(back(line).signed('session')).toBe('user.1; ü')
    const renamed = sentBack(line).replace('session=', 'admin=')
    expect(new RequestCookies(renamed, [secret]).signed('admin')).toBeUndefined()
  })

  test('absent, unsigned and forged cookies are undefined', () => {
    const signed = sentBack(serializeCookie('id', '1', { signed: true }, [secret]))
    const good = signed.slice(3)
    for (const value of [
      '1',
      '1.',
      '.',
      '',
      `2${good.slice(1)}`,
      `${good}=`,
      good.slice(0, -1),
      `${good}A`,
      `1.${'é'.repeat(43)}`,
    ]) {
      expect(new RequestCookies(`id=${value}`, [secret]).signed('id'), value).toBeUndefined()
    }
    expect(new RequestCookies(`id=${good}`, [secret]).signed('id')).toBe('1')
    expect(new RequestCookies(null, [secret]).signed('id')).toBeUndefined()
    expect(new RequestCookies(`id=${good}`, [older]).signed('id')).toBeUndefined()
  })

  test('no other last character of the signature is good, though base64 would decode it to the same bytes', () => {
    const pair = sentBack(serializeCookie('id', '1', { signed: true }, [secret]))
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const good = [...alphabet].filter((last) => new RequestCookies(pair.slice(0, -1) + last, [secret]).signed('id'))
    expect(good).toEqual([pair.at(-1)])
  })

  test('the first secret signs, all verify', () => {
    const line = serializeCookie('id', '1', { signed: true }, [older])
    expect(back(line, [secret, older]).signed('id')).toBe('1')
    expect(back(serializeCookie('id', '1', { signed: true }, [secret, older]), [secret]).signed('id')).toBe('1')
  })

  test('without a secret both directions say what to configure', () => {
    const say = /Set config\(\{ cookies: \{ secret \} \}\)/
    expect(() => serializeCookie('id', '1', { signed: true })).toThrow(say)
    expect(() => new RequestCookies('id=1').signed('id')).toThrow(say)
  })

  test('cookieSecrets takes one or several and refuses short ones', () => {
    expect(cookieSecrets(undefined, 'config.cookies')).toEqual([])
    expect(cookieSecrets(secret, 'config.cookies')).toEqual([secret])
    expect(cookieSecrets([secret, older], 'config.cookies')).toEqual([secret, older])
    for (const bad of ['', 'x'.repeat(31), [], [secret, 'short'], [undefined as never], 42 as never, null as never]) {
      expect(() => cookieSecrets(bad, 'config.cookies')).toThrow(
        expect.objectContaining({ code: 'INVALID_DEFINITION', message: expect.stringMatching(/^config\.cookies: /) }),
      )
    }
    expect(() => cookieSecrets([secret, 'short-secret-text'], 'config.cookies')).toThrow(/^(?!.*short-secret-text)/)
  })
})

describe('serializeCookie', () => {
  test('defaults', () => {
    expect(serializeCookie('id', 'a b;c')).toBe('id=a%20b%3Bc; Path=/; HttpOnly; SameSite=Lax')
  })

  test('every attribute', () => {
    const line = serializeCookie('id', '1', {
      domain: 'example.com',
      path: '/app',
      expires: new Date(0),
      maxAge: 60,
      httpOnly: false,
      secure: true,
      sameSite: 'none',
      partitioned: true,
      priority: 'high',
    })
    expect(line).toBe(
      'id=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=example.com; Path=/app; Secure; SameSite=None; Partitioned; Priority=High',
    )
  })

  test.each(['', 'a b', 'a;b', 'a=b', 'a\r\nb', 'ä', 'a\0'])('refuses the name %j', (name) => {
    expect(() => serializeCookie(name, '1')).toThrow(/is not a cookie name/)
  })

  test.each([
    [{ domain: 'a.com; Secure' }, /domain/],
    [{ domain: '' }, /domain/],
    [{ domain: 'https://a.com' }, /domain/],
    [{ domain: 'a.com\r\nX: y' }, /domain/],
    [{ domain: `${'a.'.repeat(200)}com` }, /domain/],
    [{ path: '/a;b' }, /path/],
    [{ path: '/a\nb' }, /path/],
    [{ path: '/a\0' }, /path/],
    [{ path: '/ä' }, /path/],
    [{ path: 'app' }, /path/],
    [{ path: '' }, /path/],
    [{ maxAge: 1.5 }, /maxAge/],
    [{ maxAge: -1 }, /maxAge/],
    [{ maxAge: Number.NaN }, /maxAge/],
    [{ maxAge: Number.POSITIVE_INFINITY }, /maxAge/],
    [{ maxAge: '60; Secure' as never }, /maxAge/],
    [{ expires: new Date(Number.NaN) }, /expires/],
    [{ expires: new Date(8.64e15) }, /expires/],
    [{ expires: 'tomorrow' as never }, /expires/],
    [{ sameSite: 'none' as const }, /secure: true/],
    [{ sameSite: 'constructor' as never }, /sameSite/],
    [{ partitioned: true }, /secure: true/],
    [{ priority: '__proto__' as never }, /priority/],
  ])('refuses %j', (options, message) => {
    expect(() => serializeCookie('id', '1', options)).toThrow(message)
  })

  test('refuses a value that is no text or no whole text, without repeating it', () => {
    expect(() => serializeCookie('id', 42 as never)).toThrow(/no string but number/)
    expect(() => serializeCookie('id', 'secret\ud800')).toThrow(/^(?!.*secret).*surrogate/)
  })

  test('prefixes keep their rules, in any case', () => {
    for (const name of ['__Secure-id', '__host-id', '__HTTP-id', '__Host-Http-id']) {
      expect(() => serializeCookie(name, '1')).toThrow(/secure: true/)
      expect(serializeCookie(name, '1', { secure: true })).toContain('; Secure')
    }
    expect(() => serializeCookie('__Host-id', '1', { secure: true, domain: 'a.com' })).toThrow(/one host/)
    expect(() => serializeCookie('__host-http-id', '1', { secure: true, path: '/app' })).toThrow(/one host/)
    expect(() => serializeCookie('__Http-id', '1', { secure: true, httpOnly: false })).toThrow(/httpOnly/)
    expect(serializeCookie('__Secure-id', '1', { secure: true, domain: 'a.com', path: '/app' })).toContain('/app')
  })

  test('a line has at most 4,096 bytes', () => {
    const frame = serializeCookie('id', '').length
    expect(serializeCookie('id', 'x'.repeat(4096 - frame))).toHaveLength(4096)
    expect(() => serializeCookie('id', 'x'.repeat(4097 - frame))).toThrow(/4097 bytes/)
  })

  test('any text comes back as it was, plain and signed, and never breaks the line', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 100 })
    const name = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,20}$/).filter((it) => !it.startsWith('__'))
    fc.assert(
      fc.property(name, text, fc.boolean(), (key, value, signed) => {
        const line = serializeCookie(key, value, { signed }, [secret])
        expect(line).toMatch(/^[\x20-\x7e]+$/)
        expect(line.split(';')).toHaveLength(4)
        const cookies = new RequestCookies(`other=1; ${sentBack(line)}; last=2`, [secret])
        expect(signed ? cookies.signed(key) : cookies.get(key)).toBe(
          key === 'other' ? (signed ? undefined : '1') : value,
        )
      }),
    )
  })
})
