import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'

const api: any = createORPCClient(new RPCLink({ url: '/api' }))
console.log(await api.users.get({ id: '1' }), await api.users.create({ name: 'Ada' }))
