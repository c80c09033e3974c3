/**
 * Names of options, checked where an application declares something: a guard under a misspelt name must not be a guard
 * that is missing. TypeScript says the same to those who use it.
 */
import { closest } from './closest.js'
import { definitionError } from './error.js'

/** Throws INVALID_DEFINITION when `given` has a key that is none of `known`, naming the closest. `where` names what was declared. */
export function checkOptions(where: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const meant = closest(key, known)
    const hint = meant === undefined ? '' : `Did you mean ${JSON.stringify(meant)}? `
    throw definitionError(
      where,
      `there is no option ${JSON.stringify(key)}.`,
      `${hint}Options are ${known.join(', ')}.`,
    )
  }
}
