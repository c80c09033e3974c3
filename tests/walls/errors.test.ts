/** docs/reference/errors.md lists the codes of the table in packages/core/src/error.ts, each with its status. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../../packages/core/src/error.ts'
import { root } from './modules.ts'

test('the page and the table are the same', () => {
  const page = readFileSync(join(root, 'docs', 'reference', 'errors.md'), 'utf8')
  const rows = [...page.matchAll(/^\|\s*`([A-Z_]+)`\s*\|\s*(\d{3})\s*\|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ])
  expect(rows.map(([code]) => code)).toEqual([...new Set(rows.map(([code]) => code))])
  expect(Object.fromEntries(rows)).toEqual(errorCodes)
})
