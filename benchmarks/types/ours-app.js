/** An application of Igniter.js as the type-checker sees it. The contenders `ours*` differ in how actions are written. */
import { clientFile, moduleFiles, moduleImports, moduleNames } from './fixture.js'

/** The server's files and the client's; `declare(action)` gives the source text of one action. */
export const ourFiles = (app, declare) => ({
  'igniter.ts': `import { Igniter } from '@igniter-js/core'
export interface AppContext { database: { find(id: string): string } }
export const igniter = Igniter.context<AppContext>().create()
`,
  ...moduleFiles(
    app,
    ({ name, actions }) => `import { z } from 'zod'
import { igniter } from './igniter.js'
export const ${name} = igniter.controller({
  path: '/${name}',
  actions: {
${actions.map((action) => `    ${action.name}: ${declare(action)},`).join('\n')}
  },
})
`,
  ),
  'router.ts': `import { igniter } from './igniter.js'
${moduleImports(app)}
export const router = igniter.router({ controllers: { ${moduleNames(app)} } })
export type Router = typeof router
`,
  'client.ts': clientFile(
    app,
    `import { createIgniterClient } from '@igniter-js/client'
import type { Router } from './router.js'
const client = createIgniterClient<Router>({ baseURL: 'http://localhost', basePath: '/api/v1' })`,
    (a) =>
      `client.${a.module}.${a.name}.mutate({ body: ${a.argument} }).then((r) => { if (r.error) throw r.error; return r.data })`,
  ),
})
