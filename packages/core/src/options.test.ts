import { expect, test } from 'vitest'
import { Igniter } from './igniter.js'
import { serve } from './node.js'

const igniter = Igniter.create()
const handler = () => 1
const router = (action: object, controller: object = {}, rest: object = {}) =>
  igniter.router({
    controllers: {
      a: igniter.controller({ path: '/a', actions: { b: igniter.query(action as never) }, ...controller }),
    },
    ...rest,
  })

/** TypeScript refuses these too; who writes JavaScript, or spreads an object, has only the message. */
test.each<[string, () => unknown, RegExp]>([
  ['a guard', () => router({ uses: [], handler }), /^a\.b: there is no option "uses"\. Did you mean "use"\?/],
  ['a schema', () => router({ querry: {}, handler }), /^a\.b: .*"querry"\. Did you mean "query"\?/],
  ['of a controller', () => router({ handler }, { uses: [] }), /^controllers\.a: .*Did you mean "use"\?/],
  ['of the router', () => router({ handler }, {}, { uses: [] }), /^igniter\.router: .*Did you mean "use"\?/],
  [
    'of its realtime',
    () => router({ handler }, {}, { realtime: { scope: () => [] } }),
    /realtime: .*Did you mean "scopes"\?/,
  ],
  ['of a procedure', () => igniter.procedure({ nam: 'x', handler } as never), /Did you mean "name"\?/],
  ['of the config', () => Igniter.config({ bodylimit: 1 } as never).create(), /Did you mean "bodyLimit"\?/],
  [
    'of cookies',
    () => Igniter.config({ cookies: { secrets: 'x' } } as never).create(),
    /config\.cookies: .*"secret"\?/,
  ],
  ['of realtime settings', () => Igniter.realtime({ heartBeat: 1 } as never).create(), /Did you mean "heartbeat"\?/],
  [
    'of limits',
    () => Igniter.realtime({ limits: { perIp: 1 } } as never).create(),
    /realtime\.limits: there is no option "perIp"/,
  ],
  ['of docs', () => Igniter.docs({ opnapi: '3.1.1' } as never).create(), /Did you mean "openapi"\?/],
])('a misspelt option %s stops the start', (_, declare, message) => {
  expect(declare).toThrow(message)
})

test('one of serve does, too', async () => {
  await expect(serve(router({ handler }), { host: 'x' } as never)).rejects.toThrow(/no option "host"/)
})
