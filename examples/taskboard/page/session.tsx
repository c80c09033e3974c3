/** Who is signed in, the way in and the way out. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { type SubmitEvent, useState } from 'react'
import { api, explain } from './api.ts'
import { useNotify } from './notices.tsx'

export interface User {
  readonly id: number
  readonly name: string
}

const sessionKey = api.session.me.queryKey()

/**
 * Watches for somebody else being signed in, by whatever way that becomes known: nothing private of the one before stays,
 * and the connection is judged anew. Called once, by main.tsx; acts before the page shows the other user.
 */
export function followSession(cache: QueryClient): void {
  let before: number | null | undefined
  cache.getQueryCache().subscribe(({ type, query }) => {
    if (type !== 'updated' || query.queryKey[0] !== 'session') return
    const user = query.state.data as User | null | undefined
    const now = user === undefined ? undefined : (user?.id ?? null)
    if (now === undefined || now === before) return
    const isChange = before !== undefined
    before = now
    if (!isChange) return
    cache.removeQueries({ queryKey: ['mine'] })
    api.$realtime.reset()
  })
}

/** The signed-in user, null for nobody, undefined as long as that isn't known. */
export const useSession = () =>
  // Somebody may have signed in or out in another window.
  api.session.me.useQuery({}, { refetchOnWindowFocus: 'always' })

/** The users that accounts.ts makes: this is a demo, where everybody may be both. */
const accounts = [
  { name: 'Ana', password: 'copper-lantern' },
  { name: 'Bob', password: 'quiet-harbour' },
]

export function SignIn() {
  const cache = useQueryClient()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const { mutate, isPending, error } = api.session.signIn.useMutation({
    onSuccess: (user) => cache.setQueryData(sessionKey, user),
  })
  const signIn = (body: { name: string; password: string }) => isPending || mutate({ body })

  function submit(event: SubmitEvent) {
    event.preventDefault()
    signIn({ name, password })
  }

  return (
    <div className="sign-in">
      <p>A list of your own. Only your windows see it, and only they refresh when it changes.</p>
      <form onSubmit={submit}>
        <label>
          Name
          <input
            className="field"
            type="text"
            autoComplete="username"
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          Password
          <input
            className="field"
            type="password"
            autoComplete="current-password"
            required
            maxLength={200}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        <button type="submit" className="button main" aria-disabled={isPending}>
          {isPending ? 'Signing in' : 'Sign in'}
        </button>
        {error && (
          <p className="problem" role="alert">
            {explain(error)}
          </p>
        )}
      </form>
      <ul className="accounts" aria-label="Accounts to try">
        {accounts.map((account) => (
          <li key={account.name}>
            <span>{account.name}</span>
            <code>{account.password}</code>
            <button type="button" className="button" aria-disabled={isPending} onClick={() => signIn(account)}>
              Sign in as {account.name}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

export function SignedIn({ user }: { readonly user: User }) {
  const cache = useQueryClient()
  const notify = useNotify()
  const { mutate, isPending } = api.session.signOut.useMutation({
    onSuccess: () => cache.setQueryData(sessionKey, null),
    onError: (error) => notify({ kind: 'problem', text: `You are still signed in. ${explain(error)}` }),
  })
  return (
    <div className="panel-foot">
      <b className="initial" aria-hidden="true">
        {user.name.slice(0, 1)}
      </b>
      <p>Signed in as {user.name}</p>
      <button type="button" className="button" aria-disabled={isPending} onClick={() => isPending || mutate()}>
        Sign out
      </button>
    </div>
  )
}
