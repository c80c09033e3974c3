/** `api.posts.list.query` without knowing the actions: properties are made when they are touched, and stay the same. */

/** What an action's property `name` is (`query`, `stream`, …), or undefined when there is no such thing. */
export type Verb = (key: string, name: string) => unknown

/**
 * An object of controllers, of actions, of what `verb` gives. `extras` come first at the top. Reads of symbols, `then`
 * and `toJSON` give undefined, so that it can be awaited, logged and compared. Calling an action itself throws.
 */
export function createActionProxy(verb: Verb, extras: Readonly<Record<string, unknown>> = {}): unknown {
  const node = (path: readonly string[]): unknown => {
    const known: Record<string | symbol, unknown> = Object.assign(Object.create(null), path.length ? undefined : extras)
    return new Proxy(() => {}, {
      get(_, name) {
        if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return
        return (known[name] ??= path.length < 2 ? node([...path, name]) : verb(path.join('.'), name))
      },
      apply() {
        const name = ['api', ...path].join('.')
        const mend = path.length < 2 ? `${name}.<…>` : name
        throw new TypeError(`${name} is no function. Call ${mend}.query(), .mutate() or .stream().`)
      },
    })
  }
  return node([])
}
