/** What the server told this window: the framework's work, made visible. A private change is heard by its owner only. */
import { Icon } from './icons.tsx'
import { Panel } from './panel.tsx'
import { useHeard } from './what-was-heard.ts'

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' })

const words = { connected: 'connected', refresh: 'refresh', reset: 'reset', lost: 'lost' } as const

const openWindow = () => window.open(location.href, '_blank', 'popup,width=560,height=800')

export function Heard() {
  const { heard } = useHeard()
  return (
    <Panel title="Heard by this window" aside="pushed by the server">
      <ol className="heard" aria-label="What was heard, the latest first">
        {heard.map(({ id, at, kind, text }) => (
          <li key={id} data-kind={kind}>
            <time dateTime={at.toISOString()}>{clock.format(at)}</time>
            <b>{words[kind]}</b>
            <span className={kind === 'refresh' ? 'mono' : 'quiet'} title={text}>
              {text}
            </span>
          </li>
        ))}
        {heard.length === 1 && heard[0]?.kind === 'connected' && (
          <li className="quiet">When somebody changes something, it is heard here.</li>
        )}
      </ol>
      <div className="panel-foot">
        <p>Open this page in a second window and change something there: this one refreshes by itself.</p>
        <button type="button" className="button" onClick={openWindow}>
          <Icon name="window" />
          Open a second window
        </button>
      </div>
    </Panel>
  )
}
