/** tRPC on its standalone Node server; it has addresses and envelopes of its own. */
import { initTRPC } from '@trpc/server'
import { createHTTPServer } from '@trpc/server/adapters/standalone'
import { z } from 'zod'
import { createUser, getUser, NewUser, ping } from '../work.js'

const { procedure, router } = initTRPC.create()
const UserQuery = z.object({ id: z.string(), verbose: z.boolean() })
const app = router({
  ping: procedure.query(() => ping()),
  getUser: procedure.input(UserQuery).query(({ input }) => getUser(input.id, input.verbose)),
  createUser: procedure.input(NewUser).mutation(({ input }) => createUser(input)),
})

export const wire = {
  get: { path: `/getUser?input=${encodeURIComponent('{"id":"42","verbose":true}')}` },
  post: { path: '/createUser', status: 200 },
  data: ['result', 'data'],
}

export const start = (port) =>
  new Promise((ready) => createHTTPServer({ router: app }).listen(port, '127.0.0.1', ready))
