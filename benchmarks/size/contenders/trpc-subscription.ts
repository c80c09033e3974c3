import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client'

const link = splitLink({
  condition: ({ type }) => type === 'subscription',
  true: httpSubscriptionLink({ url: '/api' }),
  false: httpBatchLink({ url: '/api' }),
})
const api: any = createTRPCClient<any>({ links: [link] })
api.news.subscribe(undefined, { onData: console.log })
console.log(await api.users.get.query({ id: '1' }), await api.users.create.mutate({ name: 'Ada' }))
