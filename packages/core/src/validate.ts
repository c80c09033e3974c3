/**
 * Validation of a call: its input before the handler, its data after. Called by dispatch.ts; the schemas were compiled
 * by router.ts.
 */
import type { Call } from './call.js'
import { type ErrorDetail, IgniterError } from './error.js'
import { isThenable, type MaybePromise } from './exchange.js'
import type { ValidParts } from './request.js'
import type { InputPart } from './router.js'
import type { Validated } from './schema.js'

type PartName = keyof ValidParts

/** Validates every part that has a schema, and fails with all their details at once. */
export function validateInput(call: Call): MaybePromise<void> {
  const { route, input } = call
  // Also without a schema: a body that cannot be read is refused, not silently absent.
  const body = route.kind === 'mutation' ? input.body : undefined
  if (!input.coerces && route.params === null) checkParams(call)
  if (route.params === null && route.query === null && route.headers === null && route.body === null) return
  const judging = new Judging(call)
  judging.judge('params', route.params, input.params)
  judging.judge('headers', route.headers, route.headers === null ? null : Object.fromEntries(call.incoming.headers))
  judging.judge('query', route.query, route.query === null ? null : (input.query ?? {}))
  judging.judge('body', route.body, body)
  return judging.finish()
}

/** Gathers what the parts' schemas say. */
class Judging {
  readonly #call: Call
  readonly #valid: ValidParts = {}
  #details: ErrorDetail[] | null = null
  #pending: PromiseLike<void>[] | null = null

  constructor(call: Call) {
    this.#call = call
  }

  judge(name: PartName, part: InputPart | null, raw: unknown): void {
    if (part === null) return
    let value = raw
    // Headers are text whichever way the call came.
    if (part.coerce !== null && (this.#call.input.coerces || name === 'headers')) {
      const coerced = part.coerce(raw as Record<string, string | string[]>)
      if (coerced.details !== null) return this.#complain(coerced.details)
      value = coerced.value
    }
    const judged = part.validate(value)
    if (!isThenable(judged)) return this.#take(name, raw, judged)
    this.#pending ??= []
    this.#pending.push(judged.then((late) => this.#take(name, raw, late)))
  }

  finish(): MaybePromise<void> {
    if (this.#pending === null) return this.#conclude()
    return Promise.all(this.#pending).then(() => this.#conclude())
  }

  #take(name: PartName, raw: unknown, judged: Validated): void {
    if (judged.details === null) this.#valid[name] = judged.value
    else if (name === 'body' && raw === undefined) this.#complain([noBody])
    else this.#complain(judged.details)
  }

  #complain(details: readonly ErrorDetail[]): void {
    this.#details = this.#details === null ? [...details] : [...this.#details, ...details]
  }

  #conclude(): void {
    if (this.#details !== null) {
      throw new IgniterError({
        code: 'VALIDATION_ERROR',
        message: 'The request is not valid. See its details.',
        details: this.#details,
      })
    }
    this.#call.request.valid = this.#valid
  }
}

const noBody: ErrorDetail = { in: 'body', path: '', message: 'A body is required.' }

/** Parameters that came as values: each must be there, and be what fits into a path. */
function checkParams({ route, input }: Call): void {
  // Asked for also where the path has none: input that cannot be read is refused.
  const { params } = input
  const details: ErrorDetail[] = []
  for (const name of route.parameters) {
    const value = Object.hasOwn(params, name) ? params[name] : undefined
    if (typeof value !== 'string' || value === '') {
      details.push({ in: 'params', path: name, message: 'Expected a text that is not empty.' })
    }
  }
  if (details.length > 0) {
    throw new IgniterError({ code: 'VALIDATION_ERROR', message: 'The request is not valid. See its details.', details })
  }
}

/** Holds a success's data against `output`, and puts what the schema made of it in its place. */
export function validateOutput(call: Call): MaybePromise<void> {
  const { output } = call.route
  if (output === null || call.isFailure || !call.hasData) return
  const judged = output(call.value)
  return isThenable(judged) ? judged.then((late) => takeOutput(call, late)) : takeOutput(call, judged)
}

function takeOutput(call: Call, judged: Validated): void {
  if (judged.details !== null) {
    const fields = judged.details.map(({ path, message }) => `${path || 'the whole'}: ${message}`).join('; ')
    throw new Error(`${call.route.key}: what the handler gave doesn't fit its \`output\` (${fields}).`)
  }
  if (call.returned !== null) call.returned = { kind: 'value', value: judged.value }
  else if (call.answer !== null) call.answer.data = judged.value
}
