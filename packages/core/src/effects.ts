/**
 * What an answer does besides being sent, once it is a success: revalidations reach the hub, `afterSuccess` runs.
 * Called by dispatch.ts. Nothing here changes the answer's fate: what fails is logged and the work that was done stays done.
 */
import type { Call } from './call.js'
import { isThenable, type MaybePromise } from './exchange.js'
import { formatRevalidateHeader, type RevalidateKey, revalidateHeader } from './protocol.js'
import { within } from './realtime/deadline.js'
import type { Revalidation } from './response.js'

/** Milliseconds that a scopes function may take. */
const scopesTimeout = 5_000

/** Characters for the notices of one answer. Clients refuse heads of 16 KiB; what doesn't fit comes by the connection. */
const headerRoom = 8_192

/** Tells which scopes a call's caller holds. */
export type ScopesOf = (call: Call) => Promise<readonly string[]>

/** An event that went out for this answer. */
interface Told {
  readonly id: string
  readonly keys: readonly RevalidateKey[]
  readonly scopes: readonly string[] | null
}

/**
 * Performs the effects, in the order they were said: revalidations first, then `afterSuccess`. `scopesOf` tells which
 * scopes the caller holds, so that its own client can refetch at once what it would be told anyway.
 */
export function performEffects(call: Call, scopesOf: ScopesOf): MaybePromise<void> {
  const { answer } = call
  if (answer === null || (answer.revalidations === null && answer.effects === null)) return
  if (call.isFailure || call.statusCode >= 400) return
  return perform(call, answer.revalidations ?? [], answer.effects ?? [], scopesOf)
}

async function perform(
  call: Call,
  revalidations: readonly Revalidation[],
  effects: readonly (() => unknown)[],
  scopesOf: ScopesOf,
): Promise<void> {
  const told: Told[] = []
  for (const revalidation of revalidations) {
    const one = await attempt(call, 'revalidate', () => tell(call, revalidation))
    if (one !== null && one !== undefined) told.push(one)
  }
  await informCaller(call, told, scopesOf)
  for (const effect of effects) await attempt(call, 'afterSuccess', effect)
}

/** Sends one revalidation; gives what was sent, or null when nobody is told now. */
async function tell(call: Call, { keys, scopes }: Revalidation): Promise<Told | null> {
  const checked = call.app.keyCheck.check(keys, call.route.key)
  const resolved = scopes === null ? null : await resolveScopes(call, scopes)
  if (resolved?.length === 0) return null
  const id = await call.app.hub.revalidate(checked, resolved)
  return id === null ? null : { id, keys: checked, scopes: resolved }
}

async function resolveScopes(call: Call, scopes: NonNullable<Revalidation['scopes']>): Promise<readonly string[]> {
  let list: unknown = scopes
  if (typeof scopes === 'function') {
    list = scopes(call.context as never)
    if (isThenable(list)) list = await within(call.app.config.clock, scopesTimeout, list, 'the scopes function')
  }
  if (Array.isArray(list) && list.every((scope) => typeof scope === 'string')) return list
  throw new TypeError('the scopes are no list of texts, so nobody was told')
}

/** Puts what this caller may know of into its answer, so that its client refetches at once and not twice. */
async function informCaller(call: Call, told: readonly Told[], scopesOf: ScopesOf): Promise<void> {
  const isScoped = told.some(({ scopes }) => scopes !== null)
  const held = isScoped ? await attempt(call, 'asking which scopes the caller holds', () => ask(call, scopesOf)) : null
  let room = headerRoom
  for (const { id, keys, scopes } of told) {
    if (scopes !== null && !scopes.some((scope) => held?.includes(scope))) continue
    const notice = formatRevalidateHeader({ id, keys })
    room -= notice.length
    if (room < 0) return
    call.response.headers ??= []
    call.response.headers.push(revalidateHeader, notice)
  }
}

const ask = (call: Call, scopesOf: ScopesOf): Promise<readonly string[]> =>
  within(call.app.config.clock, scopesTimeout, scopesOf(call), 'realtime.use')

async function attempt<T>(call: Call, what: string, fn: () => T): Promise<Awaited<T> | undefined> {
  try {
    return await fn()
  } catch (err) {
    const { key } = call.route
    call.app.logger.error(
      { err, requestId: call.request.id, action: key },
      `${key}: ${what} failed. The answer stands.`,
    )
    return undefined
  }
}
