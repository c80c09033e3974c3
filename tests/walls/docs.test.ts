/**
 * Every code block of the docs that is marked `ts` or `tsx` compiles against the built packages, as a reader's would.
 * A block that begins with `// file: name.ts` is that file, and the other blocks of its page can import it.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { root } from './modules.ts'

interface Block {
  readonly page: string
  /** The line of the page on which the code begins, from 1. */
  readonly line: number
  readonly info: string
  readonly code: string
}

/** The fenced blocks of a page (CommonMark §4.5), those in lists and quotes included. */
function blocks(page: string): Block[] {
  const found: Block[] = []
  const lines = readFileSync(join(root, page), 'utf8').split('\n')
  for (let i = 0; i < lines.length; i++) {
    const open = /^([\s>]*)(`{3,}|~{3,})\s*(.*)$/.exec(lines[i] ?? '')
    if (!open) continue
    const [, prefix = '', fence = '', info = ''] = open
    const line = i + 2
    const code: string[] = []
    for (i++; i < lines.length && !(lines[i] ?? '').slice(prefix.length).startsWith(fence); i++) {
      code.push((lines[i] ?? '').slice(prefix.length))
    }
    found.push({ page, line, info: info.trim(), code: code.join('\n') })
  }
  return found
}

const pages = globSync(['*.md', '{docs,packages/*,examples/*}/**/*.md'], {
  cwd: root,
  exclude: (path) => path.endsWith('node_modules') || path.endsWith('dist'),
}).sort()
const folder = join(root, 'tests', 'walls', '.blocks')

const isCode = ({ info }: Block) => /^(ts|tsx|typescript|mts|cts)\b/.test(info)

/** Where a block is written: a folder for each page, the block's own name or one made of its line. */
const fileOf = ({ page, line, info, code }: Block) =>
  join(page.replace(/\W+/g, '-'), /^\/\/ file: (\S+)/.exec(code)?.[1] ?? `line-${line}.${info}`)

const program = pages.flatMap(blocks).filter(isCode)
let errors: string[] = []

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  for (const block of program) {
    const file = join(folder, fileOf(block))
    mkdirSync(dirname(file), { recursive: true })
    // Blank lines first, so that the compiler's line numbers are the page's.
    writeFileSync(file, `${'\n'.repeat(block.line - 1)}${block.code}\n`)
  }
  const compilerOptions = {
    composite: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    jsx: 'react-jsx',
    moduleDetection: 'force',
  }
  mkdirSync(folder, { recursive: true })
  const project = { extends: '../../../tsconfig.base.json', compilerOptions, include: ['**/*.ts', '**/*.tsx'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const { stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' })
  errors = stdout.split('\n').filter((line) => line !== '')
})

test('there is a README', () => expect(pages).toContain('README.md'))

describe.each(pages)('%s', (page) => {
  const own = program.filter((block) => block.page === page)

  test('marks its TypeScript as ts or tsx and nothing more', () => {
    const marks = own.map(({ info, line }) => `${info} (line ${line})`)
    expect(marks.filter((mark) => !/^tsx? \(/.test(mark))).toEqual([])
  })

  test('gives each of its files one block', () => {
    const files = own.map(fileOf)
    expect(files.filter((file, index) => files.indexOf(file) !== index)).toEqual([])
  })

  test('has code that compiles', () => {
    const start = `${page.replace(/\W+/g, '-')}/`
    expect(errors.filter((line) => line.startsWith(start)).map((line) => line.replace(start, `${page}: `))).toEqual([])
  })
})

test('the compiler reports nothing that belongs to no page', () => {
  const starts = pages.map((page) => `${page.replace(/\W+/g, '-')}/`)
  expect(errors.filter((line) => /^\S/.test(line) && !starts.some((start) => line.startsWith(start)))).toEqual([])
})
