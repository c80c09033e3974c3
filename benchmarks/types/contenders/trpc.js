/** tRPC: `input`, `output`, a router of routers. */
import { clientFile, moduleFiles, moduleImports, moduleNames } from '../fixture.js'

export const files = (app) => ({
  'trpc.ts': `import { initTRPC } from '@trpc/server'
export const t = initTRPC.create()
`,
  ...moduleFiles(
    app,
    ({ name, actions }) => `import { z } from 'zod'
import { t } from './trpc.js'
export const ${name} = t.router({
${actions
  .map(
    (a) =>
      `  ${a.name}: t.procedure.input(${a.input}).output(${a.output}).${a.isQuery ? 'query' : 'mutation'}(({ input }) => (${a.value})),`,
  )
  .join('\n')}
})
`,
  ),
  'router.ts': `import { t } from './trpc.js'
${moduleImports(app)}
export const router = t.router({ ${moduleNames(app)} })
export type Router = typeof router
`,
  'client.ts': clientFile(
    app,
    `import { createTRPCClient, httpLink } from '@trpc/client'
import type { Router } from './router.js'
const client = createTRPCClient<Router>({ links: [httpLink({ url: 'http://localhost' })] })`,
    (a) => `client.${a.module}.${a.name}.${a.isQuery ? 'query' : 'mutate'}(${a.argument})`,
  ),
})
