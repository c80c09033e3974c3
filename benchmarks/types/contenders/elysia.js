/** Elysia with Eden's treaty: body and response schemas, plugins chained. */
import { clientFile, moduleFiles, moduleImports } from '../fixture.js'

export const files = (app) => ({
  ...moduleFiles(
    app,
    ({ name, actions }) => `import { Elysia } from 'elysia'
import { z } from 'zod'
export const ${name} = new Elysia({ prefix: '/${name}' })
${actions
  .map((a) => `  .post('/${a.name}', ({ body: input }) => (${a.value}), { body: ${a.input}, response: ${a.output} })`)
  .join('\n')}
`,
  ),
  'router.ts': `import { Elysia } from 'elysia'
${moduleImports(app)}
export const router = new Elysia()${app.modules.map(({ name }) => `.use(${name})`).join('')}
export type Router = typeof router
`,
  'client.ts': clientFile(
    app,
    `import { treaty } from '@elysiajs/eden'
import type { Router } from './router.js'
const client = treaty<Router>('http://localhost')`,
    (a) =>
      `client.${a.module}.${a.name}.post(${a.argument}).then((r) => { if (r.error) throw r.error; return r.data })`,
  ),
})
