import { describe, expect, test } from 'vitest'
import { consoleLogger, type ConsoleLoggerOptions, type Logger, type LogLevel, withRedaction } from './logger.js'
import { createTestClock } from './testing/clock.js'

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

function recorded(options: ConsoleLoggerOptions = {}) {
  const lines: string[] = []
  const clock = createTestClock({ wall: Date.UTC(2026, 10, 22, 9, 30) })
  const logger = consoleLogger({ clock, pretty: false, write: (line) => lines.push(line), ...options })
  return { logger, lines, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

/** A logger of somebody else, which keeps what it is given. */
function foreign(enabled?: (level: string) => boolean) {
  const calls: unknown[][] = []
  const make = (bindings: object): Logger => ({
    ...(Object.fromEntries(
      levels.map((level) => [level, (...args: unknown[]) => void calls.push([level, bindings, ...args])]),
    ) as Record<LogLevel, () => void>),
    child: (more) => make({ ...bindings, ...more }),
    ...(enabled && { isLevelEnabled: enabled }),
  })
  return { logger: make({}), calls }
}

describe('consoleLogger as JSON', () => {
  test('one line with level, time and message first, then bindings and fields', () => {
    const { logger, lines } = recorded()
    logger.child({ requestId: 'r1' }).child({ user: 7 }).warn({ ms: 3 }, 'slow\nanswer')
    logger.info('plain')
    logger.info({ only: 'fields' })
    expect(lines).toEqual([
      '{"level":"warn","time":"2026-11-22T09:30:00.000Z","msg":"slow\\nanswer","requestId":"r1","user":7,"ms":3}',
      '{"level":"info","time":"2026-11-22T09:30:00.000Z","msg":"plain"}',
      '{"level":"info","time":"2026-11-22T09:30:00.000Z","msg":"","only":"fields"}',
    ])
  })

  test('a field cannot pose as level, time or message', () => {
    const { logger, entries } = recorded()
    logger.error({ level: 'info', time: 'never', msg: 'all is well' }, 'it burns')
    expect(entries()).toEqual([{ level: 'error', time: '2026-11-22T09:30:00.000Z', msg: 'it burns' }])
  })

  test('errors come with their stack, alone or in a field', () => {
    const { logger, entries } = recorded()
    logger.error(new TypeError('broken'), 'failed')
    logger.error({ err: new TypeError('broken'), id: 1 }, 'failed')
    for (const entry of entries()) {
      expect(entry).toMatchObject({ msg: 'failed', err: { type: 'TypeError', message: 'broken' } })
      expect((entry.err as { stack: string }).stack).toContain('logger.test')
    }
  })
})

describe('consoleLogger as text', () => {
  test('one readable line', () => {
    const { logger, lines } = recorded({ pretty: true })
    logger.child({ id: 'a b' }).info({ status: 200, path: '/x', list: [1] }, 'answered')
    expect(lines).toEqual(['09:30:00.000 INFO  answered id="a b" status=200 path=/x list=[1]'])
  })

  test('the stack and its causes follow, indented', () => {
    const { logger, lines } = recorded({ pretty: true })
    logger.error(new Error('outer', { cause: new TypeError('inner') }), 'failed')
    const [first, ...others] = lines[0]!.split('\n')
    expect(first).toBe('09:30:00.000 ERROR failed')
    expect(others[0]).toBe('  Error: outer')
    expect(others.join('\n')).toContain('\n  caused by\n    TypeError: inner')
    expect(others.every((line) => line.startsWith('  '))).toBe(true)
  })

  test('nothing given can begin a line or drive the terminal', () => {
    const { logger, lines } = recorded({ pretty: true })
    const forged = '\n09:30:00.000 INFO  forged\r\u001b[2J\u009b\u2028'
    logger.info({ [`field${forged}`]: forged }, forged)
    logger.error(Object.assign(new Error(forged), { [forged]: forged }))
    for (const line of lines.join('\n').split('\n').slice(1)) expect(line).toMatch(/^( {2}|09:30:00\.000 ERROR$)/)
    expect(lines.join('')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/)
  })
})

describe('levels', () => {
  test.each([
    ['trace', levels],
    [undefined, ['info', 'warn', 'error', 'fatal']],
    ['warn', ['warn', 'error', 'fatal']],
    ['silent', []],
  ] as const)('%s', (level, expected) => {
    const seen: string[] = []
    const { logger } = recorded({ level, write: (_, at) => seen.push(at) })
    for (const at of levels) logger[at]('x')
    for (const at of levels) logger.child({ a: 1 })[at]('x')
    expect(seen).toEqual([...expected, ...expected])
    expect(levels.filter((at) => logger.isLevelEnabled?.(at))).toEqual(expected)
  })

  test('an unknown level is refused with the list of known ones', () => {
    expect(() => consoleLogger({ level: 'verbose' as LogLevel })).toThrow(/"verbose" is unknown.*trace.*silent/)
  })
})

describe('redaction', () => {
  const secret = 'hunter2Sx9'
  const use = (logger: Logger) => {
    const child = logger.child({ headers: { authorization: secret } })
    child.info({ token: secret, url: `/a?token=${secret}` }, `Bearer ${secret}`)
    child.info(`Bearer ${secret}`)
    child.error(new Error(`password=${secret}`))
    child.error({ nested: { cookies: [secret] } })
  }

  test.each([true, false])('the console logger, pretty: %s', (pretty) => {
    const { logger, lines } = recorded({ pretty })
    use(logger)
    expect(lines).toHaveLength(4)
    expect(lines.join()).not.toContain(secret)
    expect(lines.join()).toContain('[redacted]')
  })

  test('withRedaction around any logger: same calls, safe copies', () => {
    const { logger, calls } = foreign()
    use(withRedaction(logger))
    expect(JSON.stringify(calls)).not.toContain(secret)
    const bindings = { headers: { authorization: '[redacted]' } }
    expect(calls.slice(0, 2)).toEqual([
      ['info', bindings, { token: '[redacted]', url: '/a?token=[redacted]' }, 'Bearer [redacted]'],
      ['info', bindings, 'Bearer [redacted]'],
    ])
    expect(calls[2]).toMatchObject(['error', bindings, { err: { type: 'Error', message: 'password=[redacted]' } }])
    expect(calls[3]).toEqual(['error', bindings, { nested: { cookies: '[redacted]' } }])
  })

  test('wrapping twice gives the same logger', () => {
    const once = withRedaction(foreign().logger)
    expect(withRedaction(once)).toBe(once)
    const console = recorded().logger
    expect(withRedaction(console)).toBe(console)
    const child = once.child({})
    expect(withRedaction(child)).toBe(child)
  })

  test('fields of a level that is off are not even looked at', () => {
    const { logger, calls } = foreign((level) => level !== 'debug')
    let reads = 0
    const fields = {
      get x() {
        return ++reads
      },
    }
    withRedaction(logger).debug(fields)
    expect([reads, calls]).toEqual([0, []])
    withRedaction(logger).info(fields)
    expect(calls).toEqual([['info', {}, { x: 1 }]])
  })
})

describe('never throws', () => {
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  revoke()
  const values: unknown[] = [undefined, null, 1, 10n, Symbol('x'), () => {}, revoked, [1], { big: 1n, revoked }]

  test.each([true, false])('whatever is logged, pretty: %s', (pretty) => {
    const { logger, lines } = recorded({ pretty })
    for (const value of values) {
      logger.info(value as object, value as string)
      logger.child(value as Record<string, unknown>).info('still here')
    }
    expect(lines).toHaveLength(values.length * 2)
  })

  test('whatever the wrapped logger does', () => {
    const explode = () => {
      throw new Error('disk full')
    }
    const broken = withRedaction({
      ...Object.fromEntries(levels.map((level) => [level, explode])),
      child: explode,
    } as unknown as Logger)
    for (const level of levels) expect(() => broken[level]({ a: 1 }, 'x')).not.toThrow()
    expect(() => broken.child({ b: 1 }).info('x')).not.toThrow()
  })
})
