// A real application also ships its router's schema, which the client reads at run time.
import { createIgniterClient } from 'igniter-published/client'

const actions = {
  get: { path: '/:id', method: 'GET', type: 'query' },
  create: { path: '/', method: 'POST', type: 'mutation' },
}
const router: any = { controllers: { users: { name: 'users', path: '/users', actions } } }
const api: any = createIgniterClient<any>({ baseURL: 'http://localhost', basePATH: '/api/v1', router })
console.log(
  await api.users.get.query({ params: { id: '1' } }),
  await api.users.create.mutate({ body: { name: 'Ada' } }),
)
