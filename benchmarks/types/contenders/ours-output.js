/** Ours with an `output` schema, which the handler's plain value must fit: what tRPC and oRPC are measured with. */
import { ourFiles } from '../ours-app.js'

export const files = (app) =>
  ourFiles(
    app,
    (a) => `igniter.mutation({
      path: '/${a.name}',
      body: ${a.input},
      output: ${a.output},
      handler: ({ request: { body: input } }) => (${a.value}),
    })`,
  )
