/** Ours through its fetch door, on srvx: what an edge runtime's way costs on Node. */
import { serve } from 'srvx'
import { address, createRouter } from '../ours-app.js'

export { wire } from '../ours-app.js'
export const start = (port) => {
  const { context, ...where } = address(port)
  const router = createRouter()
  return serve({ ...where, silent: true, fetch: (request) => router.handler(request, { context }) }).ready()
}
