/**
 * The reader of event streams, for custom streams and the realtime connection; encoding is core's event-stream.ts.
 * Source: WHATWG HTML §9.2.5 "Parsing an event stream" and §9.2.6 "Interpreting an event stream".
 */

/** An event as the stream dispatched it. */
export interface ServerSentEvent {
  /** `message` when the stream gave no name. */
  readonly event: string
  readonly data: string
  /** The last id up to and with this event; empty when there was none. */
  readonly lastEventId: string
}

/** What a stream has said: a block, when the empty line at its end has come, or at once a `retry` and nothing else. */
export interface Block {
  /** Empty when the block has no data, and so is no event; else `message` unless it has a name. */
  readonly event?: string
  readonly data?: string
  /** Only if the block itself has one. */
  readonly id?: string | undefined
  /** Milliseconds to wait before reconnecting. */
  readonly retry?: number
}

/** Gives a function that takes the bytes of one stream, as they come, and gives what they say. */
export function createParser(decoder = new TextDecoder(), skipped = ''): (bytes?: Uint8Array) => Iterable<Block> {
  let rest = ''
  let data = ''
  let event = ''
  let id: string | undefined
  return function* (bytes) {
    const text = decoder.decode(bytes, { stream: true })
    if (!text) return
    const lines = (text[0] === skipped ? text.slice(1) : text).split(/\r\n?|\n/)
    // A CR ends its line at once; an LF that follows it in the next chunk belongs to it.
    skipped = text.endsWith('\r') ? '\n' : ''
    lines[0] = rest + lines[0]
    rest = lines.pop() as string
    for (const line of lines) {
      if (line) {
        const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) as unknown as string[]
        if (field === 'data') data += `${value}\n`
        if (field === 'event') event = value
        if (field === 'id' && !value.includes('\0')) id = value
        if (field === 'retry' && /^\d+$/.test(value)) yield { retry: +value }
      } else {
        yield { event: data && (event || 'message'), data: data.slice(0, -1), id }
        data = event = ''
        id = undefined
      }
    }
  }
}

export interface ParseOptions {
  /** Told each new last event id when its block is complete, also of a block without data, before its event is given out. */
  readonly onId?: (id: string) => void
  /** Told the milliseconds to wait before reconnecting, when the stream says them. */
  readonly onRetry?: (ms: number) => void
  /** Bytes of what is not complete, or characters of an event; beyond them reading fails with a RangeError. 8 Mi unless given. */
  readonly limit?: number
}

/** The part of a stream's reader that an iterator can stand in for. */
interface Source {
  read(): Promise<{ readonly done?: boolean; readonly value?: Uint8Array }>
  cancel(): unknown
  releaseLock?(): void
}

/**
 * The events of `readable`, once. Leaving the loop, or calling `return()` at any time, cancels `readable` and lets go of
 * it at once. Ends with the stream (what is not followed by an empty line is dropped) and fails with its error.
 */
export function parseEventStream(
  readable: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  { onId, onRetry, limit = 2 ** 23 }: ParseOptions = {},
): AsyncIterableIterator<ServerSentEvent, void> {
  // Not every browser can iterate over a stream, and only a reader can be cancelled while it waits.
  const source: Source = 'getReader' in readable ? readable.getReader() : toSource(readable)
  let over = false
  const release = (done?: boolean) => {
    if (over) return
    over = true
    // Not awaited: a source that takes its time to end must not hold up who leaves.
    if (!done) (async () => source.cancel())().catch(() => {})
    source.releaseLock?.()
  }

  async function* read(): AsyncGenerator<ServerSentEvent, void> {
    // Node's decoder takes a second BOM away when a chunk ends between two, so the first is ours to skip.
    const parse = createParser(new TextDecoder('utf-8', { ignoreBOM: true }), '\ufeff')
    let lastEventId = ''
    const check = (size: number) => {
      if (size > limit) throw new RangeError(`An event is longer than ${limit} characters.`)
    }
    let size = 0
    try {
      while (!over) {
        const { done, value } = await source.read()
        if (done) release(done)
        if (over) break
        size += value?.length ?? 0
        for (const { event, data = '', id = lastEventId, retry } of parse(value)) {
          check(data.length)
          size = 0
          if (retry !== undefined) onRetry?.(retry)
          if (id !== lastEventId) onId?.(id)
          lastEventId = id
          if (event) yield { event, data, lastEventId }
          if (over) return
        }
        check(size)
      }
    } finally {
      release()
    }
  }
  const events = read()
  // A generator's own `return` would wait for the read that is under way.
  events.return = async () => {
    release()
    return { done: true, value: undefined }
  }
  return events
}

function toSource(iterable: AsyncIterable<Uint8Array>): Source {
  const iterator = iterable[Symbol.asyncIterator]()
  return { read: () => iterator.next(), cancel: () => iterator.return?.() }
}
