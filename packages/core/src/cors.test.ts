import { describe, expect, test } from 'vitest'
import { type CorsConfig, compileCors } from './cors.js'

const origin = 'https://app.example.com'
const exposed = 'igniter-revalidate, igniter-cursor, igniter-raw, retry-after'

/** Pairs as a record; a name that stands twice would be a defect of ours. */
function record(pairs: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {}
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at] as string
    expect(result).not.toHaveProperty(name)
    result[name] = pairs[at + 1] as string
  }
  return result
}

describe('headersFor', () => {
  test('says nothing without a configuration', () => {
    const cors = compileCors(undefined, 'config.cors')
    expect(cors.headersFor(origin)).toEqual([])
    expect(cors.preflight(origin, 'POST', 'x-a', ['POST'])).toEqual([])
  })

  test('a listed origin is named, any other gets Vary alone', () => {
    const cors = compileCors({ origins: [origin, 'HTTPS://Other.example:443'] }, 'config.cors')
    expect(record(cors.headersFor(origin))).toEqual({
      vary: 'origin',
      'access-control-allow-origin': origin,
      'access-control-expose-headers': exposed,
    })
    expect(record(cors.headersFor('https://other.example'))['access-control-allow-origin']).toBe(
      'https://other.example',
    )
    for (const other of [
      null,
      '',
      'null',
      '*',
      `${origin}/`,
      `${origin}.evil.example`,
      'http://app.example.com',
      '__proto__',
    ]) {
      expect(record(cors.headersFor(other)), String(other)).toEqual({ vary: 'origin' })
    }
    expect(record(compileCors({ origins: [] }, 'config.cors').headersFor(origin))).toEqual({ vary: 'origin' })
  })

  test("'*' is the same for all and needs no Vary", () => {
    const cors = compileCors({ origins: '*' }, 'config.cors')
    for (const any of [null, 'null', origin]) {
      expect(record(cors.headersFor(any))).toEqual({
        'access-control-allow-origin': '*',
        'access-control-expose-headers': exposed,
      })
    }
  })

  test('credentials and further exposed headers', () => {
    const cors = compileCors(
      { origins: [origin], credentials: true, exposedHeaders: ['X-Total', 'igniter-cursor'] },
      'config.cors',
    )
    expect(record(cors.headersFor(origin))).toMatchObject({
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': `${exposed}, x-total`,
    })
    expect(record(cors.headersFor('https://evil.example'))).toEqual({ vary: 'origin' })
  })

  test('what it gives cannot be changed by one answer for the next', () => {
    for (const cors of [compileCors({ origins: [origin] }, 'c'), compileCors({ origins: '*' }, 'c')]) {
      expect(Object.isFrozen(cors.headersFor(origin))).toBe(true)
      expect(Object.isFrozen(cors.headersFor(null))).toBe(true)
    }
  })
})

describe('preflight', () => {
  test('allows the methods of the path and whatever headers are asked for', () => {
    const cors = compileCors({ origins: [origin], maxAgeSeconds: 600 }, 'config.cors')
    expect(record(cors.preflight(origin, 'PATCH', 'Content-Type, X-One', ['GET', 'HEAD', 'PATCH']))).toEqual({
      vary: 'origin',
      'access-control-allow-origin': origin,
      'access-control-expose-headers': exposed,
      'access-control-allow-methods': 'GET, HEAD, PATCH',
      'access-control-allow-headers': 'content-type, x-one',
      'access-control-max-age': '600',
    })
  })

  test('a list of headers is the limit, with those of our own client', () => {
    const cors = compileCors({ origins: '*', headers: ['Authorization', 'content-type'] }, 'config.cors')
    const answer = record(cors.preflight(origin, 'POST', 'x-evil', ['POST']))
    expect(answer['access-control-allow-headers']).toBe('content-type, last-event-id, authorization')
  })

  test('other origins, and an OPTIONS that is no preflight, are allowed nothing', () => {
    const cors = compileCors({ origins: [origin] }, 'config.cors')
    expect(record(cors.preflight('https://evil.example', 'POST', 'x-a', ['POST']))).toEqual({ vary: 'origin' })
    expect(record(cors.preflight(null, 'POST', null, ['POST']))).toEqual({ vary: 'origin' })
    expect(record(cors.preflight(origin, null, null, ['POST']))).not.toHaveProperty('access-control-allow-methods')
  })

  test('asked-for headers that are none, or too many, are not repeated', () => {
    const cors = compileCors({ origins: '*' }, 'config.cors')
    const asked = (headers: string | null) =>
      record(cors.preflight(origin, 'POST', headers, ['POST']))['access-control-allow-headers']
    expect(asked('x-a, b c, x-\r\ny, ,x-b')).toBe('x-a, x-b')
    expect(asked(null)).toBeUndefined()
    expect(asked('x,'.repeat(100))).toBeUndefined()
    expect(asked('x'.repeat(4097))).toBeUndefined()
  })
})

describe('definition errors', () => {
  test.each<[CorsConfig, RegExp]>([
    [{ origins: '*', credentials: true }, /List the origins/],
    [{ origins: ['https://a.example/'] }, /config\.cors\.origins\[0\].*Write https:\/\/a\.example instead/],
    [{ origins: [origin, 'https://a.example:8443/path?x#y'] }, /origins\[1\].*Write https:\/\/a\.example:8443 instead/],
    [{ origins: ['a.example'] }, /Write https:\/\/app\.example\.com instead/],
    [{ origins: ['https://*.example.com'] }, /pattern/],
    [{ origins: ['*'] }, /origins: '\*'/],
    [{ origins: ['null'] }, /sandboxed/],
    [{ origins: [''] }, /not an origin/],
    [{ origins: [undefined as never] }, /no text/],
    [{ origins: 'https://a.example' as never }, /neither a list/],
    [{ origins: undefined as never }, /neither a list/],
    [{ origins: '*', headers: ['x y'] }, /config\.cors\.headers.*not a header name/],
    [{ origins: '*', headers: ['*'] }, /not a header name/],
    [{ origins: '*', exposedHeaders: ['x\r\ny'] }, /config\.cors\.exposedHeaders.*not a header name/],
    [{ origins: '*', maxAgeSeconds: -1 }, /maxAgeSeconds/],
    [{ origins: '*', maxAgeSeconds: 1.5 }, /maxAgeSeconds/],
  ])('%j', (config, message) => {
    expect(() => compileCors(config, 'config.cors')).toThrow(
      expect.objectContaining({ code: 'INVALID_DEFINITION', message: expect.stringMatching(message) }),
    )
  })
})
