/** Who is signed in, the way in and the way out. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type SubmitEvent, useEffect, useRef, useState } from 'react'
import { api, dataOf, explain } from './api.ts'
import { useNotify } from './notices.tsx'

export interface User {
  readonly id: number
  readonly name: string
}

const sessionKey = ['session', 'me', {}] as const

/** The signed-in user, null for nobody, undefined as long as that isn't known. */
export function useSession() {
  const cache = useQueryClient()
  const session = useQuery({
    queryKey: sessionKey,
    queryFn: ({ signal }) => dataOf<User | null>(api.session.me.query({}, { signal })),
    // Somebody may have signed in or out in another window.
    refetchOnWindowFocus: 'always',
  })

  // Somebody else: the connection must be judged anew, and nothing private of the one before may stay.
  const id = session.data === undefined ? undefined : (session.data?.id ?? null)
  const before = useRef(id)
  useEffect(() => {
    if (before.current !== undefined && before.current !== id) {
      cache.removeQueries({ queryKey: ['mine'] })
      api.$realtime.reset()
    }
    before.current = id
  }, [id, cache])

  return session
}

/** The users that accounts.ts makes: this is a demo, where everybody may be both. */
const accounts = [
  { name: 'Ana', password: 'copper-lantern' },
  { name: 'Bob', password: 'quiet-harbour' },
]

export function SignIn() {
  const cache = useQueryClient()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const { mutate, isPending, error } = useMutation({
    mutationFn: (body: { name: string; password: string }) => dataOf<User>(api.session.signIn.mutate({ body })),
    onSuccess: (user) => cache.setQueryData(sessionKey, user),
  })
  const signIn = (body: { name: string; password: string }) => isPending || mutate(body)

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
  const { mutate, isPending } = useMutation({
    mutationFn: () => dataOf(api.session.signOut.mutate({})),
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
