/** Hono with its RPC client: each route adds to the type of the one before. It has no output schema: zod by hand. */
import { clientFile, moduleFiles, moduleImports } from '../fixture.js'

export const files = (app) => ({
  ...moduleFiles(
    app,
    ({ name, actions }) => `import { zValidator } from '@hono/zod-validator'
import { Hono } from 'hono'
import { z } from 'zod'
export const ${name} = new Hono()
${actions
  .map(
    (a) => `  .post('/${a.name}', zValidator('json', ${a.input}), (c) => {
    const input = c.req.valid('json')
    return c.json(${a.output}.parse(${a.value}), 200)
  })`,
  )
  .join('\n')}
`,
  ),
  'router.ts': `import { Hono } from 'hono'
${moduleImports(app)}
export const router = new Hono()${app.modules.map(({ name }) => `.route('/${name}', ${name})`).join('')}
export type Router = typeof router
`,
  'client.ts': clientFile(
    app,
    `import { hc } from 'hono/client'
import type { Router } from './router.js'
const client = hc<Router>('http://localhost')`,
    (a) =>
      `client.${a.module}.${a.name}.$post({ json: ${a.argument} }).then((r) => { if (r.status !== 200) throw r; return r.json() })`,
  ),
})
