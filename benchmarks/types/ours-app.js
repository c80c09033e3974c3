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

/** What else an application exports and its declarations must be able to name; compiled with them, not measured. */
export const declared = {
  'exported.ts': `import { z } from 'zod'
import { igniter } from './igniter.js'

export const session = igniter.procedure({
  handler: async (options: { required: boolean }, { request, response }) => {
    const id = request.cookies.get('session')
    if (!id && options.required) return response.unauthorized()
    return { user: { id: id ?? 'anonymous' } }
  },
})

export const list = igniter.query({
  path: '/items/:id',
  use: [session({ required: true })],
  query: z.object({ page: z.number().default(1) }),
  handler: ({ request, context, response }) => {
    if (request.query.page > 9) return response.notFound()
    if (request.query.page > 8) return response.error({ code: 'TOO_FAR', message: 'No such page.' })
    return response.success({ id: request.params.id, by: context.user.id, at: new Date() }).revalidate(['items'])
  },
})

export const feed = igniter.query({
  stream: true,
  events: { added: z.object({ id: z.string() }), removed: z.string() },
  handler: async ({ response }) => response.stream(),
})

export const ticks = igniter.query({
  stream: true,
  handler: async function* () {
    yield { event: 'tick', data: 1 }
  },
})

export const items = igniter.controller({ path: '/items', use: [session({ required: false })], actions: { list, feed, ticks } })
export const itemsRouter = igniter.router({ controllers: { items } })
export const caller = itemsRouter.caller({ context: { database: { find: (id) => id } } })
`,
}
