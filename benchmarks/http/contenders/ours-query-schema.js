/** Ours with a schema for the query string too, as we advise; of the peers only oRPC and tRPC have one here. */
import { serve } from '@igniter-js/core/node'
import { address, createRouter, UserQuery } from '../ours-app.js'

export { wire } from '../ours-app.js'
export const start = (port) => serve(createRouter({ query: UserQuery }), address(port))
