/** The typed client. Only the router's type comes from the server: nothing is generated, and no server code is bundled. */
import { createIgniterClient } from '@igniter-js/client'
import type { CallError, CallResult } from '@igniter-js/core'
import type { AppRouter } from '../src/router.ts'
import type { Task } from '../src/tasks.ts'

export const api = createIgniterClient<typeof AppRouter>({ baseURL: location.origin, basePath: '/api/v1' })

export type { CallError, Task }

/** The shared board, or the private list of who is signed in: two controllers of the same shape. */
export type ListName = 'tasks' | 'mine'

/** A call's data, or its error thrown, as TanStack Query wants it. */
export async function dataOf<Data>(call: Promise<CallResult<Data, string>>): Promise<Data> {
  const { data, error } = await call
  if (error) throw error
  return data as Data
}

/** What to tell people of an error: the field's complaint, the server's words, or that it cannot be reached. */
export function explain(error: CallError): string {
  if (error.code === 'NETWORK_ERROR') return 'The server can’t be reached.'
  if (error.code === 'VALIDATION_ERROR' && Array.isArray(error.details))
    return error.details[0]?.message ?? error.message
  if (error.status >= 500)
    return `Something went wrong on the server${error.requestId ? ` (request ${error.requestId})` : ''}.`
  return error.message
}

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: CallError
  }
}
