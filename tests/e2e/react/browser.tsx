/** Where the page of the React tests begins in the browser: takes over what the server has rendered, if it has. */
import { decode } from '@igniter-js/core/protocol'
import { type DehydratedState, hydrate, QueryClient } from '@tanstack/react-query'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { App, createApi } from './page.tsx'

const root = document.getElementById('root')!
const state = document.getElementById('state')?.textContent
const part = location.pathname.slice(1)
const api = createApi({})

if (state) {
  const cache = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  hydrate(cache, decode(state) as DehydratedState)
  hydrateRoot(root, <App api={api} part={part} cache={cache} />, {
    onRecoverableError: (error) => console.error('Not hydrated:', error),
  })
} else createRoot(root).render(<App api={api} part={part} />)
