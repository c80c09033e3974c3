/** Igniter.js as published (0.3.40). It has no output schema: zod by hand. */
import { clientFile, moduleFiles, moduleImports, moduleNames } from '../fixture.js'

export const files = (app) => ({
  'igniter.ts': `import { Igniter } from 'igniter-published'
export const igniter = Igniter.context(() => ({ database: 'x' })).create()
`,
  ...moduleFiles(
    app,
    ({ name, actions }) => `import { z } from 'zod'
import { igniter } from './igniter.js'
export const ${name} = igniter.controller({
  name: '${name}',
  path: '/${name}',
  actions: {
${actions
  .map(
    (a) => `    ${a.name}: igniter.mutation({
      path: '/${a.name}',
      method: 'POST',
      body: ${a.input},
      handler: ({ request, response }) => {
        const input = request.body
        return response.success(${a.output}.parse(${a.value}))
      },
    }),`,
  )
  .join('\n')}
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
    `import { createIgniterClient } from 'igniter-published/client'
import type { Router } from './router.js'
declare const router: Router
const client = createIgniterClient<Router>({ baseURL: 'http://localhost', basePATH: '/api/v1', router })`,
    (a) =>
      `client.${a.module}.${a.name}.mutate({ body: ${a.argument} }).then((r) => { if (!r.data) throw r.error; return r.data })`,
  ),
})
