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

export type MessageEntry = LogEntry & { readonly event: MessageEvent }
export type RevalidateEntry = LogEntry & { readonly event: RevalidateEvent }

/**
 * Revalidations that leave as one frame. Batches form chains: connections that wait for the same events hold the same
 * batch, so a further event costs one object for all of them, and the frame is made once, when the first of them leaves.
 */
export class Batch {
  readonly #before: Batch | null
  readonly #entry: RevalidateEntry
  #after: Batch | null = null
  #frame: Frame | null = null

  constructor(entry: RevalidateEntry, before: Batch | null = null) {
    this.#entry = entry
    this.#before = before
  }

  /** Its newest event. */
  get entry(): RevalidateEntry {
    return this.#entry
  }

  /** The position of its newest event. */
  get cursor(): string {
    return this.#entry.cursor
  }

  /** This and the next event: the same batch for everyone who asks with the same entry. */
  and(entry: RevalidateEntry): Batch {
    if (this.#after?.entry !== entry) this.#after = new Batch(entry, this)
    return this.#after
  }

  /** All keys, each once, in the order in which they first came. */
  get frame(): Frame {
    if (this.#frame === null) {
      const chain: RevalidateEntry[] = []
      for (let batch: Batch | null = this; batch; batch = batch.#before) chain.push(batch.#entry)
      const keys = new Set<string>()
      for (const { event } of chain.reverse()) for (const key of event.keys) keys.add(encode(key))
      this.#frame = new Frame(revalidateBlocks([...keys], this.cursor))
    }
    return this.#frame
  }
}
