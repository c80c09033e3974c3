/** The typed client. Only the router's type comes from the server: nothing is generated, and no server code is bundled. */
import type { CallError } from '@igniter-js/core'
import { createIgniterReact } from '@igniter-js/react'
import type { AppRouter } from '../src/router.ts'
import type { Task } from '../src/tasks.ts'

export const api = createIgniterReact<typeof AppRouter>({ baseURL: location.origin, basePath: '/api/v1' })

export type { CallError, Task }

/** The shared board, or the private list of who is signed in. */
export type ListName = 'tasks' | 'mine'

/** A list's actions. Those of the private list are those of the board, and may be UNAUTHORIZED beside. */
export const actionsOf = (list: ListName) => api[list] as typeof api.mine

/** What to tell people of an error: the field's complaint, the server's words, or that it cannot be reached. */
export function explain(error: CallError): string {
  if (error.code === 'NETWORK_ERROR') return 'The server can’t be reached.'
  if (error.code === 'VALIDATION_ERROR' && Array.isArray(error.details))
    return error.details[0]?.message ?? error.message
  if (error.status >= 500)
    return `Something went wrong on the server${error.requestId ? ` (request ${error.requestId})` : ''}.`
  return error.message
}
