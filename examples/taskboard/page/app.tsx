/** The page: shared board and private list side by side, or one at a time behind tabs where there is no room. */
import { type KeyboardEvent, type ReactNode, useEffect, useState, useSyncExternalStore } from 'react'
import { explain } from './api.ts'
import { ConnectionBar, LiveMark } from './connection.tsx'
import { Heard } from './heard.tsx'
import { Notices } from './notices.tsx'
import { Panel, Skeleton, State } from './panel.tsx'
import { SignedIn, SignIn, useSession } from './session.tsx'
import { useSummary } from './task-cache.ts'
import { TaskList } from './task-list.tsx'
import { ThemeSwitch } from './theme.tsx'

const narrow = matchMedia('(max-width: 760px)')

const useNarrow = () =>
  useSyncExternalStore(
    (listener) => {
      narrow.addEventListener('change', listener)
      return () => narrow.removeEventListener('change', listener)
    },
    () => narrow.matches,
  )

export function App() {
  const { data: user, error, isFetching, refetch } = useSession()
  const isNarrow = useNarrow()
  const [tab, setTab] = useState<Tab>('board')
  useNewTaskKey()

  const board = (
    <TaskList
      list="tasks"
      title="Shared board"
      placeholder="What is there to do?"
      empty="Everyone who opens this page sees this board and may add to it. No sign-in needed."
    />
  )
  const mine = user ? (
    <TaskList
      // Bob's list is another one than Ana's.
      key={user.id}
      list="mine"
      title="Private list"
      placeholder="A task of your own"
      empty={`Only ${user.name} sees this list, in all windows where ${user.name} is signed in.`}
      foot={<SignedIn user={user} />}
    />
  ) : (
    <Panel title="Private list" busy={user === undefined && !error}>
      {user === null ? (
        <SignIn />
      ) : error && !isFetching ? (
        <State
          title="Your session could not be loaded"
          action={{ label: 'Try again', run: () => void refetch() }}
          isProblem
        >
          {explain(error)}
        </State>
      ) : (
        <Skeleton label="Finding out who is signed in" />
      )}
    </Panel>
  )

  return (
    <Notices>
      <div className="page">
        <header className="top">
          <h1 className="brand">
            <img src="/icon.svg" alt="" />
            Taskboard
          </h1>
          <LiveMark />
          <div className="top-end">
            <ThemeSwitch />
          </div>
        </header>
        <ConnectionBar />
        {isNarrow ? (
          <main>
            <Tabs tab={tab} setTab={setTab} isSignedIn={Boolean(user)} />
            <TabPanel name="board" tab={tab}>
              {board}
            </TabPanel>
            <TabPanel name="mine" tab={tab}>
              {mine}
            </TabPanel>
            <TabPanel name="heard" tab={tab}>
              <Heard />
            </TabPanel>
          </main>
        ) : (
          <main className="panels">
            <div>
              {board}
              <Keys />
            </div>
            <div className="side">
              {mine}
              <Heard />
            </div>
          </main>
        )}
      </div>
    </Notices>
  )
}

type Tab = 'board' | 'mine' | 'heard'
const tabs = [
  { name: 'board', label: 'Board' },
  { name: 'mine', label: 'Private' },
  { name: 'heard', label: 'Heard' },
] as const

interface TabsProps {
  readonly tab: Tab
  readonly setTab: (tab: Tab) => void
  readonly isSignedIn: boolean
}

function Tabs({ tab, setTab, isSignedIn }: TabsProps) {
  const open = {
    board: useSummary('tasks').data?.open,
    mine: useSummary('mine', isSignedIn).data?.open,
    heard: undefined,
  }

  function onKeyDown({ key, currentTarget }: KeyboardEvent) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key]
    if (by === undefined) return
    const next = tabs[(tabs.findIndex(({ name }) => name === tab) + by + tabs.length) % tabs.length]
    if (!next) return
    setTab(next.name)
    currentTarget.querySelector<HTMLElement>(`#tab-${next.name}`)?.focus()
  }

  return (
    <div className="tabs" role="tablist" aria-label="Parts of the page" onKeyDown={onKeyDown}>
      {tabs.map(({ name, label }) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-controls={`panel-${name}`}
          aria-selected={tab === name}
          tabIndex={tab === name ? 0 : -1}
          onClick={() => setTab(name)}
        >
          {label}
          {open[name] !== undefined && (
            <span>
              {open[name]}
              <span className="for-ears"> open</span>
            </span>
          )}
        </button>
      ))}
    </div>
  )
}

/** Hidden panels stay alive, so that nothing typed is lost and all of them keep refreshing. */
function TabPanel({ name, tab, children }: { readonly name: Tab; readonly tab: Tab; readonly children: ReactNode }) {
  return (
    <div role="tabpanel" id={`panel-${name}`} aria-labelledby={`tab-${name}`} hidden={name !== tab}>
      {children}
    </div>
  )
}

/** "n" leads to the field for a new task: of the list one is in, else of the first that is to be seen. */
function useNewTaskKey(): void {
  useEffect(() => {
    function onKeyDown(event: globalThis.KeyboardEvent) {
      const target = event.target as HTMLElement
      const isTyping = target.matches('input:not([type=checkbox], [type=radio]), textarea')
      if (event.key !== 'n' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return
      const fields = [target.closest('section') ?? document, document].flatMap((place) => [
        ...place.querySelectorAll<HTMLElement>('[data-add]'),
      ])
      event.preventDefault()
      fields.find((field) => field.checkVisibility())?.focus()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
}

function Keys() {
  return (
    <p className="keys">
      <span>
        <kbd>n</kbd>new task
      </span>
      <span>
        <kbd>↑</kbd>
        <kbd>↓</kbd>move
      </span>
      <span>
        <kbd>space</kbd>tick off
      </span>
      <span>
        <kbd>enter</kbd>rename
      </span>
      <span>
        <kbd>del</kbd>delete
      </span>
    </p>
  )
}
