import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkOrigin, type OriginFacts } from './origin.js'

const check = (facts: Partial<OriginFacts>): boolean =>
  checkOrigin({ method: 'POST', origin: null, fetchSite: null, host: 'app.example.com', ...facts })

test('methods that change nothing always pass', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    expect(check({ method, origin: 'https://evil.example', fetchSite: 'cross-site' })).toBe(true)
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'get', 'QUERY']) {
    expect(check({ method, origin: 'https://evil.example', fetchSite: 'cross-site' }), method).toBe(false)
  }
})

test('what sends neither header is no browser', () => {
  expect(check({})).toBe(true)
  expect(check({ host: null })).toBe(true)
})

describe('with Sec-Fetch-Site', () => {
  test('same-origin and none pass, whatever a proxy made of Host', () => {
    expect(check({ fetchSite: 'same-origin', origin: 'https://app.example.com', host: 'internal:3000' })).toBe(true)
    expect(check({ fetchSite: 'same-origin', origin: 'null' })).toBe(true)
    expect(check({ fetchSite: 'none' })).toBe(true)
  })

  test('same-site and cross-site pass only for a listed Origin or that of baseURL', () => {
    for (const fetchSite of ['same-site', 'cross-site']) {
      expect(check({ fetchSite })).toBe(false)
      expect(check({ fetchSite, origin: 'null', allowed: ['https://ok.example'] })).toBe(false)
      // Host is no proof here: the browser has said that the origins differ.
      expect(check({ fetchSite, origin: 'https://app.example.com' })).toBe(false)
      expect(check({ fetchSite, origin: 'https://ok.example', allowed: ['https://ok.example'] })).toBe(true)
      expect(check({ fetchSite, origin: 'https://ok.example.evil', allowed: ['https://ok.example'] })).toBe(false)
      expect(check({ fetchSite, origin: 'https://a.example', baseURL: 'https://a.example/app' })).toBe(true)
    }
  })

  test.each(['', 'Same-Origin', 'same-origin, cross-site', 'garbage', ' none'])('%j is refused', (fetchSite) => {
    expect(check({ fetchSite })).toBe(false)
    expect(check({ fetchSite, origin: 'https://app.example.com', baseURL: 'https://app.example.com' })).toBe(false)
  })
})

describe('with Origin alone', () => {
  test.each([
    ['https://app.example.com', 'app.example.com', true],
    ['http://app.example.com', 'app.example.com', true],
    ['https://APP.example.com', 'app.EXAMPLE.com', true],
    ['https://app.example.com', 'app.example.com:443', true],
    ['http://app.example.com', 'app.example.com:80', true],
    ['http://app.example.com', 'app.example.com:443', false],
    ['https://app.example.com:8443', 'app.example.com:8443', true],
    ['https://app.example.com:8443', 'app.example.com', false],
    ['https://app.example.com', 'app.example.com:8443', false],
    ['https://evil.example', 'app.example.com', false],
    ['https://app.example.com.evil.example', 'app.example.com', false],
    ['http://[::1]:3000', '[::1]:3000', true],
    ['http://[::1]:3000', '[0:0:0:0:0:0:0:1]:3000', true],
    ['http://[::1]:3000', '[::2]:3000', false],
    ['http://127.0.0.1:3000', '127.0.0.1:3000', true],
    ['null', 'app.example.com', false],
    ['null', 'null', false],
    ['', 'app.example.com', false],
    ['https://', 'app.example.com', false],
    ['app.example.com', 'app.example.com', false],
    ['https://app.example.com/', 'app.example.com', false],
    ['https://app.example.com/path', 'app.example.com', false],
    ['https://app.example.com, https://evil.example', 'app.example.com', false],
    ['https://app.example.com https://evil.example', 'app.example.com', false],
    ['https://evil.example@app.example.com', 'app.example.com', false],
    ['https://app.example.com\\@evil.example', 'app.example.com', false],
    ['https://app.example.com:99999', 'app.example.com:99999', false],
    ['chrome-extension://abc', 'abc', false],
    ['javascript://app.example.com', 'app.example.com', false],
    ['https://app.example.com', null, false],
    ['https://app.example.com', '', false],
    ['https://app.example.com', 'evil.example@app.example.com', false],
    ['https://app.example.com', 'app.example.com/', false],
  ])('Origin %j at Host %j: %j', (origin, host, result) => {
    expect(check({ origin, host })).toBe(result)
  })

  test('baseURL decides instead of Host, scheme included', () => {
    const baseURL = 'https://app.example.com/api'
    expect(check({ origin: 'https://app.example.com', host: 'internal', baseURL })).toBe(true)
    expect(check({ origin: 'https://app.example.com:443', host: 'internal', baseURL })).toBe(true)
    expect(check({ origin: 'http://app.example.com', host: 'app.example.com', baseURL })).toBe(false)
    expect(check({ origin: 'https://internal', host: 'internal', baseURL })).toBe(false)
    expect(check({ origin: 'null', baseURL: 'not a url' })).toBe(false)
  })

  test('a listed origin passes, also one of an app shell', () => {
    const allowed = ['https://Ok.example:443', 'capacitor://localhost']
    expect(check({ origin: 'https://ok.example', allowed })).toBe(true)
    expect(check({ origin: 'capacitor://localhost', allowed })).toBe(true)
    expect(check({ origin: 'http://ok.example', allowed })).toBe(false)
    expect(check({ origin: 'null', allowed: ['null'] })).toBe(false)
  })
})

test("'*' lets any origin in without cookies, none with them", () => {
  for (const fetchSite of [null, 'cross-site']) {
    const facts = { fetchSite, origin: 'https://any.example', allowed: '*' as const }
    expect(check({ ...facts, hasCookies: false })).toBe(true)
    expect(check({ ...facts, hasCookies: true })).toBe(false)
    expect(check(facts)).toBe(false)
    expect(check({ ...facts, origin: 'null', hasCookies: false })).toBe(false)
  }
})

test('no text in any header throws, and what passes by Host alone names that host', () => {
  const piece = fc.constantFrom(
    'http',
    'https',
    '://',
    ':',
    '443',
    '80',
    'a.example',
    'b.example',
    '[::1]',
    '/',
    '@',
    '#',
    ' ',
    'null',
  )
  const text = fc.oneof(
    fc.array(piece, { maxLength: 6 }).map((list) => list.join('')),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(text, text, fc.option(text), (origin, host, baseURL) => {
      check({ origin, host, baseURL, allowed: [host] })
      if (check({ origin, host })) expect(origin).toMatch(/^https?:\/\/[^/@# ]+$/i)
      expect(check({ origin: 'https://evil.example', fetchSite: 'cross-site', host, allowed: [origin] })).toBe(false)
    }),
    { numRuns: 1000 },
  )
})

test('by Host alone, equal hosts and equal ports pass and nothing else', () => {
  const hosts = fc.constantFrom('a.example', 'b.example', 'sub.a.example', '127.0.0.1', '[::1]')
  const ports = fc.constantFrom('', ':80', ':443', ':8080')
  const schemes = fc.constantFrom('http', 'https')
  fc.assert(
    fc.property(schemes, hosts, ports, hosts, ports, (scheme, host, port, otherHost, otherPort) => {
      const usual = scheme === 'http' ? ':80' : ':443'
      const expected = host === otherHost && (port || usual) === (otherPort || usual)
      expect(check({ origin: `${scheme}://${host}${port}`, host: otherHost + otherPort })).toBe(expected)
    }),
    { numRuns: 500 },
  )
})
