import { hc } from 'hono/client'

const api: any = hc<any>('/api')
const user = await api.users[':id'].$get({ param: { id: '1' } })
const created = await api.users.$post({ json: { name: 'Ada' } })
console.log(await user.json(), await created.json())
