/** Elysia through its Node adapter (it is made for Bun). */
import { node } from '@elysiajs/node'
import { Elysia } from 'elysia'
import { createUser, getUser, NewUser, ping } from '../work.js'

const app = new Elysia({ adapter: node() })
  .get('/ping', () => ping())
  .get('/users/:id', ({ params, query }) => getUser(params.id, query.verbose))
  .post(
    '/users',
    ({ body, set }) => {
      set.status = 201
      return createUser(body)
    },
    { body: NewUser },
  )

export const start = (port) => new Promise((ready) => app.listen({ port, hostname: '127.0.0.1' }, () => ready()))
