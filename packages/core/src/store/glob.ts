/**
 * Globs of two wildcards: `*` is any text, `?` one character, `\` makes the next character plain. No regular
 * expression is made from a pattern; matching takes at most (length of the text) × (length of the pattern) steps.
 */

const anyText = Symbol('*')
const anyCharacter = Symbol('?')

/** A test for texts that match the whole of `pattern`. Case matters; a `\` at the end stands for itself. */
export function toMatcher(pattern: string): (text: string) => boolean {
  const parts = parse(pattern)
  if (parts.length === 1 && parts[0] === anyText) return () => true
  if (!parts.some((part) => typeof part === 'symbol')) {
    const plain = parts.join('')
    return (text) => text === plain
  }
  return (text) => matches(parts, Array.from(text))
}

type Part = string | typeof anyText | typeof anyCharacter

function parse(pattern: string): Part[] {
  const characters = Array.from(pattern)
  const parts: Part[] = []
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!
    if (character === '*') {
      if (parts.at(-1) !== anyText) parts.push(anyText)
    } else if (character === '?') parts.push(anyCharacter)
    else if (character === '\\' && at + 1 < characters.length) parts.push(characters[++at]!)
    else parts.push(character)
  }
  return parts
}

/** Going back to the last `*` is enough: whatever an earlier one could take, the last one can take as well. */
function matches(parts: readonly Part[], text: readonly string[]): boolean {
  let part = 0
  let star = -1
  let resume = 0
  for (let at = 0; at < text.length; ) {
    if (parts[part] === anyText) {
      star = part++
      resume = at
    } else if (parts[part] === anyCharacter || parts[part] === text[at]) {
      part++
      at++
    } else if (star !== -1) {
      part = star + 1
      at = ++resume
    } else return false
  }
  if (parts[part] === anyText) part++
  return part === parts.length
}
