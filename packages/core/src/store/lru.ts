/**
 * A map that holds at most so many entries and forgets the least recently used one first. Serves `MemoryStore`.
 * The order is a linked list of its own: the order of a Map would need a delete for each read, whose holes make finding
 * the oldest slow.
 */

interface Node<Value> {
  readonly key: string
  value: Value
  older: Node<Value>
  newer: Node<Value>
}

export class Lru<Value> {
  readonly #nodes = new Map<string, Node<Value>>()
  /** Closes the ring: newer than the newest, older than the oldest. */
  readonly #end: Node<Value>

  constructor(readonly limit: number) {
    const end = { key: '', value: undefined } as unknown as Node<Value>
    end.older = end.newer = end
    this.#end = end
  }

  get size(): number {
    return this.#nodes.size
  }

  /** The value, which counts as a use. */
  get(key: string): Value | undefined {
    const node = this.#nodes.get(key)
    if (node === undefined) return undefined
    if (node.newer !== this.#end) {
      unlink(node)
      this.#append(node)
    }
    return node.value
  }

  /** The value, without using it. */
  peek(key: string): Value | undefined {
    return this.#nodes.get(key)?.value
  }

  /** Stores the value as the most recently used; gives the value that had to go for it, replaced or forgotten. */
  set(key: string, value: Value): Value | undefined {
    const node = this.#nodes.get(key)
    if (node !== undefined) {
      const old = this.get(key)
      node.value = value
      return old
    }
    const added: Node<Value> = { key, value, older: this.#end, newer: this.#end }
    this.#nodes.set(key, added)
    this.#append(added)
    return this.#nodes.size > this.limit ? this.delete(this.#end.newer.key) : undefined
  }

  /** Forgets the key; gives its value if there was one. */
  delete(key: string): Value | undefined {
    const node = this.#nodes.get(key)
    if (node === undefined) return undefined
    this.#nodes.delete(key)
    unlink(node)
    return node.value
  }

  clear(): void {
    this.#nodes.clear()
    this.#end.older = this.#end.newer = this.#end
  }

  /** The keys, in no particular order; keys may come and go during the walk. */
  keys(): IterableIterator<string> {
    return this.#nodes.keys()
  }

  #append(node: Node<Value>): void {
    const end = this.#end
    node.newer = end
    node.older = end.older
    end.older.newer = node
    end.older = node
  }
}

function unlink<Value>(node: Node<Value>): void {
  node.older.newer = node.newer
  node.newer.older = node.older
}
