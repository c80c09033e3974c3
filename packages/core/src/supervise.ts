/** Waiting for calls that take their time: each within its limit, and counted, so that a shutdown can wait for them. */
import type { Call } from './call.js'
import { IgniterError } from './error.js'

/** Waits for a call, but not for ever, and for whatever it throws. */
export function supervise(call: Call, done: Promise<void>): Promise<void> {
  const { timeout } = call.route
  const { running, deadlines } = call.app
  running.begin()
  return new Promise((resolve) => {
    let isOver = false
    const end = (): void => {
      if (isOver) return
      isOver = true
      timer?.clear()
      running.end()
      resolve()
    }
    const late = (): void => {
      giveUp(call, timeout)
      end()
    }
    const timer = timeout === 0 ? null : deadlines.after(timeout, late)
    done.then(end, (error: unknown) => {
      call.fail(error)
      end()
    })
  })
}

/** The time is up: a call that has no answer yet fails, one that has leaves without waiting for its effects. */
function giveUp(call: Call, timeout: number): void {
  const { app, route, request, incoming } = call
  if (call.isAnswered) {
    const fields = { requestId: request.id, action: route.key }
    return app.logger.error(
      fields,
      `${route.key}: what follows its answer took longer than ${timeout} ms. It left without.`,
    )
  }
  const error = new IgniterError({
    code: 'TIMEOUT',
    message: `This took longer than ${timeout} ms. Whether it was done is not known.`,
  })
  call.fail(error)
  call.seal()
  incoming.abort(error)
}
