/** A list with its head, the field to add, and every state it can be in. The shared board and the private list are both this. */
import { type KeyboardEvent, type ReactNode, useCallback, useMemo, useRef } from 'react'
import { AddTask } from './add-task.tsx'
import { explain, type ListName, type Task } from './api.ts'
import { Panel, Skeleton, State } from './panel.tsx'
import { type TaskActions, useTaskActions } from './task-actions.tsx'
import { useSummary, useTasks } from './task-cache.ts'
import { TaskRow } from './task-row.tsx'
import { useArrivals } from './use-arrivals.ts'

interface TaskListProps {
  readonly list: ListName
  readonly title: string
  readonly placeholder: string
  /** What the list is for, shown while it is empty. */
  readonly empty: ReactNode
  readonly foot?: ReactNode
}

export function TaskList({ list, title, placeholder, empty, foot }: TaskListProps) {
  const { data, error, isPending, isFetching, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useTasks(list)
  const { data: summary } = useSummary(list)
  const actions = useTaskActions(list)
  const { own } = actions
  const tasks = useMemo(() => data?.pages.flat(), [data])
  const isOwn = useCallback((task: Task) => own.includes(task), [own])
  const arrivals = useArrivals(tasks, isOwn)
  const panel = useRef<HTMLElement>(null)

  return (
    <Panel
      ref={panel}
      title={title}
      aside={summary && (summary.total === 0 ? 'nothing yet' : `${summary.open} open of ${summary.total}`)}
      part={summary && summary.total > 0 ? (summary.total - summary.open) / summary.total : 0}
      busy={isPending}
    >
      <AddTask label={`New task: ${title.toLowerCase()}`} placeholder={placeholder} add={actions.add} />
      {tasks ? (
        tasks.length > 0 ? (
          <Rows tasks={tasks} arrivals={arrivals} actions={actions} title={title} />
        ) : (
          <State
            title="Nothing to do yet"
            action={{ label: 'Write the first task', run: () => focusField(panel.current) }}
          >
            {empty}
          </State>
        )
      ) : error && !isFetching ? (
        <State
          title={`The ${title.toLowerCase()} could not be loaded`}
          action={{ label: 'Try again', run: () => void refetch() }}
          isProblem
        >
          {explain(error)} It is loaded by itself as soon as the server answers.
        </State>
      ) : (
        <Skeleton label={`Loading the ${title.toLowerCase()}`} />
      )}
      <p className="for-ears" role="status">
        {arrivals.length === 1 && `Changed from elsewhere: ${arrivals[0]?.title}`}
        {arrivals.length > 1 && `${arrivals.length} tasks changed from elsewhere`}
      </p>
      {hasNextPage && (
        <p className="more">
          <button
            type="button"
            className="button"
            aria-disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {isFetchingNextPage ? 'Loading older tasks' : 'Show older tasks'}
          </button>
        </p>
      )}
      {foot}
    </Panel>
  )
}

const focusField = (panel: HTMLElement | null) => panel?.querySelector<HTMLElement>('[data-add]')?.focus()

interface RowsProps {
  readonly tasks: readonly Task[]
  readonly arrivals: readonly Task[]
  readonly actions: TaskActions
  readonly title: string
}

function Rows({ tasks, arrivals, actions, title }: RowsProps) {
  const arrived = new Set(arrivals.map(({ id }) => id))
  const list = useRef<HTMLUListElement>(null)

  const boxes = () => [...(list.current?.querySelectorAll<HTMLElement>('.check input') ?? [])]
  const indexOf = (element: Element | null) => boxes().findIndex((box) => box.closest('li')?.contains(element))

  /** Deleting from within the list leaves the focus on the row that takes the place. */
  const rowActions = useMemo(
    () => ({
      ...actions,
      remove(task: Task) {
        const all = boxes()
        const at = indexOf(document.activeElement)
        if (at !== -1) {
          const next = all[at + 1] ?? all[at - 1]
          if (next) next.focus()
          else focusField(list.current?.closest('section') ?? null)
        }
        actions.remove(task)
      },
    }),
    [actions],
  )

  function onKeyDown(event: KeyboardEvent) {
    const all = boxes()
    const at = all.indexOf(event.target as HTMLElement)
    if (at === -1) return
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    all[to]?.focus()
  }

  return (
    <ul className="task-list" ref={list} onKeyDown={onKeyDown} aria-label={title}>
      {tasks.map((task) => (
        <TaskRow key={actions.own.keyOf(task)} task={task} actions={rowActions} arrived={arrived.has(task.id)} />
      ))}
    </ul>
  )
}
