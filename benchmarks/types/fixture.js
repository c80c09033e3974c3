/**
 * What the type-checker is given, the same for each library: modules of 25 actions, as an application would have them,
 * each with a zod schema for its input and one for its output, and a client that makes 50 calls spread over them.
 */

const perModule = 25
const maximumCalls = 50

const unique = (index) => `n${index}`

/** An action of the router: its names, and source text for its schemas and for what its handler gives. */
function action(index) {
  const number = unique(index)
  return {
    index,
    name: `a${index}`,
    isQuery: index % 2 === 0,
    number,
    input: `z.object({ id: z.string(), ${number}: z.number(), tag: z.string().optional() })`,
    output: `z.object({ id: z.string(), ${number}: z.number(), ok: z.boolean() })`,
    value: `{ id: input.id, ${number}: input.${number}, ok: true }`,
    argument: `{ id: 'a', ${number}: 1 }`,
  }
}

/** `count` actions by modules, and the calls of some of them. */
export function createApp(count) {
  const modules = []
  for (let first = 0; first < count; first += perModule) {
    const size = Math.min(perModule, count - first)
    modules.push({ name: `m${modules.length}`, actions: Array.from({ length: size }, (_, at) => action(first + at)) })
  }
  const actions = modules.flatMap((module) => module.actions.map((action) => ({ ...action, module: module.name })))
  const calls = Math.min(maximumCalls, count)
  return { modules, calls: Array.from({ length: calls }, (_, at) => actions[Math.floor((at * count) / calls)]) }
}

/** One file for each module: `write(module)` gives its text. */
export const moduleFiles = ({ modules }, write) =>
  Object.fromEntries(modules.map((module) => [`${module.name}.ts`, write(module)]))

/** `import` lines for all modules. */
export const moduleImports = ({ modules }) =>
  modules.map(({ name }) => `import { ${name} } from './${name}.js'`).join('\n')

/** `m0, m1, m2` */
export const moduleNames = ({ modules }) => modules.map(({ name }) => name).join(', ')

/**
 * The client's file. `call(action)` is an expression for a promise of what the action gives. One wrong use must not
 * compile: a library whose results are `any` would pass everything, and be fast.
 */
export function clientFile({ calls }, head, call) {
  const use = (action, at) => `  {
    const result = await ${call(action)}
    const number: number = result.${action.number}
    const flag: boolean = result.ok
    sink(number, flag)${
      at > 0
        ? ''
        : `
    // @ts-expect-error a number is no text, unless the result is any
    const wrong: string = result.${action.number}
    sink(wrong)`
    }
  }`
  return `${head}

declare function sink(...values: unknown[]): void

export async function main() {
${calls.map(use).join('\n')}
}
`
}
