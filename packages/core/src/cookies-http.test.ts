import { expect, describe, test } from 'vitest'
import { Igniter } from './igniter.js'
import { createTestApp } from './testing/app.js'

type Run = (input: any) => unknown
const secret = 'k'.repeat(32)

function baking(handler: Run, cookies: { secret?: string | string[] } | undefined = { secret }) {
  return createTestApp(Igniter.config({ cookies }), (igniter) =>
    igniter.router({
      controllers: {
        a: igniter.controller({
          path: '/a',
          actions: { q: igniter.query({ path: '/', handler: handler as () => unknown }) },
        }),
      },
    }),
  )
}

/** The cookie lines of an answer. */
const lines = async (handler: Run, cookies?: { secret?: string | string[] }) => {
  const { status, headers } = await baking(handler, cookies).send('/api/v1/a')
  return { status, lines: headers.getSetCookie() }
}
/** What a handler reads of a Cookie header. */
const read = async (cookie: string, look: (cookies: any) => unknown, cookies?: { secret: string | string[] }) =>
  (await baking(({ request }) => look(request.cookies), cookies).send('/api/v1/a', { headers: { cookie } })).body.data

describe('setting', () => {
  test('several lines, in order, through every kind of answer', async () => {
    const bake = (response: any) =>
      response.setCookie('a', '1').setCookie('b', '2', { path: '/x', httpOnly: false, sameSite: 'strict' })
    const wanted = ['a=1; Path=/; HttpOnly; SameSite=Lax', 'b=2; Path=/x; SameSite=Strict']
    for (const handler of [
      ({ response }: any) => bake(response).success(1),
      ({ response }: any) => bake(response.success(1)),
      ({ response }: any) => bake(response).noContent(),
      ({ response }: any) => bake(response).redirect('/x'),
      ({ response }: any) => bake(response).unauthorized(),
      ({ response }: any) => {
        bake(response)
        return new Response('x')
      },
      ({ response }: any) => {
        bake(response)
        return 1
      },
      ({ response }: any) => {
        bake(response)
        throw new Error('x')
      },
    ]) {
      expect((await lines(handler)).lines).toEqual(wanted)
    }
  })

  test('setHeader does not take the cookies away', async () => {
    const handler: Run = ({ response }) =>
      response.setCookie('a', '1').setHeader('set-cookie', 'b=2').setHeader('x', '1').success(1)
    expect((await lines(handler)).lines).toEqual(['a=1; Path=/; HttpOnly; SameSite=Lax', 'b=2'])
  })

  test.each([
    ['a b', '1', {}],
    ['a;b', '1', {}],
    ['a\r\nb', '1', {}],
    ['', '1', {}],
    ['a', 1, {}],
    ['a', undefined, {}],
    ['a', '1', { path: 'x' }],
    ['a', '1', { path: '/; Domain=evil.test' }],
    ['a', '1', { path: '/\r\nx: y' }],
    ['a', '1', { domain: 'evil.test; Secure' }],
    ['a', '1', { domain: '' }],
    ['a', '1', { maxAge: 1.5 }],
    ['a', '1', { maxAge: Number.NaN }],
    ['a', '1', { maxAge: -1 }],
    ['a', '1', { expires: new Date(Number.NaN) }],
    ['a', '1', { sameSite: 'None; Secure' }],
    ['a', '1', { sameSite: 'none' }],
    ['a', '1', { priority: 'urgent' }],
    ['a', '1', { partitioned: true }],
    ['a', 'x'.repeat(5_000), {}],
    ['__Host-a', '1', {}],
    ['__Host-a', '1', { secure: true, path: '/x' }],
    ['__secure-a', '1', {}],
  ])('setCookie(%j, %j, %j) is refused', async (name, value, options) => {
    const { status, lines: sent } = await lines(({ response }) => response.setCookie(name, value, options).success(1))
    expect([status, sent]).toEqual([500, []])
  })

  test('values are encoded, and read back as they were', async () => {
    for (const value of ['a=b; c', 'é ☃', '"quoted"', '%41', 'a,b', '\r\nx: y', '']) {
      const { lines: sent } = await lines(({ response }) => response.setCookie('a', value).success(1))
      expect(sent).toHaveLength(1)
      expect(sent[0]).not.toMatch(/[\r\n]/)
      const pair = sent[0]?.slice(0, sent[0].indexOf('; Path')) ?? ''
      expect(await read(pair, (cookies) => cookies.get('a'))).toBe(value)
    }
  })
})

describe('deleting', () => {
  test.each([
    ['a', {}, 'a=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'],
    ['a', { path: '/x', domain: 'x.test' }, 'a=; Max-Age=0; Domain=x.test; Path=/x; HttpOnly; SameSite=Lax'],
    ['__Host-a', {}, '__Host-a=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax'],
    ['__host-a', {}, '__host-a=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax'],
    [
      '__Secure-a',
      { domain: 'x.test' },
      '__Secure-a=; Max-Age=0; Domain=x.test; Path=/; HttpOnly; Secure; SameSite=Lax',
    ],
    ['a', { sameSite: 'none' }, 'a=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=None'],
    ['a', { partitioned: true }, 'a=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax; Partitioned'],
  ])('%s %j', async (name, options, line) => {
    const { status, lines: sent } = await lines(({ response }) => response.deleteCookie(name, options).success(1))
    expect([status, sent]).toEqual([200, [line]])
  })
})

describe('reading', () => {
  test('the first value wins, only spaces and tabs are trimmed, names of the prototype are names', async () => {
    expect(await read('a=1; a=2', (cookies) => cookies.get('a'))).toBe('1')
    expect(await read(' \ta\t = 1\t ;b=2', (cookies) => [cookies.get('a'), cookies.get('b')])).toEqual(['1', '2'])
    expect(await read('__proto__=1; constructor=2', (cookies) => [cookies.get('__proto__'), cookies.names()])).toEqual([
      '1',
      ['__proto__', 'constructor'],
    ])
    expect(await read('a', (cookies) => [cookies.has('toString'), cookies.has('a')])).toEqual([false, false])
    expect(await read('a="1"; b=%E0%A4%A', (cookies) => [cookies.get('a'), cookies.get('b')])).toEqual([
      '1',
      '%E0%A4%A',
    ])
  })

  test('more than 1,000 are 400', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `c${i}=1`).join('; ')
    const app = baking(({ request }) => request.cookies.names().length)
    expect((await app.send('/api/v1/a', { headers: { cookie: many(1_000) } })).body.data).toBe(1_000)
    expect((await app.send('/api/v1/a', { headers: { cookie: many(1_001) } })).status).toBe(400)
  })
})

describe('signing', () => {
  const sign = async (name: string, value: string, cookies?: { secret: string | string[] }) => {
    const { lines: sent } = await lines(
      ({ response }) => response.setCookie(name, value, { signed: true }).success(1),
      cookies,
    )
    return sent[0]?.split(';')[0] ?? ''
  }
  const verify = (cookie: string, name: string, cookies?: { secret: string | string[] }) =>
    read(cookie, (all) => all.signed(name) ?? null, cookies)

  test('what we signed is read back; anything else is nothing', async () => {
    const signed = await sign('user', 'ann')
    expect(signed).toMatch(/^user=ann\.[\w-]{43}$/)
    expect(await verify(signed, 'user')).toBe('ann')
    expect(await verify(signed.replace('ann', 'bob'), 'user')).toBeNull()
    expect(await verify(signed.replace('user=', 'admin='), 'admin')).toBeNull()
    expect(await verify('user=ann', 'user')).toBeNull()
    expect(await verify('user=ann.', 'user')).toBeNull()
    expect(await verify('', 'user')).toBeNull()
    expect(await verify(`${signed.slice(0, -1)}`, 'user')).toBeNull()
    expect(await verify(await sign('user', ''), 'user')).toBe('')
    expect(await verify(await sign('user', 'a.b.c'), 'user')).toBe('a.b.c')
  })

  test('secrets can be changed: the first signs, all verify', async () => {
    const [old, fresh] = ['o'.repeat(32), 'f'.repeat(32)]
    const signed = await sign('user', 'ann', { secret: old })
    expect(await verify(signed, 'user', { secret: [fresh, old] })).toBe('ann')
    expect(await verify(signed, 'user', { secret: [fresh] })).toBeNull()
    expect(await verify(await sign('user', 'ann', { secret: [fresh, old] }), 'user', { secret: fresh })).toBe('ann')
  })

  test('without a secret it is a mistake that is told', async () => {
    for (const handler of [
      ({ response }: any) => response.setCookie('a', '1', { signed: true }).success(1),
      ({ request }: any) => request.cookies.signed('a'),
    ]) {
      const app = baking(handler, {})
      expect((await app.send('/api/v1/a')).status).toBe(500)
      expect(JSON.stringify(app.logs)).toContain('config({ cookies: { secret } })')
    }
  })
})
