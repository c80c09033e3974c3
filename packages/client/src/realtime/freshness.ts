/**
 * Fresh, and not twice: which revalidations have been told to the application, so that the event behind its own
 * mutation's answer is not told again, and an answer that was already on its way when something changed is found.
 * realtime.ts asks; positions are cursors of the server's log, empty where unknown.
 */
import { compareCursors, encode, nameOf, type RevalidateKey } from '@igniter-js/core/protocol'

/** `name` is `posts` or `posts.list`; empty is everything. */
type Told = readonly [name: string, cursor: string, turn: number]

const covers = (cursor: string, other: string): boolean => (compareCursors(cursor, other) ?? -1) >= 0

export function createFreshness() {
  /** Keys remembered. Beyond them all are forgotten, which may tell one twice. */
  const limit = 1000
  /** By the whole key. */
  const told = new Map<string, Told>()
  /** Counts what was told, to know whether something was told since. */
  let turn = 0

  /** Everything has changed, or may have, at `cursor`. */
  const forget = (cursor: string): void => {
    told.clear()
    take([''], cursor)
  }

  /** Of the keys that have changed at `cursor`, those to be told now. An empty key is about everything. */
  const take = (keys: readonly RevalidateKey[], cursor: string): RevalidateKey[] => {
    if (told.size > limit) forget(cursor)
    turn++
    return keys.filter((key) => {
      const whole = encode(key)
      return !covers(told.get(whole)?.[1] ?? '', cursor) && told.set(whole, [nameOf(key), cursor, turn])
    })
  }

  /**
   * To be called when data is asked for (`since` -1 is long ago). What it gives tells, when the data has come, whether data
   * of the action `key` that covers `cursor` may miss something that was told meanwhile. Params are not looked at: it is
   * rare, and one fetch too many does no harm.
   */
  const begin =
    (since = turn) =>
    (key: string, cursor: string): boolean =>
      [...told.values()].some(
        ([name, at, when]) => when > since && !covers(cursor, at) && `${key}.`.startsWith(name && `${name}.`),
      )

  return { forget, take, begin }
}
