/** The server of the React tests: a few posts, and a hand on what they answer and when. One for each test file. */
import { consoleLogger, Igniter } from '@igniter-js/core'
import { z } from 'zod'

export interface Post {
  readonly id: bigint
  readonly title: string
  readonly at: Date
}

export function createBoard() {
  const igniter = Igniter.logger(consoleLogger({ level: 'silent' })).create()
  const posts = new Map<bigint, Post>()
  const add = (id: bigint, title: string) => posts.set(id, { id, title, at: new Date(Date.UTC(2026, 0, Number(id))) })
  /** What answers wait for, by action; they say what was true before. */
  const gates = new Map<string, Promise<void>>()
  const asked: string[] = []
  let streams = 0

  const ask = async <T>(action: string, value: T): Promise<T> => {
    asked.push(action)
    await gates.get(action)
    return value
  }

  const controller = igniter.controller({
    path: '/posts',
    actions: {
      list: igniter.query({ path: '/', handler: () => ask('list', [...posts.values()]) }),
      page: igniter.query({
        query: z.object({ after: z.bigint().optional() }),
        handler: ({ request: { query } }) =>
          ask('page', [...posts.values()].filter(({ id }) => id > (query.after ?? 0n)).slice(0, 2)),
      }),
      get: igniter.query({
        path: '/:id',
        handler: async ({ request, response }) => {
          const post = await ask('get', posts.get(BigInt(request.params.id)))
          return post ? response.success(post) : response.notFound('There is no such post.')
        },
      }),
      rename: igniter.mutation({
        path: '/:id',
        body: z.object({ title: z.string().min(1, 'A title is needed.') }),
        handler: async ({ request, response }) => {
          const id = BigInt(request.params.id)
          const post = posts.get(id)
          await ask('rename', null)
          if (!post || request.body.title === 'forbidden') return response.conflict('Not this one.')
          posts.set(id, { ...post, title: request.body.title })
          return response.success(request.body.title).revalidate(['posts'])
        },
      }),
      upload: igniter.mutation({
        body: z.object({ file: z.instanceof(File) }),
        handler: async ({ request: { body } }) => `${body.file.name}: ${await body.file.text()}`,
      }),
      ticks: igniter.query({
        stream: true,
        query: z.object({ room: z.string() }),
        handler: ({ request, response }) => {
          const stream = response.stream()
          streams++
          stream.onClose(() => streams--)
          void stream.send({ event: 'tick', data: { room: request.query.room, at: new Date(0) } })
          return stream
        },
      }),
    },
  })
  const AppRouter = igniter.router({
    controllers: { posts: controller },
    realtime: { channels: { 'chat:*': ({ channel }) => channel !== 'chat:secret' } },
  })
  return {
    AppRouter,
    asked,
    streams: () => streams,
    /** Begins anew: three posts, nothing asked, nothing held. */
    reset() {
      gates.clear()
      asked.length = 0
      posts.clear()
      add(1n, 'one')
      add(2n, 'two')
      add(3n, 'three')
    },
    /** Changes a post as somebody else would, and tells. */
    async change(id: bigint, title: string) {
      add(id, title)
      await igniter.realtime.revalidate(['posts'])
    },
    publish: (channel: string, text: string) => igniter.realtime.publish(channel, text),
    connections: () => igniter.realtime.connections(),
    /** Has answers of an action wait until what it gives is called. */
    hold(action: string): () => void {
      let release = () => {}
      gates.set(action, new Promise((resolve) => (release = resolve)))
      return () => {
        gates.delete(action)
        release()
      }
    },
  }
}

export type AppRouter = ReturnType<typeof createBoard>['AppRouter']
