/**
 * The contract of `EventLog`, for the test files of logs: `MemoryLog`, and the adapters' logs that instances share.
 */
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import type { EventLog, LogEntry, LogEvent } from '../realtime/log.js'
import { type Conformance, toConformance, until } from './conformance.js'

/** What a case works on, and what it closes at its end. */
export interface LogSubject {
  /** Empty, and shared with no other case. */
  readonly log: EventLog
  /** A second instance on the same log, as another process holds one. `log` itself unless given. */
  readonly other?: EventLog
  /** How many entries the log keeps: 200 or more. It may keep up to twice as many. */
  readonly keeps: number
}

interface Tools {
  readonly log: EventLog
  readonly other: EventLog
  readonly keeps: number
}

/** Every case of the contract. */
export const logConformance: Conformance<LogSubject> = toConformance<LogSubject, Tools>(
  ({ log, other = log, keeps }) => ({ log, other, keeps }),
  async ({ log, other }) => {
    await log.close()
    await other?.close()
  },
  {
    'gives each event a later cursor, and the last one is the head': async ({ log }) => {
      const before = log.head
      const cursors = [before, await log.append(message(1)), await log.append(message(2)), await log.append(message(3))]
      equal(new Set(cursors).size, 4, `cursors must differ: ${cursors.join(' ')}`)
      for (const cursor of cursors)
        ok(/^[\x21-\x7e]{1,64}$/.test(cursor), `a cursor is short, visible ASCII, not ${cursor}`)
      await until('the head reaches the last cursor', () => log.head === cursors[3])
    },
    'reads what follows a cursor, in order, and nothing after the head': async ({ log }) => {
      const start = log.head
      const cursors: string[] = []
      for (let n = 0; n < 5; n++) cursors.push(await log.append(message(n)))
      await until('the head reaches the last cursor', () => log.head === cursors[4])
      for (const [index, after] of [start, ...cursors].entries()) {
        const read = await log.read(after)
        notEqual(read, 'reset', `position ${index} is covered`)
        deepEqual(
          read,
          cursors.slice(index).map((cursor, n) => ({ cursor, event: message(index + n) })),
        )
      }
    },
    'says reset for what is no cursor or lies in the future': async ({ log }) => {
      const cursor = await log.append(message(1))
      const epoch = cursor.slice(0, cursor.indexOf('.'))
      const bad = [
        ...['', '.', 'nonsense', '0', '-1', epoch, `${epoch}.`, `${epoch}.x`, `${epoch}.-1`, `${epoch}.1e3`],
        ...[
          `${epoch}.9007199254740000`,
          `${cursor}\n`,
          ` ${cursor}`,
          `${cursor}.1`,
          `x${cursor}`,
          `${epoch}.0${cursor}`,
        ],
        ...['\u00e9', 'a'.repeat(100_000)],
      ]
      for (const text of bad)
        equal(await log.read(text), 'reset', `${JSON.stringify(text.slice(0, 40))} is no position here`)
    },
    'tells listeners every entry once and in order, until they stop': async ({ log }) => {
      await log.append(message(0))
      const early: LogEntry[] = []
      const late: LogEntry[] = []
      const offEarly = log.listen((entry) => early.push(entry))
      const first = await log.append(message(1))
      await until('a listener hears the entry', () => early.length === 1)
      const offLate = log.listen((entry) => late.push(entry))
      const second = await log.append(message(2))
      await until('both listeners hear the entry', () => early.length === 2 && late.length === 1)
      offEarly()
      offEarly()
      const third = await log.append(message(3))
      await until('the other listener still hears', () => late.length === 2)
      offLate()
      await log.append(message(4))
      const all = [first, second, third].map((cursor, n) => ({ cursor, event: message(n + 1) }))
      deepEqual(early, all.slice(0, 2))
      deepEqual(late, all.slice(1))
    },
    'keeps the order of appends that nobody awaited': async ({ log }) => {
      const start = log.head
      const heard: LogEvent[] = []
      log.listen(({ event }) => heard.push(event))
      const events = Array.from({ length: 200 }, (_, n) => message(n))
      await Promise.all(events.map((event) => log.append(event)))
      await until('all are heard', () => heard.length === events.length)
      deepEqual(heard, events)
      const read = await log.read(start)
      deepEqual(read === 'reset' ? read : read.map(({ event }) => event), events)
    },
    'lets a listener that throws keep nobody from hearing, nor the append from succeeding': async ({ log }) => {
      const heard: LogEntry[] = []
      log.listen(() => {
        throw new Error('a listener of this case throws')
      })
      log.listen((entry) => heard.push(entry))
      const cursor = await log.append(message(1))
      await until('the other listener hears', () => heard.length === 1)
      equal(heard[0]?.cursor, cursor)
      await log.append(message(2))
      await until('and hears what comes after', () => heard.length === 2)
    },
    'lets a listener append, and tells every listener in the same order': async ({ log }) => {
      const heard: LogEvent[][] = [[], []]
      log.listen(({ event }) => {
        heard[0]?.push(event)
        if (heard[0]?.length === 1) void log.append(message(2))
      })
      log.listen(({ event }) => heard[1]?.push(event))
      await log.append(message(1))
      await until('both entries are heard', () => heard[1]?.length === 2)
      deepEqual(heard, [
        [message(1), message(2)],
        [message(1), message(2)],
      ])
    },
    'lets nothing fall between listening and reading': async ({ log }) => {
      const start = log.head
      const live: LogEntry[] = []
      const pending: unknown[] = []
      for (let n = 0; n < 50; n++) pending.push(log.append(message(n)))
      log.listen((entry) => live.push(entry))
      const reading = log.read(start)
      for (let n = 50; n < 100; n++) pending.push(log.append(message(n)))
      const read = await reading
      await Promise.all(pending)
      ok(read !== 'reset', 'the gap is covered')
      const seen = new Set(read.map(({ cursor }) => cursor))
      await until(
        'all are read or heard',
        () => read.length + live.filter(({ cursor }) => !seen.has(cursor)).length >= 100,
      )
      const all = [...read, ...live.filter(({ cursor }) => !seen.has(cursor))]
      deepEqual(
        all.map(({ event }) => event),
        Array.from({ length: 100 }, (_, n) => message(n)),
      )
    },
    'reads what a listener was given before': async ({ log }) => {
      const start = log.head
      const checks: Promise<void>[] = []
      log.listen(({ cursor }) => {
        const check = async () => {
          const read = await log.read(start)
          ok(read !== 'reset' && read.some((entry) => entry.cursor === cursor), 'what was heard can be read')
        }
        checks.push(check())
      })
      for (let n = 0; n < 20; n++) await log.append(message(n))
      await until('all are heard', () => checks.length === 20)
      await Promise.all(checks)
    },
    'says reset once it no longer goes back far enough, and never leaves a hole': async ({ log, keeps }) => {
      const start = log.head
      const cursors: string[] = []
      const last = keeps * 3
      for (let n = 0; n <= last; n++) cursors.push(await log.append(message(n)))
      equal(await log.read(start), 'reset')
      equal(await log.read(cursors[0] ?? ''), 'reset')
      for (const [index, after] of cursors.entries()) {
        const isKept = index >= last - keeps
        if (index % 50 !== 0 && index < last - 5) continue
        const read = await log.read(after)
        if (isKept) notEqual(read, 'reset', `position ${index} of ${last} is kept`)
        if (read !== 'reset') equal(read.length, last - index, `what follows position ${index} is whole`)
      }
    },
    'is one log for all instances': async ({ log, other }) => {
      const heard: [LogEntry[], LogEntry[]] = [[], []]
      log.listen((entry) => heard[0].push(entry))
      other.listen((entry) => heard[1].push(entry))
      const first = await log.append(message(1))
      await until('both instances hear it', () => heard[0].length === 1 && heard[1].length === 1)
      await other.append(message(2))
      await until('both instances hear the other one', () => heard[0].length === 2 && heard[1].length === 2)
      deepEqual(heard[0], heard[1])
      deepEqual(await log.read(first), heard[0].slice(1))
      deepEqual(await other.read(first), heard[0].slice(1))
      await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? log : other).append(message(n))))
      await until('all are heard', () => heard[0].length === 52 && heard[1].length === 52)
      deepEqual(heard[0], heard[1], 'all instances hear the same order')
      let resets = 0
      other.onReset(() => resets++)
      await log.renew()
      await until('the other instance notices the new epoch', () => resets === 1)
      equal(await other.read(first), 'reset')
    },
    'begins a new epoch: no earlier cursor counts, and listeners hear what follows': async ({ log }) => {
      const heard: LogEntry[] = []
      let resets = 0
      log.listen((entry) => heard.push(entry))
      const off = log.onReset(() => resets++)
      const old = await log.append(message(1))
      await until('the entry is heard', () => heard.length === 1)
      await log.renew()
      await until('the change of epoch is heard', () => resets === 1)
      notEqual(log.head.split('.')[0], old.split('.')[0])
      equal(await log.read(old), 'reset')
      deepEqual(await log.read(log.head), [])
      const cursor = await log.append(message(2))
      await until('the next entry is heard', () => heard.length === 2)
      deepEqual(heard[1], { cursor, event: message(2) })
      off()
      await log.renew()
      await log.append(message(3))
      await until('and so is one after another epoch', () => heard.length === 3)
      equal(resets, 1, 'whoever stopped listening hears no reset')
    },
    'gives back events as they were, whatever their names hold': async ({ log }) => {
      const start = log.head
      const names = ['a b', 'a_b', 'x\r\ny', '\u0000', '{}', '*', '💬', '', '__proto__', 'ö'.repeat(100)]
      const events: LogEvent[] = [
        ...names.map(
          (channel): LogEvent => ({ kind: 'message', channel, json: JSON.stringify({ channel, data: channel }) }),
        ),
        { kind: 'revalidate', keys: ['posts.list'], scopes: null },
        { kind: 'revalidate', keys: ['posts', 'users.list'], scopes: names },
        {
          kind: 'revalidate',
          keys: [{ key: 'posts.get', params: { id: '1' }, query: { since: new Date(0), ids: [1n] } }],
          scopes: ['user:1'],
        },
      ]
      const heard: LogEvent[] = []
      log.listen(({ event }) => heard.push(event))
      for (const event of events) await log.append(event)
      await until('all are heard', () => heard.length === events.length)
      deepEqual(heard, events)
      const read = await log.read(start)
      deepEqual(read === 'reset' ? read : read.map(({ event }) => event), events)
    },
    'tells nobody anything after it was closed, and may be closed twice': async ({ log }) => {
      let calls = 0
      log.listen(() => calls++)
      log.onReset(() => calls++)
      await log.close()
      await log.close()
      try {
        await log.append(message(1))
      } catch {
        // A log may refuse it.
      }
      equal(calls, 0)
    },
  },
)

const message = (n: number): LogEvent => ({
  kind: 'message',
  channel: 'numbers',
  json: JSON.stringify({ channel: 'numbers', data: n }),
})
