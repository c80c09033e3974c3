/** oRPC: `input`, `output`, plain objects as routers. */
import { clientFile, moduleFiles, moduleImports, moduleNames } from '../fixture.js'

export const files = (app) => ({
  ...moduleFiles(
    app,
    ({ name, actions }) => `import { os } from '@orpc/server'
import { z } from 'zod'
export const ${name} = {
${actions.map((a) => `  ${a.name}: os.input(${a.input}).output(${a.output}).handler(({ input }) => (${a.value})),`).join('\n')}
}
`,
  ),
  'router.ts': `${moduleImports(app)}
export const router = { ${moduleNames(app)} }
export type Router = typeof router
`,
  'client.ts': clientFile(
    app,
    `import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import type { RouterClient } from '@orpc/server'
import type { Router } from './router.js'
const client: RouterClient<Router> = createORPCClient(new RPCLink({ url: 'http://localhost' }))`,
    (a) => `client.${a.module}.${a.name}(${a.argument})`,
  ),
})
