/**
 * What one more action costs the type checker, in instantiations: a figure that is the same on every machine, and that
 * a harmless looking change of a declaration's types can double. The benchmark of types compares it with other libraries.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compilers, countInstantiations, here } from './compilers.ts'

const folder = join(here, '.budget')

const input = (index: number) => `z.object({ id: z.string(), n${index}: z.number(), tag: z.string().optional() })`
const output = (index: number) => `z.object({ id: z.string(), n${index}: z.number(), ok: z.boolean() })`
const value = (index: number) => `{ id: input.id, n${index}: input.n${index}, ok: true }`

const answered = (index: number) => `igniter.mutation({
  path: '/a${index}',
  body: ${input(index)},
  handler: ({ request: { body: input }, response }) => response.success(${output(index)}.parse(${value(index)})),
})`
const declared = (index: number) => `igniter.mutation({
  path: '/a${index}',
  body: ${input(index)},
  output: ${output(index)},
  handler: ({ request: { body: input } }) => (${value(index)}),
})`

function measure(count: number, action: (index: number) => string): number {
  const actions = Array.from({ length: count }, (_, index) => `a${index}: ${action(index)},`)
  const text = `import { Igniter } from '@igniter-js/core'
import { z } from 'zod'
const igniter = Igniter.context<{ database: string }>().create()
const all = igniter.controller({ path: '/', actions: { ${actions.join('\n')} } })
export const router = igniter.router({ controllers: { all } })
`
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'es2022',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: ['node'],
    typeRoots: ['../../../node_modules/@types'],
  }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'router.ts'), text)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  return countInstantiations(compilers[0], folder)
}

test.each([
  // More than half of each is the schema library's own.
  ['an answer made by `response`', answered, 690],
  ['an `output` schema', declared, 870],
])('an action with %s', (_, action, most) => {
  const perAction = (measure(60, action) - measure(20, action)) / 40
  expect(perAction).toBeGreaterThan(100)
  expect(perAction).toBeLessThanOrEqual(most)
})
