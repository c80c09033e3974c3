/** What somebody probably meant: the nearest of the names that exist. For messages about names that don't. */

/** The known name that takes the fewest edits, if that is not half of the text. */
export function closest(key: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.ceil(key.length / 2)
  for (const candidate of known) {
    const edits = distance(key, candidate, least)
    if (edits < least) {
      least = edits
      best = candidate
    }
  }
  return best
}

/** Levenshtein's distance, or `bound` as soon as it cannot be less. */
function distance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) >= bound) return bound
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((next[j - 1] as number) + 1, (row[j] as number) + 1, (row[j - 1] as number) + change))
    }
    if (Math.min(...next) >= bound) return bound
    row = next
  }
  return row[b.length] as number
}
