/** Fastify with zod through its type provider. */
import Fastify from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import { createUser, getUser, NewUser, ping } from '../work.js'

const app = Fastify()
app.setValidatorCompiler(validatorCompiler)
app.get('/ping', async () => ping())
app.get('/users/:id', async (request) => getUser(request.params.id, request.query.verbose))
app.post('/users', { schema: { body: NewUser } }, async (request, reply) => {
  reply.code(201)
  return createUser(request.body)
})

export const start = (port) => app.listen({ port, host: '127.0.0.1' })
