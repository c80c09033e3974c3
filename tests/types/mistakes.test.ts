/**
 * What compilers say of mistakes: in `mistakes/`, each comment `✗ words ✗ other words` stands above code that must not
 * compile, with a message that holds one of the words, and nothing else there may fail.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compile, compilers, here, type Complaint } from './compilers.ts'

interface Mistake {
  readonly file: string
  /** Of the comment. */
  readonly line: number
  /** The last of its code: the one before the next empty line at its level. */
  readonly end: number
  readonly words: readonly string[]
}

const folder = join(here, 'mistakes')

const mistakes: Mistake[] = globSync('*.ts', { cwd: folder }).flatMap((file) => {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n')
  return lines.flatMap((text, index) => {
    const [, said] = /^\s*\/\/ ✗ (.+)$/.exec(text) ?? []
    if (said === undefined) return []
    const next = lines.indexOf('', index)
    return { file, line: index + 1, end: next === -1 ? lines.length : next, words: said.split(' ✗ ') }
  })
})

const isOf = (mistake: Mistake) => (complaint: Complaint) =>
  complaint.file === mistake.file && complaint.line > mistake.line && complaint.line <= mistake.end

describe.each(compilers)('TypeScript $version', (compiler) => {
  const complaints = compile(compiler, folder)

  test.each(mistakes)('$file:$line says $words', (mistake) => {
    const said = complaints.filter(isOf(mistake)).map(({ text }) => text)
    expect(said).toHaveLength(1)
    expect(
      mistake.words.some((words) => said[0]!.includes(words)),
      said[0],
    ).toBe(true)
  })

  test('nothing else fails', () => {
    expect(complaints.filter((complaint) => !mistakes.some((mistake) => isOf(mistake)(complaint)))).toEqual([])
  })
})
