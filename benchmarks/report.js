/** What a benchmark leaves behind: a table on the terminal, the same as markdown, and every sample as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where results are written; not part of the repository. */
export const resultsFolder = fileURLToPath(new URL('results/', import.meta.url))

/** The middle of some numbers; the mean of the two middle ones if there are two; NaN of none. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Distance between the quartiles: how far apart the middle half of some numbers is. */
export function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (part) => sorted[Math.round((sorted.length - 1) * part)]
  return at(0.75) - at(0.25)
}

/** A number with `digits` after the point, or a dash where there is none. */
export const fixed = (number, digits = 0) => (Number.isFinite(number) ? number.toFixed(digits) : '–')

/** A markdown table. The first column is text, the others are numbers. */
export function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  const pad = (text, column) => (column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]))
  const line = (row) => `| ${row.map(pad).join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(cells[0]), `| ${rule.join(' | ')} |`, ...cells.slice(1).map(line)].join('\n')
}

/** Prints a benchmark's text and writes it and its samples to `results/<name>.md` and `.json`. */
export function publish(name, text, samples) {
  console.log(`\n${text}\n`)
  mkdirSync(resultsFolder, { recursive: true })
  writeFileSync(join(resultsFolder, `${name}.md`), `${text}\n`)
  writeFileSync(join(resultsFolder, `${name}.json`), `${JSON.stringify({ when: new Date(), ...samples }, null, 1)}\n`)
}
