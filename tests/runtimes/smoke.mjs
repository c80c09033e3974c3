/**
 * The built packages at work on whatever runtime runs this file: the fetch handler, the Node door over a socket, and
 * the client with its realtime connection. Prints one line and exits 0, or fails with what differed.
 */
import assert from 'node:assert/strict'
import { Igniter } from '@igniter-js/core'
import { serve } from '@igniter-js/core/node'
import { createIgniterClient } from '@igniter-js/client'
import { z } from 'zod'

const igniter = Igniter.context().config({ basePath: '/api/v1' }).create()
const titles = ['first']
const router = igniter.router({
  controllers: {
    posts: igniter.controller({
      path: '/posts',
      actions: {
        list: igniter.query({
          path: '/',
          query: z.object({ page: z.number().optional() }),
          handler: ({ request, response }) =>
            response.success({ titles, page: request.query.page ?? 1, at: new Date(0) }),
        }),
        create: igniter.mutation({
          path: '/',
          body: z.object({ title: z.string() }),
          handler: ({ request, response }) => {
            titles.push(request.body.title)
            return response.created({ count: titles.length }).revalidate(['posts.list'])
          },
        }),
        ticks: igniter.query({
          stream: true,
          handler: async function* () {
            yield { data: 1 }
            yield { data: 2 }
          },
        }),
      },
    }),
  },
})

const ask = (path, init) => router.handler(new Request(`http://localhost/api/v1${path}`, init), { context: {} })
const json = (value) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

const listed = await ask('/posts?page=2')
assert.equal(listed.status, 200)
assert.deepEqual(await listed.json(), {
  data: { titles: ['first'], page: 2, at: '1970-01-01T00:00:00.000Z' },
  error: null,
})
assert.equal((await ask('/posts', json({ title: 'second' }))).status, 201)
const refused = await ask('/posts', json({}))
assert.equal(refused.status, 400)
assert.equal((await refused.json()).error.code, 'VALIDATION_ERROR')
assert.equal((await ask('/nothing')).status, 404)
assert.match(await (await ask('/posts/ticks')).text(), /data: 1\n[^]*data: 2\n/)

const server = await serve(router, { port: 0, hostname: '127.0.0.1', context: {} })
try {
  const api = createIgniterClient({ baseURL: server.url, basePath: '/api/v1' })
  const { data, error } = await api.posts.list.query({ query: { page: 3 } })
  assert.equal(error, null)
  assert.equal(data.page, 3)
  assert.ok(data.at instanceof Date)
  assert.deepEqual((await api.posts.create.mutate({ body: { title: 'third' } })).data, { count: 3 })

  const stream = await fetch(`${server.url}/api/v1/posts/ticks`)
  assert.match(stream.headers.get('content-type') ?? '', /^text\/event-stream/)
  assert.match(await stream.text(), /data: 1\n[^]*data: 2\n/)

  const realtime = await fetch(`${server.url}/api/v1/~/realtime`)
  assert.equal(realtime.status, 200)
  const reader = realtime.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (pattern) => {
    while (!pattern.test(text)) {
      const { value, done } = await reader.read()
      assert.ok(!done, `the connection ended before ${pattern}: ${text}`)
      text += value
    }
  }
  await until(/event: ready\n/)
  await api.posts.create.mutate({ body: { title: 'fourth' } })
  await until(/event: revalidate\n/)
  assert.match(text, /posts\.list/)
  await reader.cancel()
} finally {
  await server.close()
}

const { Bun, Deno } = globalThis
const runtime = Bun ? `Bun ${Bun.version}` : Deno ? `Deno ${Deno.version.deno}` : `Node ${process.versions.node}`
console.log(`${runtime}: fetch handler, Node door, client and realtime work`)
