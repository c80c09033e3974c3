/** h3 v2 on srvx. */
import { getQuery, H3, readValidatedBody, serve } from 'h3'
import { createUser, getUser, NewUser, ping } from '../work.js'

const app = new H3()
  .get('/ping', () => ping())
  .get('/users/:id', (event) => getUser(event.context.params.id, getQuery(event).verbose))
  .post('/users', async (event) => {
    const user = createUser(await readValidatedBody(event, NewUser))
    event.res.status = 201
    return user
  })

export const start = (port) => serve(app, { port, hostname: '127.0.0.1', silent: true }).ready()
