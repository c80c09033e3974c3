/** `api.posts.list.query` without knowing the actions: properties are made when they are touched, and stay the same. */

/** What an action's property `name` is (`query`, `stream`, …), or undefined when there is no such thing. */
export type Verb = (key: string, name: string) => unknown

/**
 * An object of controllers, of actions, of what `verb` gives; `extras` come first at the top. It can be awaited, compared
 * and logged: symbols are undefined, and what is not of an action is no function.
 */
export function createActionProxy(verb: Verb, extras: object = {}): unknown {
  const node = (path: readonly string[], known: Record<string, unknown>): unknown =>
    new Proxy(
      {},
      {
        get(_, name) {
          if (typeof name === 'symbol') return
          return (known[name] ??= path[1] ? verb(path.join('.'), name) : node([...path, name], { __proto__: null }))
        },
      },
    )
  return node([], { __proto__: null, ...extras })
}
