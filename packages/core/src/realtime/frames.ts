/**
 * What travels on a realtime connection, each frame encoded once for all its receivers (design: ready, revalidate,
 * message, reset, heartbeat). A frame's id is the position in the log up to which its receivers have been served;
 * where that is unknown, the frame has no id and the client keeps the one it has.
 */
import { encode } from '../codec.js'
import { encodeComment, encodeEvent } from '../event-stream.js'
import { Frame } from '../exchange.js'
import type { ReadyFrame, ResetReason } from '../protocol.js'
import type { LogEntry, MessageEvent, RevalidateEvent } from './log.js'

/** An entry that holds a message. */
export type MessageEntry = LogEntry & { readonly event: MessageEvent }

/** An entry that holds a revalidation. */
export type RevalidateEntry = LogEntry & { readonly event: RevalidateEvent }

const frame = (event: string | undefined, data: string | undefined, position: string | null): Frame =>
  new Frame(encodeEvent({ event, data, id: position || undefined }))

/** The first frame: the connection's secret id and what it was granted. */
export const readyFrame = (data: ReadyFrame, position: string | null): Frame => frame('ready', encode(data), position)

/** A message, as it was published. */
export const messageFrame = (entry: MessageEntry): Frame => frame('message', entry.event.json, entry.cursor)

/** Something may have been missed: the client refetches what it shows. */
export const resetFrame = (reason: ResetReason, position: string): Frame => frame('reset', encode({ reason }), position)

/** Shows that the connection lives, and where it stands: a block with an id and no data dispatches no event. */
export const heartbeatFrame = (position: string): Frame =>
  position === '' ? new Frame(encodeComment('')) : frame(undefined, undefined, position)

/** Tells the client how many milliseconds to wait before it reconnects. */
export const retryFrame = (ms: number): Frame => new Frame(encodeEvent({ retry: ms }))

/** The JSON of a message's frame. Throws what the codec throws for data that cannot be sent. */
export const messageJson = (channel: string, data: unknown, event: string | undefined): string =>
  encode(event === undefined ? { channel, data } : { channel, event, data })

/**
 * Revalidations that leave as one frame. Batches form chains: connections that wait for the same events hold the same
 * batch, so a further event costs one object for all of them, and the frame is made once, when the first of them leaves.
 */
export class Batch {
  /** The position of its newest event. */
  readonly cursor: string
  /** The newest event's keys, as JSON. */
  readonly #keys: readonly string[]
  readonly #before: Batch | null
  #next: Batch | null = null
  #frame: Frame | null = null

  private constructor(cursor: string, keys: readonly string[], before: Batch | null) {
    this.cursor = cursor
    this.#keys = keys
    this.#before = before
  }

  /** A batch of one event. Throws what the codec throws for keys that cannot be sent; nothing after that throws. */
  static of({ cursor, event }: RevalidateEntry): Batch {
    return new Batch(
      cursor,
      event.keys.map((key) => encode(key)),
      null,
    )
  }

  /** This and then the event of `single`: the same batch for everyone who asks with the same one. */
  and(single: Batch): Batch {
    if (this.#next?.cursor !== single.cursor) this.#next = new Batch(single.cursor, single.#keys, this)
    return this.#next
  }

  /** All keys, each once, in the order in which they first came. */
  get frame(): Frame {
    if (this.#frame === null) {
      const chain: (readonly string[])[] = []
      for (let batch: Batch | null = this; batch; batch = batch.#before) chain.push(batch.#keys)
      this.#frame = new Frame(revalidateBlocks([...new Set(chain.reverse().flat())], this.cursor))
    }
    return this.#frame
  }
}

/** Keys in one block: readers refuse JSON of more than 100,000 values. */
const keysInBlock = 16_000

/** Mostly one block. Of several only the last has an id: whoever loses the connection in between gets them all again. */
function revalidateBlocks(keys: readonly string[], position: string): string {
  let text = ''
  for (let start = 0; start < keys.length; start += keysInBlock) {
    const isLast = start + keysInBlock >= keys.length
    const data = `{"keys":[${keys.slice(start, start + keysInBlock).join(',')}]}`
    text += encodeEvent({ event: 'revalidate', data, id: isLast ? position : undefined })
  }
  return text
}
