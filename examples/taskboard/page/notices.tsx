/** Short messages at the foot of the page: what happened, and at most one thing to do about it. Screen readers hear them. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react'
import { Icon } from './icons.tsx'

interface Notice {
  readonly kind: 'done' | 'problem'
  readonly text: ReactNode
  readonly action?: { readonly label: string; readonly run: () => void }
}

/** Milliseconds that a notice stays, unless it is pointed at or focused. */
const stay = 8_000
/** Notices at the same time: older ones make room. */
const most = 3

const NoticeContext = createContext<(notice: Notice) => void>(() => {})

/** Gives the function that shows a notice. */
export const useNotify = () => useContext(NoticeContext)

export function Notices({ children }: { readonly children: ReactNode }) {
  const [notices, setNotices] = useState<readonly (Notice & { readonly id: number })[]>([])
  const [next] = useState({ id: 1 })

  const notify = useCallback(
    (notice: Notice) => setNotices((shown) => [...shown.slice(1 - most), { ...notice, id: next.id++ }]),
    [next],
  )
  const close = useCallback((id: number) => setNotices((shown) => shown.filter((notice) => notice.id !== id)), [])

  return (
    <NoticeContext value={notify}>
      {children}
      <div className="notices" role="status">
        {notices.map((notice) => (
          <Item key={notice.id} {...notice} close={close} />
        ))}
      </div>
    </NoticeContext>
  )
}

interface ItemProps extends Notice {
  readonly id: number
  readonly close: (id: number) => void
}

function Item({ id, kind, text, action, close }: ItemProps) {
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (held) return
    const timer = setTimeout(close, stay, id)
    return () => clearTimeout(timer)
  }, [held, close, id])

  return (
    <div
      className="notice"
      data-kind={kind}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      onKeyDown={(event) => event.key === 'Escape' && close(id)}
    >
      {kind === 'problem' && <Icon name="problem" className="mark" />}
      <p>{text}</p>
      {action && (
        <button
          type="button"
          className="button"
          onClick={() => {
            action.run()
            close(id)
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" className="tool" aria-label="Dismiss" onClick={() => close(id)}>
        <Icon name="close" />
      </button>
    </div>
  )
}
