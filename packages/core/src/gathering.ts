/**
 * A body's bytes as they arrive, in one buffer that grows: a chunk of one byte must not cost the hundreds that an object
 * of its own and the slab behind it would. Both doors read bodies into it.
 */
import { IgniterError } from './error.js'

/** A body may come in this many pieces, however small; beyond, they must have `leastBytes` on average. */
const freePieces = 10_000
const leastBytes = 16

export class Gathering {
  #first: Uint8Array | null = null
  #whole: Uint8Array | null = null
  #pieces = 0
  #size = 0

  /** Bytes so far. */
  get size(): number {
    return this.#size
  }

  /** Adds a piece. Throws PAYLOAD_TOO_LARGE beyond `limit` bytes in all, BAD_REQUEST for a body in crumbs. */
  add(piece: Uint8Array, limit: number): void {
    const size = this.#size + piece.length
    if (size > limit) throw tooLarge(limit)
    if (++this.#pieces > freePieces && size < this.#pieces * leastBytes) throw inCrumbs()
    if (this.#pieces === 1) this.#first = piece
    else this.#append(piece, size, limit)
    this.#size = size
  }

  /** All bytes. The gathering is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#whole?.subarray(0, this.#size) ?? this.#first ?? new Uint8Array()
    this.drop()
    return bytes
  }

  /** Forgets what has come. */
  drop(): void {
    this.#first = null
    this.#whole = null
    this.#size = 0
  }

  #append(piece: Uint8Array, size: number, limit: number): void {
    if (this.#whole === null || this.#whole.length < size) {
      const grown = new Uint8Array(Math.min(limit, Math.max(65_536, size * 2)))
      grown.set(this.#whole?.subarray(0, this.#size) ?? this.#first ?? [])
      this.#whole = grown
      this.#first = null
    }
    this.#whole.set(piece, this.#size)
  }
}

/** The error for a body beyond its bound. */
export const tooLarge = (limit: number): IgniterError =>
  new IgniterError({ code: 'PAYLOAD_TOO_LARGE', message: `The body is larger than ${limit} bytes.` })

/** The error for a body that didn't arrive in time. */
export const tooSlow = (timeout: number): IgniterError =>
  new IgniterError({ code: 'REQUEST_TIMEOUT', message: `The body did not arrive within ${timeout} ms.` })

const inCrumbs = (): IgniterError =>
  new IgniterError({ code: 'BAD_REQUEST', message: 'The body comes in too many tiny pieces. Send larger chunks.' })
