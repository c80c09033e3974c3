/** Where the page begins. */
import { IgniterProvider } from '@igniter-js/react'
import { QueryClient } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { api } from './api.ts'
import { App } from './app.tsx'
import { followSession } from './session.tsx'

/** Data is fresh until the server says otherwise: no polling, no refetching by guess. */
const cache = new QueryClient({
  defaultOptions: {
    queries: { staleTime: Infinity, retry: false, networkMode: 'always', refetchOnWindowFocus: false },
    mutations: { retry: false, networkMode: 'always' },
  },
})

followSession(cache)

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <IgniterProvider client={api} queryClient={cache}>
      <App />
    </IgniterProvider>
  </StrictMode>,
)
