/** Ours, the answer made by the response builder from what a schema parsed: the same text as for the published one. */
import { ourFiles } from '../ours-app.js'

export { declared } from '../ours-app.js'

export const files = (app) =>
  ourFiles(
    app,
    (a) => `igniter.mutation({
      path: '/${a.name}',
      body: ${a.input},
      handler: ({ request, response }) => {
        const input = request.body
        return response.success(${a.output}.parse(${a.value}))
      },
    })`,
  )
