/** Igniter.js as published (0.3.40), its fetch handler over srvx: the fastest way to serve it on Node. */
import { Igniter } from 'igniter-published'
import { serve } from 'srvx'
import { z } from 'zod'
import { createUser, getUser, NewUser, ping } from '../work.js'

const igniter = Igniter.context(() => ({})).create()
const users = igniter.controller({
  name: 'users',
  path: '/',
  actions: {
    ping: igniter.query({ path: '/ping', handler: ({ response }) => response.success(ping()) }),
    get: igniter.query({
      path: '/users/:id',
      query: z.object({ verbose: z.string().optional() }),
      handler: ({ request, response }) => response.success(getUser(request.params.id, request.query.verbose)),
    }),
    create: igniter.mutation({
      path: '/users',
      method: 'POST',
      body: NewUser,
      handler: ({ request, response }) => response.created(createUser(request.body)),
    }),
  },
})
const router = igniter.router({
  baseURL: 'http://127.0.0.1',
  basePATH: '/api/v1',
  context: () => ({}),
  controllers: { users },
})

export const wire = {
  ping: { path: '/api/v1/ping' },
  get: { path: '/api/v1/users/42?verbose=1' },
  post: { path: '/api/v1/users' },
  data: ['data'],
}

export const start = (port) =>
  serve({ port, hostname: '127.0.0.1', silent: true, fetch: (request) => router.handler(request) }).ready()
