/** Sets under keys. The hub finds connections in it by scope, channel, identity and address; keys may hold any character. */
export class Multimap<Key, Value> {
  readonly #sets = new Map<Key, Set<Value>>()

  add(key: Key, value: Value): void {
    const set = this.#sets.get(key)
    if (set === undefined) this.#sets.set(key, new Set([value]))
    else set.add(value)
  }

  /** Removes the value; a key without values is forgotten. */
  delete(key: Key, value: Value): void {
    const set = this.#sets.get(key)
    if (set?.delete(value) && set.size === 0) this.#sets.delete(key)
  }

  get(key: Key): ReadonlySet<Value> | undefined {
    return this.#sets.get(key)
  }

  count(key: Key): number {
    return this.#sets.get(key)?.size ?? 0
  }

  /** Keys that have values. */
  get size(): number {
    return this.#sets.size
  }
}
