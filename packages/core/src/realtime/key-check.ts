/**
 * Revalidation keys, held against the actions that exist: a key that is nothing at all is refused, one that no action
 * answers to is warned about in development, with the closest that does. Asked by everything that revalidates.
 */
import { closest } from '../closest.js'
import { IgniterError } from '../error.js'
import type { Logger } from '../logger.js'
import type { RevalidateKey } from '../protocol.js'

export interface KeyCheck {
  /** Gives `keys` back. Throws BAD_REQUEST for what is no list of keys; `by` names who revalidates, for the warning. */
  check(keys: unknown, by: string): readonly RevalidateKey[]
}

/**
 * @param known Controllers and actions: `posts`, `posts.list`, …
 * @param isDevelopment Whether unknown keys are worth a warning, once for each.
 */
export function createKeyCheck(known: ReadonlySet<string>, logger: Logger, isDevelopment: boolean): KeyCheck {
  const warned = new Set<string>()
  const warn = (key: string, by: string): void => {
    if (known.has(key) || warned.has(key) || warned.size >= 1000) return
    warned.add(key)
    const nearest = closest(key, known)
    const hint = nearest === undefined ? '' : ` Did you mean ${JSON.stringify(nearest)}?`
    logger.warn(`${by} revalidates ${JSON.stringify(key)}, which is no action of this router.${hint}`)
  }
  return {
    check(keys, by) {
      if (!Array.isArray(keys)) throw invalid(by, 'the keys are no list')
      for (const key of keys as unknown[]) {
        const text = typeof key === 'object' && key !== null ? (key as { key?: unknown }).key : key
        if (typeof text !== 'string' || text === '') throw invalid(by, 'one of the keys is no text')
        if (isDevelopment) warn(text, by)
      }
      return keys as readonly RevalidateKey[]
    },
  }
}

const invalid = (by: string, what: string): IgniterError =>
  new IgniterError({
    code: 'INTERNAL_SERVER_ERROR',
    message: `${by}: revalidate: ${what}. Give a list like ['posts.list'] or [{ key: 'posts.get', params: { id } }].`,
  })
