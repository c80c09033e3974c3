/** Whether the page is live, in words: beside the name always, and in a bar when it is not. */
import { useConnectionState } from '@igniter-js/react'
import { Icon } from './icons.tsx'
import { useHeard } from './what-was-heard.ts'

const words = {
  idle: 'connecting',
  connecting: 'connecting',
  live: 'live',
  offline: 'offline',
  denied: 'not live',
} as const

export function LiveMark() {
  const state = useConnectionState()
  return (
    <span className="live" data-state={state} role="status">
      {words[state]}
    </span>
  )
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' })

export function ConnectionBar() {
  const state = useConnectionState()
  const { since } = useHeard()
  if (state === 'offline') {
    return (
      <div className="bar" data-state={state} role="status">
        <Icon name="offline" />
        <p>
          {since
            ? `The server has been out of reach since ${clock.format(since)}. What you see is from before; it catches up by itself.`
            : 'The server is out of reach. The page fills by itself as soon as it answers.'}
        </p>
      </div>
    )
  }
  if (state === 'denied') {
    return (
      <div className="bar" data-state={state} role="alert">
        <Icon name="problem" />
        <p>The server does not let this window listen, so it does not refresh by itself.</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Reload the page
        </button>
      </div>
    )
  }
  return null
}
