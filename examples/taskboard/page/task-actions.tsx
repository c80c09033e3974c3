/**
 * Adding, changing and deleting tasks: the list shows the result at once, and takes it back with a message when the
 * server refuses or can't be reached. Everything else is refetched when the server's answer says what it changed.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { api, type CallError, dataOf, explain, type ListName, type Task } from './api.ts'
import { useNotify } from './notices.tsx'
import { hold, patch, place } from './task-cache.ts'

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

  const { mutateAsync: add } = useMutation({
    scope,
    mutationFn: (task: Task) => dataOf<Task>(api[list].create.mutate({ body: { title: task.title } })),
    onMutate: async (task) => {
      place(cache, list, task, counts(task, 1))
      await hold(cache, list)
    },
    onSuccess: (task, temporary) => {
      own.made(task)
      own.end(temporary, task)
      patch(cache, list, (tasks) => tasks.filter(({ id }) => id !== temporary.id))
      place(cache, list, task)
    },
    onError: (_, temporary) => {
      own.end(temporary)
      without(temporary)
      refetch()
    },
  })

  const { mutate: change } = useMutation({
    scope,
    mutationFn: ({ task, to }: { task: Task; to: Partial<Task> }) =>
      dataOf<Task>(api[list].update.mutate({ params: { id: task.id }, body: { title: to.title, done: to.done } })),
    onMutate: async ({ task, to }) => {
      const open = to.done === undefined || to.done === task.done ? 0 : to.done ? -1 : 1
      const replace = (change: Partial<Task>, open: number) =>
        patch(cache, list, (tasks) => tasks.map((other) => (other.id === task.id ? { ...other, ...change } : other)), {
          open,
          total: 0,
        })
      replace(to, open)
      await hold(cache, list)
      return { undo: () => replace({ title: task.title, done: task.done }, -open) }
    },
    onSuccess: (task) => own.made(task),
    onError: (error, { task, to }, shown) => {
      if (isGone(error)) without(task)
      else shown?.undo()
      const what =
        to.title !== undefined
          ? 'could not be renamed.'
          : to.done
            ? 'could not be ticked off.'
            : 'could not be reopened.'
      problem(task, what, error)
      refetch()
    },
  })

  const { mutate: restore } = useMutation({
    scope,
    mutationFn: (task: Task) => dataOf<Task>(api[list].restore.mutate({ params: { id: task.id } })),
    onSuccess: (task) => {
      own.made(task)
      place(cache, list, task, counts(task, 1))
    },
    onError: (error, task) => problem(task, 'could not be brought back.', error),
  })

  const { mutate: remove } = useMutation({
    scope,
    mutationFn: (task: Task) => dataOf<Task>(api[list].delete.mutate({ params: { id: task.id } })),
    onMutate: async (task) => {
      without(task)
      await hold(cache, list)
    },
    onSuccess: (task) =>
      notify({
        kind: 'done',
        text: (
          <>
            Deleted <q>{task.title}</q>
          </>
        ),
        action: { label: 'Undo', run: () => restore(task) },
      }),
    onError: (error, task) => {
      // Somebody else was faster: it is gone, as was wanted.
      if (!isGone(error)) {
        place(cache, list, task, counts(task, 1))
        problem(task, 'could not be deleted.', error)
      }
      refetch()
    },
  })

  return useMemo(
    () => ({
      own,
      add: async (title) => void (await add(own.begin(title))),
      change: (task, to) => change({ task, to }),
      remove,
    }),
    [own, add, change, remove],
  )
}
