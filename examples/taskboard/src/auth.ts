/** Who is calling: the procedures that put the visitor, or a signed-in user, into a handler's context. */
import { igniter } from './igniter.ts'

export const sessionCookie = 'taskboard_session'

/** Adds the session if the request's cookie opens one, and lets everybody pass. */
export const visitor = igniter.procedure({
  name: 'visitor',
  handler: (_, { request, context }) => {
    const token = request.cookies.get(sessionCookie)
    return { session: (token && context.accounts.session(token)) || null }
  },
})

/** Lets only signed-in users pass, and adds the user. */
export const auth = igniter.procedure({
  name: 'auth',
  use: [visitor()],
  handler: (_, { context, response }) => {
    if (context.session === null) return response.unauthorized('Sign in to use a private list.')
    return { user: context.session.user }
  },
})

/** The realtime scope that all windows of a user hold. */
export const userScope = (user: { readonly id: number }) => `user:${user.id}`
/** The realtime scope that the windows of one session hold. */
export const sessionScope = (session: { readonly id: string }) => `session:${session.id}`
