/**
 * A list of tasks and its counts in TanStack Query's cache: read by useTasks, changed at once by task-actions.tsx before
 * the server has answered.
 */
import { type QueryClient, useInfiniteQuery } from '@tanstack/react-query'
import { actionsOf, type ListName, type Task } from './api.ts'

/** Tasks asked for at a time. */
const limit = 50

export interface Summary {
  readonly open: number
  readonly total: number
}

/** The list as far as it has been asked for, newest first. */
const tasksOf = (list: ListName) =>
  actionsOf(list).list.infiniteQueryOptions((before: number | undefined) => ({ query: { limit, before } }), {
    initialPageParam: undefined,
    getNextPageParam: (page) => (page.length < limit ? undefined : page.at(-1)?.id),
  })

export const useTasks = (list: ListName) => useInfiniteQuery(tasksOf(list))

/** How many tasks the list has, and how many of them are open. */
export const useSummary = (list: ListName, enabled = true) => actionsOf(list).summary.useQuery({}, { enabled })

/** The task as it is shown. */
export const find = (cache: QueryClient, list: ListName, id: number): Task | undefined =>
  cache
    .getQueryData(tasksOf(list).queryKey)
    ?.pages.flat()
    .find((task) => task.id === id)

/** Stops answers that are on their way, which would overwrite what is changed now with what was. */
// Without `revert: false` a cancelled fetch would put back what was there before it began, without the change just shown.
export const hold = (cache: QueryClient, list: ListName) => cache.cancelQueries({ queryKey: [list] }, { revert: false })

/** Puts `change` in the list's place, page by page, and moves the counts. */
export function patch(
  cache: QueryClient,
  list: ListName,
  change: (tasks: Task[], isFirst: boolean, isLast: boolean) => Task[],
  counts: Summary = { open: 0, total: 0 },
): void {
  cache.setQueryData(
    tasksOf(list).queryKey,
    (data) =>
      data && { ...data, pages: data.pages.map((page, at) => change(page, at === 0, at === data.pages.length - 1)) },
  )
  cache.setQueryData(
    actionsOf(list).summary.queryKey(),
    (now) => now && { open: now.open + counts.open, total: now.total + counts.total },
  )
}

/** Puts a task in its place by its id: tasks are listed newest first. One that is there already is replaced. */
export function place(cache: QueryClient, list: ListName, task: Task, counts?: Summary): void {
  let placed = false
  const older = (other: Task) => other.id < task.id
  patch(
    cache,
    list,
    (tasks, _, isLast) => {
      const others = tasks.filter(({ id }) => id !== task.id)
      const at = others.findIndex(older)
      if (placed || (at === -1 && !isLast)) return others
      placed = true
      return at === -1 ? [...others, task] : others.toSpliced(at, 0, task)
    },
    counts,
  )
}
