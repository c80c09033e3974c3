/** What an action's stream or the realtime connection says, decoded, from one request. */
import { decodeAnswer } from '@igniter-js/core/protocol'
import { notIgniter, readAnswer } from './answer.js'
import { type Block, createParser } from './event-stream.js'
import type { OutgoingRequest, Send } from './transport.js'

/** A block whose data, if it is an event, is a value. One without fields shows that bytes have come. */
export type DecodedBlock = Omit<Block, 'data'> & { readonly data?: unknown }

/**
 * Sends a request and reads the stream that it is answered with. Throws the error that was answered instead, PARSE_ERROR
 * for what is no stream of ours, and anything when it breaks off or is aborted. Whoever stops to read must abort.
 * `Retry-After` in seconds is told as a `retry`, too.
 */
export async function* readEvents(send: Send, request: OutgoingRequest): AsyncGenerator<DecodedBlock, undefined> {
  const response = await send(request)
  const { headers } = response
  const seconds = Number(headers.get('retry-after'))
  if (seconds > 0) yield { retry: seconds * 1000 }
  if (!/event-stream/.test(headers.get('content-type')!)) {
    await readAnswer(request, response)
    throw notIgniter(request, response)
  }
  const reader = response.body!.getReader()
  const parse = createParser()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield {}
    for (const block of parse(value)) {
      yield block.event ? { ...block, data: decodeAnswer(block.data!) } : block
    }
  }
}
