/**
 * Adding, changing and deleting tasks: the list shows the result at once, and takes it back with a message when the
 * server refuses or can't be reached. Everything else is refetched when the server's answer says what it changed.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { actionsOf, type CallError, explain, type ListName, type Task } from './api.ts'
import { useNotify } from './notices.tsx'
import { find, hold, patch, place } from './task-cache.ts'

/** Ids from here on are this window's own, for tasks that the server has not numbered yet; they sort before all others. */
const temporary = 2 ** 52

export const isSaving = (task: Task) => task.id >= temporary

const version = (task: Task) => `${task.id}@${task.updatedAt.getTime()}`
const counts = (task: Task, by: 1 | -1) => ({ open: task.done ? 0 : by, total: by })
const isGone = (error: CallError) => error.code === 'NOT_FOUND'

/** What this window did itself, so that its own changes are not shown as news. */
class OwnChanges {
  readonly #versions = new Set<string>()
  readonly #adding: string[] = []
  readonly #keys = new Map<number, number>()
  #next = temporary

  begin(title: string): Task {
    const now = new Date()
    this.#adding.push(title)
    return { id: this.#next++, title, done: false, createdAt: now, updatedAt: now }
  }

  end(temporary: Task, task?: Task): void {
    const at = this.#adding.indexOf(temporary.title)
    if (at !== -1) this.#adding.splice(at, 1)
    if (task) this.#keys.set(task.id, temporary.id)
  }

  made(task: Task): void {
    this.#versions.add(version(task))
  }

  /** Whether this state of the task is this window's doing. The list may come before the answer to what is being added. */
  includes(task: Task): boolean {
    return isSaving(task) || this.#versions.has(version(task)) || this.#adding.includes(task.title)
  }

  /** A key for the task's row, the same before and after the server has numbered it. */
  keyOf(task: Task): number {
    return this.#keys.get(task.id) ?? task.id
  }
}

export interface TaskActions {
  readonly own: OwnChanges
  /** Rejects with the CallError after the list has been put back. */
  add(title: string): Promise<void>
  change(task: Task, change: { readonly title?: string; readonly done?: boolean }): void
  remove(task: Task): void
}

export function useTaskActions(list: ListName): TaskActions {
  const cache = useQueryClient()
  const notify = useNotify()
  const actions = actionsOf(list)
  const [own] = useState(() => new OwnChanges())
  // One at a time and in order: two quick clicks on one box must not overtake each other.
  const scope = { id: list }

  const without = (task: Task) =>
    patch(cache, list, (tasks) => tasks.filter(({ id }) => id !== task.id), counts(task, -1))
  /** After a failure, when nothing was revalidated, and an answer on its way may have been held off. */
  const refetch = () => void cache.invalidateQueries({ queryKey: [list] })
  const problem = (task: Task, words: string, error: CallError) =>
    notify({
      kind: 'problem',
      text: (
        <>
          <q>{task.title}</q> {words} {explain(error)}
        </>
      ),
    })

  const { mutateAsync: add } = actions.create.useMutation({
    scope,
    onMutate: async ({ body }) => {
      const temporary = own.begin(body.title)
      place(cache, list, temporary, counts(temporary, 1))
      await hold(cache, list)
      return temporary
    },
    onSuccess: (task, _, temporary) => {
      own.made(task)
      own.end(temporary, task)
      patch(cache, list, (tasks) => tasks.filter(({ id }) => id !== temporary.id))
      place(cache, list, task)
    },
    onError: (_, __, temporary) => {
      if (!temporary) return
      own.end(temporary)
      without(temporary)
      refetch()
    },
  })

  const { mutate: change } = actions.update.useMutation({
    scope,
    onMutate: async ({ params, body: to = {} }) => {
      const before = find(cache, list, params.id)
      if (!before) return
      const open = to.done === undefined || to.done === before.done ? 0 : to.done ? -1 : 1
      const replace = (change: Partial<Task>, open: number) =>
        patch(cache, list, (tasks) => tasks.map((task) => (task.id === params.id ? { ...task, ...change } : task)), {
          open,
          total: 0,
        })
      replace(to, open)
      await hold(cache, list)
      return { before, undo: () => replace({ title: before.title, done: before.done }, -open) }
    },
    onSuccess: (task) => own.made(task),
    onError: (error, { body: to = {} }, shown) => {
      refetch()
      if (!shown) return
      if (isGone(error)) without(shown.before)
      else shown.undo()
      const what =
        to.title !== undefined
          ? 'could not be renamed.'
          : to.done
            ? 'could not be ticked off.'
            : 'could not be reopened.'
      problem(shown.before, what, error)
    },
  })

  const { mutate: restore } = actions.restore.useMutation({
    scope,
    onSuccess: (task) => {
      own.made(task)
      place(cache, list, task, counts(task, 1))
    },
  })

  const { mutate: remove } = actions.delete.useMutation({
    scope,
    onMutate: async ({ params }) => {
      const task = find(cache, list, params.id)
      if (task) without(task)
      await hold(cache, list)
      return task
    },
    onSuccess: (task) =>
      notify({
        kind: 'done',
        text: (
          <>
            Deleted <q>{task.title}</q>
          </>
        ),
        action: {
          label: 'Undo',
          run: () =>
            restore(
              { params: { id: task.id } },
              { onError: (error) => problem(task, 'could not be brought back.', error) },
            ),
        },
      }),
    onError: (error, _, task) => {
      refetch()
      // Somebody else was faster: it is gone, as was wanted.
      if (!task || isGone(error)) return
      place(cache, list, task, counts(task, 1))
      problem(task, 'could not be deleted.', error)
    },
  })

  return useMemo(
    () => ({
      own,
      add: async (title) => void (await add({ body: { title } })),
      change: (task, { title, done }) => change({ params: { id: task.id }, body: { title, done } }),
      remove: (task) => remove({ params: { id: task.id } }),
    }),
    [own, add, change, remove],
  )
}
