import { expect, test } from 'vitest'
import { Later } from './later.js'

test('who waits is told in the same turn, in order', () => {
  const later = new Later<number>()
  const heard: string[] = []
  later.then((value) => heard.push(`first ${value}`))
  later.then((value) => value + 1).then((value) => heard.push(`then ${value}`))
  later.resolve(1)
  later.resolve(2)
  later.then((value) => heard.push(`late ${value}`))
  expect(heard).toEqual(['first 1', 'then 2', 'late 1'])
})

test('it can be awaited, and adopts promises', async () => {
  const later = new Later<number>()
  const doubled = later.then((value) => Promise.resolve(value * 2))
  later.resolve(21)
  await expect(doubled).resolves.toBe(42)
})

test('errors go to the first who takes them', async () => {
  const later = new Later<number>()
  const mended = later.then((value) => value).then(undefined, (error) => String(error))
  const thrown = later.then(undefined, () => {
    throw new Error('again')
  })
  later.reject(new Error('lost'))
  expect(await mended).toBe('Error: lost')
  await expect(thrown).rejects.toThrow('again')
})
