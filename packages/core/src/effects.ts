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
export function performEffects(
  call: Call,
  scopesOf: (call: Call) => MaybePromise<readonly string[]>,
): MaybePromise<void> {
  const { answer } = call
  if (answer === null || (answer.revalidations === null && answer.effects === null)) return
  if (call.isFailure || call.statusCode >= 400) return
  return perform(call, answer.revalidations ?? [], answer.effects ?? [], scopesOf)
}

async function perform(
  call: Call,
  revalidations: readonly Revalidation[],
  effects: readonly (() => unknown)[],
  scopesOf: (call: Call) => MaybePromise<readonly string[]>,
): Promise<void> {
  const told: Told[] = []
  for (const revalidation of revalidations) {
    const one = await attempt(call, 'revalidate', () => tell(call, revalidation))
    if (one !== null && one !== undefined) told.push(one)
  }
  await attempt(call, 'revalidate', () => informCaller(call, told, scopesOf))
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
async function informCaller(
  call: Call,
  told: readonly Told[],
  scopesOf: (call: Call) => MaybePromise<readonly string[]>,
): Promise<void> {
  if (told.length === 0) return
  const held = told.some(({ scopes }) => scopes !== null) ? new Set(await scopesOf(call)) : null
  for (const { id, keys, scopes } of told) {
    if (scopes !== null && !scopes.some((scope) => held?.has(scope))) continue
    call.response.headers ??= []
    call.response.headers.push(revalidateHeader, formatRevalidateHeader({ id, keys }))
  }
}

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
