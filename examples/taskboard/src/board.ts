/** The shared board, `/tasks`: anyone may read and change it, and every open window hears of every change. */
import { igniter } from './igniter.ts'
import { everyone, newTask, taskChange, taskId, taskPage } from './tasks.ts'

const gone = 'This task is not on the board any more.'

export const tasks = igniter.controller({
  name: 'Shared board',
  path: '/tasks',
  actions: {
    list: igniter.query({
      name: 'List the tasks, newest first',
      path: '/',
      query: taskPage,
      handler: ({ request, context }) => context.tasks.list(everyone, request.query),
    }),

    summary: igniter.query({
      name: 'Count the tasks',
      handler: ({ context }) => context.tasks.summary(everyone),
    }),

    create: igniter.mutation({
      name: 'Add a task',
      path: '/',
      body: newTask,
      handler: ({ request, context, response }) =>
        // `tasks` is the whole controller: list and summary both.
        response.created(context.tasks.add(everyone, request.body)).revalidate(['tasks']),
    }),

    update: igniter.mutation({
      name: 'Change a task',
      method: 'PATCH',
      path: '/:id',
      params: taskId,
      body: taskChange,
      handler: ({ request, context, response }) => {
        const task = context.tasks.change(everyone, request.params.id, request.body)
        return task ? response.success(task).revalidate(['tasks']) : response.notFound(gone)
      },
    }),

    delete: igniter.mutation({
      name: 'Delete a task',
      method: 'DELETE',
      path: '/:id',
      params: taskId,
      handler: ({ request, context, response }) => {
        const task = context.tasks.remove(everyone, request.params.id)
        return task ? response.success(task).revalidate(['tasks']) : response.notFound(gone)
      },
    }),

    restore: igniter.mutation({
      name: 'Take a deletion back',
      path: '/:id/restore',
      params: taskId,
      handler: ({ request, context, response }) => {
        const task = context.tasks.restore(everyone, request.params.id)
        return task ? response.success(task).revalidate(['tasks']) : response.notFound(gone)
      },
    }),
  },
})
