/** One task: tick it off, rename it in its place, delete it. */
import { type KeyboardEvent, memo, useEffect, useId, useRef, useState } from 'react'
import type { Task } from './api.ts'
import { Icon } from './icons.tsx'
import { isSaving, type TaskActions } from './task-actions.tsx'

interface TaskRowProps {
  readonly task: Task
  readonly actions: TaskActions
  /** It came or changed from elsewhere a moment ago. */
  readonly arrived: boolean
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'short' })

const short = (date: Date) => (date.toDateString() === new Date().toDateString() ? clock : day).format(date)

export const TaskRow = memo(function TaskRow({ task, actions, arrived }: TaskRowProps) {
  const [editing, setEditing] = useState(false)
  const box = useRef<HTMLInputElement>(null)
  const id = useId()
  const saving = isSaving(task)

  function stopEditing(title?: string) {
    setEditing(false)
    if (title && title !== task.title) actions.change(task, { title })
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Enter') setEditing(true)
    else if (event.key === 'Delete' || event.key === 'Backspace') actions.remove(task)
    else return
    event.preventDefault()
  }

  return (
    <li className="task" data-arrived={arrived || undefined} data-saving={saving || undefined}>
      <span className="check">
        <input
          ref={box}
          id={id}
          type="checkbox"
          checked={task.done}
          // Until the server has numbered it there is nothing to change. Not `disabled`, which would lose the focus.
          aria-disabled={saving || undefined}
          onChange={() => saving || actions.change(task, { done: !task.done })}
          onKeyDown={saving ? undefined : onKeyDown}
          aria-keyshortcuts="Enter Delete"
        />
      </span>
      {editing ? (
        <TitleField
          title={task.title}
          close={(title) => {
            stopEditing(title)
            box.current?.focus()
          }}
          leave={stopEditing}
        />
      ) : (
        <>
          <label className="task-title" htmlFor={id} title={task.title}>
            {task.title}
          </label>
          <span className="tools">
            <button
              type="button"
              className="tool"
              aria-label={`Rename ${task.title}`}
              title="Rename"
              disabled={saving}
              onClick={() => setEditing(true)}
            >
              <Icon name="edit" />
            </button>
            <button
              type="button"
              className="tool danger"
              aria-label={`Delete ${task.title}`}
              title="Delete"
              disabled={saving}
              onClick={() => actions.remove(task)}
            >
              <Icon name="delete" />
            </button>
          </span>
          <time dateTime={task.createdAt.toISOString()} title={`Added ${full.format(task.createdAt)}`}>
            {saving ? 'saving' : short(task.createdAt)}
          </time>
        </>
      )}
    </li>
  )
})

interface TitleFieldProps {
  readonly title: string
  /** By key: Enter with the new title, Esc without. */
  readonly close: (title?: string) => void
  /** By going elsewhere, with the new title. */
  readonly leave: (title: string) => void
}

function TitleField({ title, close, leave }: TitleFieldProps) {
  const field = useRef<HTMLInputElement>(null)
  // Closing by key moves the focus, which is no leaving.
  const closed = useRef(false)
  useEffect(() => field.current?.select(), [])
  return (
    <input
      ref={field}
      className="field task-edit"
      type="text"
      aria-label={`New title for ${title}`}
      autoComplete="off"
      maxLength={200}
      defaultValue={title}
      onKeyDown={({ key, currentTarget }) => {
        if (key !== 'Enter' && key !== 'Escape') return
        closed.current = true
        close(key === 'Enter' ? currentTarget.value.trim() : undefined)
      }}
      onBlur={({ currentTarget }) => closed.current || leave(currentTarget.value.trim())}
    />
  )
}
