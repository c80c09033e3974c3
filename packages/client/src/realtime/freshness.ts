/**
 * Fresh, and not twice: which revalidations have been told to the application, so that the event behind its own
 * mutation's answer is not told again, and an answer that was already on its way when something changed is found.
 * realtime.ts asks; positions are cursors of the server's log, empty where unknown.
 */
import { compareCursors, encode, keyMatches, type RevalidateKey } from '@igniter-js/core/protocol'
import type { QueryId } from '../call.js'

interface Told {
  /** null is everything. */
  readonly key: RevalidateKey | null
  readonly cursor: string
  readonly turn: number
}

/** Keys remembered. Who forgets one tells it twice at worst. */
const limit = 1000

const covers = (cursor: string, other: string): boolean => (compareCursors(cursor, other) ?? -1) >= 0

export function createFreshness() {
  const told = new Map<string, Told>()
  /** Counts what was told, to know whether something was told since. */
  let turn = 0
  let floor: Told = { key: null, cursor: '', turn: -1 }
  const raise = (cursor: string): void => {
    floor = { key: null, cursor, turn: ++turn }
  }

  return {
    get turn(): number {
      return turn
    },

    /** Of the keys that have changed at `cursor`, those to be told now. */
    take(keys: readonly RevalidateKey[], cursor: string): RevalidateKey[] {
      turn++
      return keys.filter((key) => {
        const name = encode(key)
        const last = told.get(name)
        if (last && covers(last.cursor, cursor)) return false
        told.delete(name)
        told.set(name, { key, cursor, turn })
        const [oldest] = told
        if (oldest && told.size > limit) {
          told.delete(oldest[0])
          floor = { key: null, cursor: oldest[1].cursor, turn: oldest[1].turn }
        }
        return true
      })
    },

    /** What changed before `cursor` was not heard: data from before it may be stale. */
    raise,

    /** Everything was told at `cursor`. */
    forget(cursor: string): void {
      told.clear()
      raise(cursor)
    },

    /** Whether data that covers `cursor`, asked for in turn `begun` (-1 is long ago), misses something that was told. */
    isStale({ key, ...input }: QueryId, cursor: string, begun: number): boolean {
      const [controller = '', action = ''] = key.split('.')
      return [floor, ...told.values()].some(
        (change) =>
          change.turn > begun &&
          !covers(cursor, change.cursor) &&
          (change.key === null || keyMatches(change.key, controller, action, input)),
      )
    },
  }
}

export type Freshness = ReturnType<typeof createFreshness>
