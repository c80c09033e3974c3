/** Everything the server answers under /api/v1. The page imports the type of this, and nothing else of the server. */
import { health } from '@igniter-js/core'
import { sessionScope, userScope, visitor } from './auth.ts'
import { tasks } from './board.ts'
import { igniter } from './igniter.ts'
import { mine } from './mine.ts'
import { session } from './session.ts'

export const AppRouter = igniter.router({
  controllers: { tasks, mine, session, health: health() },

  // Who may listen, and to what: decided here, at every connect. A window that asks for more gets nothing.
  realtime: {
    use: [visitor()],
    identity: ({ context }) => context.session?.user.id ?? null,
    scopes: ({ context: { session } }) => (session ? [userScope(session.user), sessionScope(session)] : []),
  },

  // What nobody expected. The log has it already; this is where a report would leave for wherever errors are collected.
  onError: ({ error, request }) => igniter.logger.debug({ err: error, path: request.path }, 'Report this error.'),
})
