/** The three actions as a user of Igniter.js writes them. The contenders `ours*` serve them, each in a way of its own. */
import { Igniter } from '@igniter-js/core'
import { z } from 'zod'
import { createUser, getUser, NewUser, ping } from './work.js'

/** The same work in an async function, as a handler that reads a database has it. */
const later = (handler) => async (input) => handler(input)

/**
 * A router of the three actions.
 *
 * @param {object} [variant] `query`: a schema for the query string. `isAsync`: handlers are async functions.
 *   `use`: makes procedures for the controller from the `igniter` it is given.
 */
export function createRouter({ query, isAsync = false, use = () => [] } = {}) {
  const igniter = Igniter.context().config({ basePath: '/api/v1' }).create()
  const handler = isAsync ? later : (fn) => fn
  const users = igniter.controller({
    path: '/',
    use: use(igniter),
    actions: {
      ping: igniter.query({ path: '/ping', handler: handler(({ response }) => response.success(ping())) }),
      get: igniter.query({
        path: '/users/:id',
        ...(query && { query }),
        handler: handler(({ request, response }) =>
          response.success(getUser(request.params.id, request.query.verbose)),
        ),
      }),
      create: igniter.mutation({
        path: '/users',
        body: NewUser,
        handler: handler(({ request, response }) => response.created(createUser(request.body))),
      }),
    },
  })
  return igniter.router({ controllers: { users } })
}

export const UserQuery = z.object({ verbose: z.string().optional() })

export const wire = {
  ping: { path: '/api/v1/ping' },
  get: { path: '/api/v1/users/42?verbose=1' },
  post: { path: '/api/v1/users' },
  data: ['data'],
}

export const address = (port) => ({ port, hostname: '127.0.0.1', context: {} })
