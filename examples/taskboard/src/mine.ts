/**
 * A user's private list, `/mine`: only for who is signed in, and only the windows of that user hear of a change.
 */
import { auth, userScope } from './auth.ts'
import { igniter } from './igniter.ts'
import { newTask, taskChange, taskId, taskPage } from './tasks.ts'

const gone = 'This task is not on your list any more.'

/** Who is told of a change: runs with the context that the action ended with. */
const owner = (context: { readonly user: { readonly id: number } }) => [userScope(context.user)]

export const mine = igniter.controller({
  name: 'Private list',
  path: '/mine',
  actions: {
    list: igniter.query({
      name: 'List my tasks, newest first',
      path: '/',
      use: [auth()],
      query: taskPage,
      handler: ({ request, context }) => context.tasks.list(context.user.id, request.query),
    }),

    summary: igniter.query({
      name: 'Count my tasks',
      use: [auth()],
      handler: ({ context }) => context.tasks.summary(context.user.id),
    }),

    create: igniter.mutation({
      name: 'Add a task of mine',
      path: '/',
      use: [auth()],
      body: newTask,
      handler: ({ request, context, response }) =>
        response.created(context.tasks.add(context.user.id, request.body)).revalidate(['mine'], owner),
    }),

    update: igniter.mutation({
      name: 'Change a task of mine',
      method: 'PATCH',
      path: '/:id',
      use: [auth()],
      params: taskId,
      body: taskChange,
      handler: ({ request, context, response }) => {
        const task = context.tasks.change(context.user.id, request.params.id, request.body)
        return task ? response.success(task).revalidate(['mine'], owner) : response.notFound(gone)
      },
    }),

    delete: igniter.mutation({
      name: 'Delete a task of mine',
      method: 'DELETE',
      path: '/:id',
      use: [auth()],
      params: taskId,
      handler: ({ request, context, response }) => {
        const task = context.tasks.remove(context.user.id, request.params.id)
        return task ? response.success(task).revalidate(['mine'], owner) : response.notFound(gone)
      },
    }),

    restore: igniter.mutation({
      name: 'Take a deletion of mine back',
      path: '/:id/restore',
      use: [auth()],
      params: taskId,
      handler: ({ request, context, response }) => {
        const task = context.tasks.restore(context.user.id, request.params.id)
        return task ? response.success(task).revalidate(['mine'], owner) : response.notFound(gone)
      },
    }),
  },
})
