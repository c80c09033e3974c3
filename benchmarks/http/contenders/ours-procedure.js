/** Ours with one procedure on the controller that reads a header and adds to the context. */
import { serve } from '@igniter-js/core/node'
import { address, createRouter } from '../ours-app.js'

const use = (igniter) => {
  const caller = igniter.procedure({
    name: 'caller',
    handler: (_options, { request }) => ({ agent: request.headers.get('user-agent') }),
  })
  return [caller()]
}

export { wire } from '../ours-app.js'
export const start = (port) => serve(createRouter({ use }), address(port))
