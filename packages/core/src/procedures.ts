/**
 * How procedures run: one after the other, each adding to the context, ending the call, or wrapping the rest by
 * `next()`. Called by dispatch.ts.
 */
import type { Call } from './call.js'
import { IgniterError } from './error.js'
import { isPush, isThenable, type MaybePromise } from './exchange.js'
import type { Step } from './procedure.js'
import type { Realtime } from './realtime/realtime.js'
import type { RequestView } from './request.js'
import type { Answer, Outcome } from './response.js'

/** Runs `steps`, then `rest` unless one of them has answered. */
export function runProcedures(
  call: Call,
  steps: readonly Step[],
  rest: (call: Call) => MaybePromise<void>,
): MaybePromise<void> {
  return runFrom(call, steps, 0, rest)
}

type Rest = (call: Call) => MaybePromise<void>

function runFrom(call: Call, steps: readonly Step[], at: number, rest: Rest): MaybePromise<void> {
  for (let i = at; i < steps.length; i++) {
    const step = steps[i] as Step
    const input = new StepInput(call, step, () => runFrom(call, steps, i + 1, rest))
    let given: unknown
    try {
      given = step.run(input as never)
    } catch (error) {
      return input.fail(error)
    }
    if (isThenable(given)) {
      return Promise.resolve(given).then(
        (value) => (judge(call, input, value) ? runFrom(call, steps, i + 1, rest) : input.ended),
        (error: unknown) => input.fail(error),
      )
    }
    if (!judge(call, input, given)) return input.ended
  }
  return rest(call)
}

/** Takes what a procedure gave; whether the ones after it are still to be run. */
function judge(call: Call, input: StepInput, value: unknown): boolean {
  const { hasRun } = input
  input.isOver = true
  if (isAnswer(call, value)) {
    // One that wrapped the rest replaces the rest's answer by its own.
    if (hasRun) input.replace(value)
    else call.settle(value)
    return false
  }
  if (hasRun) return false
  if (typeof value === 'object' && value !== null && value !== call.answer) call.add(value)
  return true
}

function isAnswer(call: Call, value: unknown): boolean {
  if (value === call.answer) return call.answer !== null && call.answer.kind !== 'none'
  return value instanceof Response || (call.route.isStream && isPush(value))
}

/** What a procedure's handler receives. */
class StepInput {
  /** Settles when the rest has ended, if this procedure ran it. */
  ended: Promise<void> | undefined
  hasRun = false
  /** Whether the procedure has returned. */
  isOver = false

  constructor(
    readonly call: Call,
    readonly step: Step,
    readonly rest: () => MaybePromise<void>,
  ) {}

  get request(): RequestView {
    return this.call.request
  }

  get context(): Record<string, unknown> {
    return this.call.context
  }

  get response(): Answer {
    return this.call.response
  }

  get realtime(): Realtime {
    return this.call.realtime
  }

  get next(): (extra?: object) => Promise<Outcome> {
    return (extra) => this.#next(extra)
  }

  /** Throws on what the procedure threw, not before the rest has ended if it ran it. */
  fail(error: unknown): MaybePromise<void> {
    this.isOver = true
    if (this.ended === undefined) throw error
    return this.ended.then(() => {
      throw error
    })
  }

  /** Makes `value` the answer once the rest has ended. */
  replace(value: unknown): void {
    const { ended = Promise.resolve() } = this
    this.ended = ended.then(() => this.call.settle(value))
  }

  async #next(extra: object | undefined): Promise<Outcome> {
    const { call } = this
    if (this.hasRun || this.isOver) {
      const when = this.hasRun ? 'twice. Call it once and keep its outcome.' : 'after it had returned. Await it before.'
      throw new IgniterError({
        code: 'INTERNAL_SERVER_ERROR',
        message: `The procedure "${this.step.name}" called next() ${when}`,
      })
    }
    this.hasRun = true
    const ended = this.#runRest(extra)
    this.ended = ended
    await ended
    const { isFailure, statusCode, data } = call
    return { ok: !isFailure, statusCode, data: isFailure ? null : data, error: call.answer?.failure ?? null }
  }

  /** What the rest throws becomes the call's failure, so that `next()` never rejects. */
  async #runRest(extra: object | undefined): Promise<void> {
    try {
      if (extra !== undefined) this.call.add(extra)
      await this.rest()
    } catch (error) {
      this.call.fail(error)
    }
  }
}
