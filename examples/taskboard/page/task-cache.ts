/**
 * A list of tasks and its counts in TanStack Query's cache: read by useTasks, changed at once by task-actions.tsx before
 * the server has answered. Query keys are [controller, action, input], so that realtime.ts can find them.
 */
import { type InfiniteData, type QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, dataOf, type ListName, type Task } from './api.ts'

/** Tasks asked for at a time. */
const limit = 50

type Pages = InfiniteData<readonly Task[], number | undefined>
export interface Summary {
  readonly open: number
  readonly total: number
}

const listKey = (list: ListName) => [list, 'list', { query: { limit } }] as const
const summaryKey = (list: ListName) => [list, 'summary', {}] as const

/** The list as far as it has been asked for, newest first. */
export function useTasks(list: ListName) {
  return useInfiniteQuery({
    queryKey: listKey(list),
    queryFn: ({ pageParam, signal }) =>
      dataOf<readonly Task[]>(api[list].list.query({ query: { limit, before: pageParam } }, { signal })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.length < limit ? undefined : page.at(-1)?.id),
  })
}

/** How many tasks the list has, and how many of them are open. */
export function useSummary(list: ListName, enabled = true) {
  return useQuery({
    queryKey: summaryKey(list),
    queryFn: ({ signal }) => dataOf<Summary>(api[list].summary.query({}, { signal })),
    enabled,
  })
}

/** Stops answers that are on their way, which would overwrite what is changed now with what was. */
export const hold = (cache: QueryClient, list: ListName) => cache.cancelQueries({ queryKey: [list] })

/** Puts `change` in the list's place, page by page, and moves the counts. */
export function patch(
  cache: QueryClient,
  list: ListName,
  change: (tasks: readonly Task[], isFirst: boolean, isLast: boolean) => readonly Task[],
  counts: Summary = { open: 0, total: 0 },
): void {
  cache.setQueryData<Pages>(
    listKey(list),
    (data) =>
      data && { ...data, pages: data.pages.map((page, at) => change(page, at === 0, at === data.pages.length - 1)) },
  )
  cache.setQueryData<Summary>(
    summaryKey(list),
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
