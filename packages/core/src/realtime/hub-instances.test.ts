import fc from 'fast-check'
import { expect, test } from 'vitest'
import { consoleLogger } from '../logger.js'
import { toBlocks } from '../testing/blocks.js'
import { createTestClock, type TestClock } from '../testing/clock.js'
import { createSinkRecorder, type SinkRecorder } from '../testing/recorder.js'
import { Hub } from './hub.js'
import { type EventLog, type LogEntry, type LogEvent, MemoryLog } from './log.js'

/** One instance's view of a log that several share across a network: everything takes its time, and the wire can be cut. */
class RemoteLog implements EventLog {
  isCut = false
  /** Misses entries, as the reader of a log does that is replaced under it. */
  isDeaf = false
  head: string
  #inOrder = 0
  #arrival = 0
  #flights = new Set<{ isLost: boolean }>()
  #listeners = new Set<(entry: LogEntry) => void>()
  #resetListeners = new Set<() => void>()

  constructor(
    readonly shared: MemoryLog,
    readonly clock: TestClock,
    readonly delay: () => number,
  ) {
    this.head = shared.head
    shared.listen((entry) => {
      this.#arrive(() => {
        if (this.isDeaf) return
        this.head = entry.cursor
        for (const listener of this.#listeners) listener(entry)
      })
    })
    shared.onReset(() => {
      const { head } = shared
      this.#arrive(() => {
        this.head = head
        for (const listener of this.#resetListeners) listener()
      })
    })
  }

  append(event: LogEvent): Promise<string> {
    const flight = { isLost: false }
    this.#flights.add(flight)
    this.#inOrder = Math.max(this.#inOrder, this.clock.now() + this.delay())
    return new Promise((resolve, reject) => {
      this.clock.after(this.#inOrder - this.clock.now(), () => {
        this.#flights.delete(flight)
        if (!this.isCut && !flight.isLost) return resolve(this.shared.append(event))
        for (const later of this.#flights) later.isLost = true
        reject(new Error('the wire is cut'))
      })
    })
  }

  async read(after: string): Promise<readonly LogEntry[] | 'reset'> {
    await this.#pass()
    if (this.isCut) throw new Error('the wire is cut')
    const read = this.shared.read(after)
    await this.#pass()
    return read
  }

  listen(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onReset(listener: () => void): () => void {
    this.#resetListeners.add(listener)
    return () => this.#resetListeners.delete(listener)
  }

  async renew(): Promise<void> {
    await this.#pass()
    this.shared.renew()
  }

  close(): void {}

  #pass(): Promise<void> {
    return new Promise((resolve) => void this.clock.after(this.delay(), resolve))
  }

  #arrive(act: () => void): void {
    this.#arrival = Math.max(this.#arrival, this.clock.now() + this.delay())
    this.clock.after(this.#arrival - this.clock.now(), act)
  }
}

/** A client with a ledger: from each source it must hear 1, 2, 3 …, without a hole, a repetition or a swap. */
class Client {
  sink: SinkRecorder = createSinkRecorder()
  lastId: string | undefined
  resets = 0
  #read = 0
  /** The last number heard from each source; after a reset the highest that may have been missed. */
  readonly #ledger = new Map<string, { last: number; isSure: boolean }>()

  constructor(
    readonly said: ReadonlyMap<string, number>,
    readonly scopes: string[],
  ) {}

  connect(hub: Hub): void {
    this.absorb()
    this.sink.leave()
    this.sink = createSinkRecorder()
    this.#read = 0
    const channels = { granted: ['m0', 'm1'], denied: [] }
    const init = { identity: null, ip: null, scopes: { granted: this.scopes, denied: [] }, channels }
    hub.connect({ ...init, after: this.lastId ?? null }).start(this.sink)
    this.absorb()
  }

  /** Takes notice of what has arrived. */
  absorb(): void {
    const blocks = toBlocks(this.sink.text)
    for (const { event, data, id } of blocks.slice(this.#read)) {
      const frame = data === undefined ? {} : JSON.parse(data)
      if (event === 'message') this.#hear(frame.data.from, frame.data.n)
      if (event === 'revalidate') for (const { key, params } of frame.keys) this.#hear(key, params.n)
      if (event === 'reset') {
        this.resets++
        for (const [source, n] of this.said) this.#ledger.set(source, { last: n, isSure: false })
      }
      if (id !== undefined) this.lastId = id
    }
    this.#read = blocks.length
  }

  lastOf(source: string): number {
    return this.#ledger.get(source)?.last ?? 0
  }

  #hear(source: string, n: number): void {
    const { last, isSure } = this.#ledger.get(source) ?? { last: 0, isSure: true }
    if (isSure) expect(n, `what ${source} said after ${last}`).toBe(last + 1)
    else expect(n, `what ${source} said first after a reset`).toBeLessThanOrEqual(last + 1)
    this.#ledger.set(source, { last: n, isSure: true })
  }
}

interface Step {
  do: string
  instance: number
  client: number
  size: number
  ms: number
}

const client = fc.nat(3)
const instance = fc.nat(1)
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom('message', 'revalidate', 'scoped'),
      instance,
      size: fc.constantFrom(1, 1, 10, 4_000),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 0, max: 80 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reconnect'), client, instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('pause', 'read', 'leave'), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cut', 'mend'), instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('long wait', 'renew') }) },
) as fc.Arbitrary<Step>

/** Plays the steps on two instances, then heals everything; the clients fail on the first wrong number. */
async function play(steps: readonly Step[], delays: readonly number[], isShared: boolean): Promise<void> {
  const clock = createTestClock()
  const logger = consoleLogger({ level: 'silent' })
  const log = new MemoryLog({ clock, events: 60 })
  let turn = 0
  const delay = () => delays[turn++ % delays.length] as number
  const remotes = isShared ? [0, 1].map(() => new RemoteLog(log, clock, delay)) : []
  const hubs = [0, 1].map((n) => new Hub({ log: remotes[n] ?? log, clock, logger, settings: { buffer: 16_384 } }))
  const said = new Map<string, number>()
  const clients = Array.from({ length: 4 }, (_, n) => new Client(said, n % 2 ? ['s'] : []))
  const say = (what: string, which: number, size: number) => {
    // Scoped ones have numbers of their own: not everyone hears them.
    const from = `${what === 'scoped' ? 'scoped' : 'open'}${which}`
    const n = (said.get(from) ?? 0) + 1
    said.set(from, n)
    const hub = hubs[which] as Hub
    if (what === 'message') void hub.publish(`m${which}`, { from, n, filling: 'x'.repeat(size) })
    else
      void hub.revalidate(
        [{ key: from, params: { n }, query: { filling: 'x'.repeat(size) } }],
        what === 'scoped' ? ['s', 't'] : null,
      )
  }

  for (const [n, one] of clients.entries()) one.connect(hubs[n % 2] as Hub)
  for (const { do: act, instance, client, size, ms } of steps) {
    const one = clients[client] as Client
    if (act === 'wait') await clock.advance(ms)
    else if (act === 'long wait') await clock.advance(6_000)
    else if (act === 'reconnect') one.connect(hubs[instance] as Hub)
    else if (act === 'pause') one.sink.pause()
    else if (act === 'read') one.sink.resume()
    else if (act === 'leave') one.sink.leave()
    else if (act === 'renew') log.renew()
    else if (act === 'cut' || act === 'mend') {
      const remote = remotes[instance]
      if (remote) remote.isCut = act === 'cut'
    } else say(act, instance, size)
    for (const each of clients) each.absorb()
  }

  for (const remote of remotes) remote.isCut = false
  await clock.advance(20_000)
  for (const [n, one] of clients.entries()) {
    one.absorb()
    one.sink.resume()
    one.absorb()
    if (one.sink.state !== 'open') one.connect(hubs[n % 2] as Hub)
  }
  await clock.advance(10_000)
  for (const what of ['message', 'scoped']) for (const which of [0, 1]) say(what, which, 1)
  await clock.advance(20_000)
  for (const one of clients) {
    one.absorb()
    expect(one.sink.state).toBe('open')
    for (const [source, n] of said) {
      if (source.startsWith('open') || one.scopes.includes('s')) expect(one.lastOf(source), source).toBe(n)
    }
  }
  await Promise.all(hubs.map((hub) => hub.close()))
}

/** Two instances on one log, the second of which hears everything 1 s late. */
function lagging() {
  const clock = createTestClock()
  const logger = consoleLogger({ level: 'silent' })
  const log = new MemoryLog({ clock })
  const remote = new RemoteLog(log, clock, () => 1_000)
  const [first, late] = [log, remote].map((each) => new Hub({ log: each, clock, logger })) as [Hub, Hub]
  const said = new Map([['k', 0]])
  const say = () => {
    const n = (said.get('k') ?? 0) + 1
    said.set('k', n)
    void first.revalidate([{ key: 'k', params: { n } }], null)
  }
  return { clock, log, remote, first, late, say, one: new Client(said, []) }
}

test('who was served further than the new instance has heard waits for it, hears nothing twice, and goes on', async () => {
  const { clock, first, late, one, say } = lagging()
  one.connect(first)
  say()
  await clock.advance(500)
  one.connect(late)
  await clock.advance(0)
  say()
  await clock.advance(20_000)
  one.absorb()
  expect(one.lastOf('k')).toBe(2)
  expect(one.resets).toBe(0)
  expect(toBlocks(one.sink.text).at(-1)).toEqual({ id: late.cursor })
})

test('nobody waits for an epoch that is over', async () => {
  const { clock, log, remote, first, late, one, say } = lagging()
  one.connect(first)
  say()
  remote.isDeaf = true
  remote.read = async (after) => log.read(after)
  one.connect(late)
  await clock.advance(0)
  log.renew()
  await clock.advance(2_000)
  one.absorb()
  expect(one.resets).toBe(1)
  remote.isDeaf = false
  say()
  await clock.advance(2_000)
  one.absorb()
  expect(one.lastOf('k')).toBe(2)
})

test('an epoch that begins while a client is caught up is a reset', async () => {
  const { clock, log, remote, first, late, one, say } = lagging()
  one.connect(first)
  say()
  await clock.advance(2_000)
  // The answer is of the epoch before, and comes when the instance has heard of the next one.
  remote.read = async (after) => {
    const read = log.read(after)
    log.renew()
    await new Promise<void>((resolve) => void clock.after(3_000, resolve))
    return read
  }
  one.connect(late)
  await clock.advance(4_000)
  one.absorb()
  expect(one.resets).toBe(1)
  expect(one.lastId).toBe(late.cursor)
})

test('a log that cannot be read, or not in time, is a reset and no hung client', async () => {
  const { clock, remote, first, late, one, say } = lagging()
  one.connect(first)
  say()
  remote.isCut = true
  one.connect(late)
  await clock.advance(2_000)
  one.absorb()
  expect(one.resets).toBe(1)
  remote.read = () => new Promise(() => {})
  one.connect(late)
  await clock.advance(5_000)
  one.absorb()
  expect(one.resets).toBe(2)
  remote.read = () => {
    throw new Error('no wire')
  }
  one.connect(late)
  one.absorb()
  expect(one.resets).toBe(3)
})

const scenario = fc.record({
  steps: fc.array(step, { minLength: 5, maxLength: 80 }),
  delays: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 }),
})

test('on one memory log: nothing is lost, repeated or out of order, whatever clients do', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, ({ steps, delays }) => play(steps, delays, false)),
    { numRuns: 150 },
  )
})

test('nor on two instances that share a slow log which fails now and then', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, ({ steps, delays }) => play(steps, delays, true)),
    { numRuns: 200 },
  )
})
