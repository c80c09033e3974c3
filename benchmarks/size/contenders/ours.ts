// Calls, and all that comes with them: rich values, errors, the realtime connection that revalidation needs.
import { createIgniterClient } from '@igniter-js/client'

const api: any = createIgniterClient<any>({ baseURL: 'http://localhost', basePath: '/api/v1' })
console.log(
  await api.users.get.query({ params: { id: '1' } }),
  await api.users.create.mutate({ body: { name: 'Ada' } }),
)
