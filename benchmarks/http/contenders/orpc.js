/** oRPC's OpenAPI handler: the same REST addresses, one schema for params, query and body. */
import { createServer } from 'node:http'
import { OpenAPIHandler } from '@orpc/openapi/node'
import { os } from '@orpc/server'
import { z } from 'zod'
import { createUser, getUser, NewUser, ping } from '../work.js'

const UserQuery = z.object({ id: z.string(), verbose: z.string().optional() })
const handler = new OpenAPIHandler({
  ping: os.route({ method: 'GET', path: '/ping' }).handler(() => ping()),
  get: os
    .route({ method: 'GET', path: '/users/{id}' })
    .input(UserQuery)
    .handler(({ input }) => getUser(input.id, input.verbose)),
  create: os
    .route({ method: 'POST', path: '/users', successStatus: 201 })
    .input(NewUser)
    .handler(({ input }) => createUser(input)),
})

async function answer(req, res) {
  const { matched } = await handler.handle(req, res, {})
  if (matched) return
  res.statusCode = 404
  res.end()
}
const server = createServer((req, res) => void answer(req, res))

export const start = (port) => new Promise((ready) => server.listen(port, '127.0.0.1', ready))
