/** The field at the head of a list. Enter adds; what could not be added comes back into the field, with the reason. */
import { type KeyboardEvent, type SubmitEvent, useId, useRef, useState } from 'react'
import { type CallError, explain } from './api.ts'

interface AddTaskProps {
  readonly label: string
  readonly placeholder: string
  readonly add: (title: string) => Promise<void>
}

/** Characters of a title, as the server counts them. */
const longest = 200

export function AddTask({ label, placeholder, add }: AddTaskProps) {
  const [title, setTitle] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  const left = longest - title.trim().length

  async function submit(event: SubmitEvent) {
    event.preventDefault()
    field.current?.focus()
    const text = title.trim()
    if (text === '') return setProblem('Say what there is to do.')
    if (left < 0) return setProblem(`A title has at most ${longest} characters; this one has ${-left} too many.`)
    setTitle('')
    setProblem(null)
    try {
      await add(text)
    } catch (error) {
      // Unless something else is being typed by now.
      setTitle((typed) => typed || text)
      setProblem(`“${text}” was not added. ${explain(error as CallError)}`)
    }
  }

  function onKeyDown({ key }: KeyboardEvent) {
    if (key !== 'Escape') return
    if (title === '' && problem === null) field.current?.blur()
    setTitle('')
    setProblem(null)
  }

  return (
    <form className="add" onSubmit={(event) => void submit(event)} noValidate>
      <div className="add-field">
        <input
          ref={field}
          className="field"
          type="text"
          autoComplete="off"
          enterKeyHint="done"
          aria-label={label}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : id}
          aria-keyshortcuts="n"
          data-add
          placeholder={placeholder}
          value={title}
          onChange={(event) => {
            setTitle(event.target.value)
            setProblem(null)
          }}
          onKeyDown={onKeyDown}
        />
        <kbd aria-hidden="true">n</kbd>
      </div>
      <button className="button main" type="submit">
        Add task
      </button>
      <p className="problem" id={id} role="alert" hidden={problem === null && left >= 0}>
        {problem ?? (left < 0 ? `${-left} characters too many.` : '')}
      </p>
    </form>
  )
}
