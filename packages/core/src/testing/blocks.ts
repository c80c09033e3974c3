/** Reads what our own encoder writes, block by block, for tests that look at ids, heartbeats and order. */

/** A block of an event stream; fields that were not sent are absent. */
export interface Block {
  event?: string
  data?: string
  id?: string
  retry?: string
}

/** The blocks of a stream's text: LF line ends, a space after each colon. Comments and an unfinished block are left out. */
export function toBlocks(text: string): Block[] {
  const blocks: Block[] = []
  for (const part of text.split('\n\n').slice(0, -1)) {
    const block: Block = {}
    for (const line of part.split('\n')) {
      const at = line.indexOf(': ')
      if (at < 1) continue
      const name = line.slice(0, at) as keyof Block
      const value = line.slice(at + 2)
      block[name] = name === 'data' && block.data !== undefined ? `${block.data}\n${value}` : value
    }
    if (Object.keys(block).length > 0) blocks.push(block)
  }
  return blocks
}
