import { createIgniterClient } from '@igniter-js/client'
import { Igniter } from '@igniter-js/core'
import { z } from 'zod'

const igniter = Igniter.context(() => ({})).create()
const posts = igniter.controller({
  path: '/orgs/:org/posts',
  actions: {
    list: igniter.query({ query: z.object({ page: z.number().default(1) }), handler: () => ['a'] }),
    create: igniter.mutation({ body: z.object({ title: z.string() }), handler: ({ request }) => request.body }),
  },
})
const router = igniter.router({ controllers: { posts } })
const api = createIgniterClient<typeof router>()
const params = { org: 'a' }

// ✗ Property 'nothing' does not exist
void api.posts.nothing

// ✗ Property 'mutate' does not exist
void api.posts.list.mutate

// ✗ Expected 1-2 arguments, but got 0
void api.posts.list.query()

// ✗ Property 'org' is missing
void api.posts.list.query({ params: {} })

// ✗ Type 'string' is not assignable to type 'number'
void api.posts.list.query({ params, query: { page: '2' } })

// ✗ 'titel' does not exist in type '{ title: string; }'
void api.posts.create.mutate({ params, body: { titel: 'A' } })

export async function read() {
  const { data, error } = await api.posts.list.query({ params })

  // ✗ 'data' is possibly 'null'
  void data.length

  // ✗ This comparison appears to be unintentional
  if (error?.code === 'NOT_FUOND') return
}
