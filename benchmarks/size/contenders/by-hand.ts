// The floor: a proxy that turns a path of names into a POST.
type Caller = { (input: unknown): Promise<unknown>; [name: string]: Caller }

const caller = (path: string[]): Caller =>
  new Proxy((() => undefined) as unknown as Caller, {
    get: (_, name: string) => caller([...path, name]),
    apply: async (_, __, [input]) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`/api/${path.join('/')}`, { method: 'POST', headers, body: JSON.stringify(input) })
      const answer = await response.json()
      if (!response.ok) throw answer
      return answer
    },
  })

const api = caller([])
console.log(await api.users.get({ id: '1' }), await api.users.create({ name: 'Ada' }))
