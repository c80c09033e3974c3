/** Signing in and out, `/session`: a random secret in a cookie that scripts cannot read, its hash in the database. */
import { rateLimit } from '@igniter-js/core'
import { z } from 'zod'
import { sessionDays } from './accounts.ts'
import { sessionCookie, sessionScope, visitor } from './auth.ts'
import { igniter } from './igniter.ts'

const credentials = z.object({ name: z.string().trim().min(1).max(100), password: z.string().min(1).max(200) })

export const session = igniter.controller({
  name: 'Session',
  path: '/session',
  actions: {
    me: igniter.query({
      name: 'Who is signed in',
      path: '/',
      use: [visitor()],
      handler: ({ context }) => context.session?.user ?? null,
    }),

    signIn: igniter.mutation({
      name: 'Sign in',
      // Guessing passwords gets slow: 20 attempts a minute from one address.
      use: [rateLimit({ limit: 20, windowSeconds: 60 })],
      body: credentials,
      handler: async ({ request, context, response }) => {
        const user = await context.accounts.authenticate(request.body.name, request.body.password)
        if (user === undefined) return response.unauthorized('This name and password don’t belong together.')
        // On https, add `secure: true`.
        return response
          .success(user)
          .setCookie(sessionCookie, context.accounts.open(user), { maxAge: sessionDays * 86_400 })
      },
    }),

    signOut: igniter.mutation({
      name: 'Sign out',
      use: [visitor()],
      handler: ({ context, response, realtime }) => {
        const { session } = context
        if (session === null) return response.noContent()
        context.accounts.close(session)
        return (
          response
            .noContent()
            .deleteCookie(sessionCookie)
            // The session's other windows ask who they are, and hear nothing private from now on.
            .revalidate(['session'], [sessionScope(session)])
            .afterSuccess(() => realtime.disconnect({ scope: sessionScope(session) }))
        )
      },
    }),
  },
})
