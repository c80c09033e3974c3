import { createTRPCClient, httpBatchLink } from '@trpc/client'

const api: any = createTRPCClient<any>({ links: [httpBatchLink({ url: '/api' })] })
console.log(await api.users.get.query({ id: '1' }), await api.users.create.mutate({ name: 'Ada' }))
