/** No file of the repository names a folder of somebody's machine or the host of a package registry. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './modules.ts'

/** Tracked files, and those that would be: what git ignores is left out. */
const files = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: root,
  encoding: 'utf8',
})
  .stdout.split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)))
  .map((file) => ({ file, bytes: readFileSync(join(root, file)) }))
  // A NUL byte: an image or the like.
  .filter(({ bytes }) => !bytes.includes(0))
  .map(({ file, bytes }) => ({ file, text: bytes.toString('utf8') }))

const found = (pattern: RegExp) =>
  files.flatMap(({ file, text }) => (text.match(pattern) ?? []).map((match) => `${file}: ${match.trim()}`))

test('there are files to look at', () => expect(files.length).toBeGreaterThan(20))

describe('no file holds', () => {
  test('a folder of a machine', () => {
    expect(found(/(?<![\w.~)}*\]-])\/(?:work|tmp|root|home|Users)\/[\w.-]+/g)).toEqual([])
  })

  test('the host of a registry', () => {
    expect(found(/\bregistry\.[a-z0-9-]+\.[a-z]{2,}|\bdeb\.debian\.[a-z]+/gi)).toEqual([])
  })

  test('a download address in a lock file', () => {
    const locks = files.filter(({ file }) => file.endsWith('package-lock.json'))
    expect(locks.length).toBeGreaterThan(0)
    expect(locks.filter(({ text }) => /"resolved": "[a-z+]+:/.test(text)).map(({ file }) => file)).toEqual([])
  })
})
