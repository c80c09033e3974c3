/** The application: what every handler finds in its context, and the settings. */
import { Igniter } from '@igniter-js/core'
import type { Accounts } from './accounts.ts'
import type { Tasks } from './tasks.ts'

export interface AppContext {
  readonly tasks: Tasks
  readonly accounts: Accounts
}

export const igniter = Igniter.context<AppContext>().config({ basePath: '/api/v1' }).create()
