/** The frame around a part of the page, and what stands in it while there is nothing to show. */
import { type CSSProperties, type ReactNode, type Ref, useEffect, useId, useState } from 'react'

interface PanelProps {
  readonly title: string
  /** The answer before the data, at the right of the head. */
  readonly aside?: ReactNode
  /** Draws how much of it is done, 0 to 1, along the head. */
  readonly part?: number
  readonly busy?: boolean
  readonly ref?: Ref<HTMLElement>
  readonly children: ReactNode
}

export function Panel({ title, aside, part, busy = false, ref, children }: PanelProps) {
  const id = useId()
  return (
    <section className="panel" aria-labelledby={id} aria-busy={busy} ref={ref}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <p>{aside}</p>}
        {part !== undefined && <span className="progress" style={{ '--part': part } as CSSProperties} />}
      </header>
      {children}
    </section>
  )
}

interface StateProps {
  readonly title: string
  readonly action?: { readonly label: string; readonly run: () => void }
  /** Something went wrong: screen readers say it at once. */
  readonly isProblem?: boolean
  readonly children: ReactNode
}

/** Says what this place is for, or what went wrong, and what to do next. */
export function State({ title, action, isProblem = false, children }: StateProps) {
  return (
    <div className="state" role={isProblem ? 'alert' : undefined}>
      <strong>{title}</strong>
      <p>{children}</p>
      {action && (
        <button type="button" className="button" onClick={action.run}>
          {action.label}
        </button>
      )}
    </div>
  )
}

const widths = [62, 38, 74, 51, 29]

/** Rows in the shape of what is coming. After a moment it also says in words what it waits for. */
export function Skeleton({ label }: { readonly label: string }) {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(setSlow, 300, true)
    return () => clearTimeout(timer)
  }, [])
  return (
    <>
      <ul className="skeleton" aria-hidden="true">
        {widths.map((width) => (
          <li key={width}>
            <i />
            <i style={{ width: `${width}%` }} />
            <i />
          </li>
        ))}
      </ul>
      <p className={slow ? 'more quiet' : 'for-ears'} role="status">
        {slow && label}
      </p>
    </>
  )
}
