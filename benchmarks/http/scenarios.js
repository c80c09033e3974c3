/**
 * What is asked of a contender and what it must answer. A contender with addresses, bodies or envelopes of its own
 * says so in its `wire`; plain data, because it travels from the contender's process to ours.
 */

export const newUser = { name: 'Ada Lovelace', email: 'ada@example.com', age: 36 }

const scenarios = {
  ping: { method: 'GET', path: '/ping', status: 200, expected: { ok: true } },
  get: { method: 'GET', path: '/users/42?verbose=1', status: 200, expected: { id: '42', verbose: true } },
  post: { method: 'POST', path: '/users', body: newUser, status: 201, expected: newUser },
}

export const scenarioNames = Object.keys(scenarios)

/**
 * A scenario as one contender takes it.
 *
 * @param {string} name
 * @param {object} [wire] `{ ping, get, post }` with other `path`, `body` or `status`, and `data`: the keys under which
 *   an answer carries what the action gave (`['result', 'data']`).
 */
export function scenario(name, wire = {}) {
  const { body, ...rest } = { ...scenarios[name], ...wire[name] }
  return { name, ...rest, body: body && JSON.stringify(body), dataAt: wire.data ?? [] }
}

const headers = { 'content-type': 'application/json' }

async function ask(origin, { method, path, body }) {
  const response = await fetch(origin + path, body === undefined ? { method } : { method, body, headers })
  return { status: response.status, text: await response.text() }
}

/** Throws unless a contender answers each scenario rightly and refuses an invalid body; gives the refusal's status. */
export async function checkAnswers(origin, wire) {
  for (const name of scenarioNames) {
    const asked = scenario(name, wire)
    const { status, text } = await ask(origin, asked)
    const wrong = () =>
      new Error(`${name}: expected ${asked.status} and the right data, got ${status} ${text.slice(0, 200)}`)
    if (status !== asked.status) throw wrong()
    const data = asked.dataAt.reduce((value, key) => value?.[key], JSON.parse(text))
    if (Object.entries(asked.expected).some(([key, value]) => data?.[key] !== value)) throw wrong()
  }
  const valid = scenario('post', wire)
  const { status } = await ask(origin, { ...valid, body: valid.body.replace('ada@example.com', 'nobody') })
  if (status < 400 || status > 499) throw new Error(`post: an invalid body was answered with ${status}, expected 4xx`)
  return status
}
