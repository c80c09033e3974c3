import { expectTypeOf, test } from 'vitest'
import type { Push } from './exchange.js'
import { fromGenerator } from './generator.js'
import type { Store, Subscription } from './store/store.js'
import type { EventStream, StreamEvent } from './stream.js'

declare const open: EventStream
declare const store: Store

type Events = StreamEvent<'message', string> | StreamEvent<'created', { id: number }>
declare const typed: EventStream<Events>

test('an open stream takes any event and nothing else', () => {
  expectTypeOf(open.send({ data: new Date() })).toEqualTypeOf<Promise<void>>()
  void open.send({ event: 'x', id: 5, retry: 1000 })
  void open.send({ id: 'x' })
  // @ts-expect-error a bare value is no event
  void open.send('text')
  // @ts-expect-error what is meant as data stands under `data`
  void open.send({ id: '1', title: 'Post' })
  // @ts-expect-error a name is text
  void open.send({ event: 5, data: 1 })
  // @ts-expect-error milliseconds
  void open.send({ retry: '5', data: 1 })
})

test('a stream with declared events takes each with its own data', () => {
  expectTypeOf(typed.send).parameter(0).toEqualTypeOf<Events>()
  void typed.send({ event: 'created', data: { id: 1 } })
  void typed.send({ event: 'message', data: 'text' })
  void typed.send({ data: 'text', id: '1' })
  // @ts-expect-error the data of another event
  void typed.send({ event: 'created', data: 'text' })
  // @ts-expect-error no such event
  void typed.send({ event: 'deleted', data: { id: 1 } })
  // @ts-expect-error unnamed is `message`
  void typed.send({ data: { id: 1 } })
  // @ts-expect-error declared data is not left out
  void typed.send({ event: 'created' })
})

test('from maps messages to events of the stream', () => {
  expectTypeOf(open.from(store, 'c')).toEqualTypeOf<Subscription>()
  typed.from(store, 'c', (id: number) => ({ event: 'created', data: { id } }))
  typed.from(store, 'c', () => null)
  // @ts-expect-error no such event
  typed.from(store, 'c', () => ({ event: 'deleted', data: 1 }))
})

test('generators yield what send takes', () => {
  expectTypeOf(fromGenerator<Events>)
    .parameter(1)
    .toEqualTypeOf<EventStream<Events>>()
  fromGenerator(
    (async function* () {
      yield { event: 'created' as const, data: { id: 1 } }
    })(),
    typed,
  )
  fromGenerator([{ data: 1 }], open)
  // @ts-expect-error bare values
  fromGenerator([1, 2], open)
})

test('it is a body that writes itself, and says what its events are', () => {
  expectTypeOf(open).toExtend<Push>()
  expectTypeOf<typeof typed extends EventStream<infer E> ? E : never>().toEqualTypeOf<Events>()
})
