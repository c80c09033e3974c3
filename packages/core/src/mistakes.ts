/**
 * Mistakes in declarations, which TypeScript shows to those who use it and these checks to everybody, when the router is
 * built. Called by router.ts; each throws INVALID_DEFINITION, saying where and how to mend it.
 */
import type { Action, ActionDefinition } from './action.js'
import type { AnyController } from './controller.js'
import { definitionError, show } from './error.js'
import { checkOptions } from './options.js'
import type { Step } from './procedure.js'
import { toJsonSchema } from './schema.js'
import { isSchema } from './standard-schema.js'

const actionOptions = [
  'name',
  'description',
  'tags',
  'method',
  'path',
  'params',
  'query',
  'headers',
  'body',
  'output',
  'stream',
  'events',
  'use',
  'security',
  'deprecated',
  'examples',
  'bodyLimit',
  'timeout',
  'handler',
]
const name = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_-]*$/
const keyRule = 'Use letters, digits, "_" and "-", beginning with a letter.'
const mutationMethods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export function checkController(key: string, controller: AnyController): void {
  const where = `controllers.${key}`
  if (!name.test(key)) throw definitionError(where, 'is no key for a controller.', keyRule)
  if (!isRecord(controller) || !isRecord(controller.actions)) {
    throw definitionError(where, 'is no controller.', 'Make it with igniter.controller({ path, actions }).')
  }
  checkOptions(where, controller, ['name', 'description', 'path', 'use', 'actions'])
  checkPath(where, controller.path)
}

export function checkAction(key: string, actionKey: string, action: Action): void {
  if (!name.test(actionKey)) throw definitionError(key, 'is no key for an action.', keyRule)
  const { kind, definition } = (isRecord(action) ? action : {}) as Partial<Action>
  if (!isRecord(definition)) {
    throw definitionError(key, 'is no action.', 'Make it with igniter.query or igniter.mutation.')
  }
  checkOptions(key, definition, actionOptions)
  if (typeof definition.handler !== 'function') {
    throw definitionError(key, 'has no handler.', 'Give it `handler: ({ request, context, response }) => …`.')
  }
  if (definition.path !== undefined) checkPath(key, definition.path)
  if (kind === 'query') checkQuery(key, definition)
  else if (!mutationMethods.has(definition.method)) {
    throw definitionError(key, `has the method ${show(definition.method)}.`, 'Use POST, PUT, PATCH or DELETE.')
  }
  checkStream(key, definition)
  for (const option of ['bodyLimit', 'timeout'] as const) {
    const value: unknown = definition[option]
    if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= 2 ** 31 - 1))
      continue
    throw definitionError(key, `has \`${option}: ${show(value)}\`.`, 'Give a whole number, 0 or more.')
  }
}

function checkQuery(key: string, { body, method }: ActionDefinition): void {
  if (body !== undefined) {
    throw definitionError(key, 'is a query with a `body`.', 'Make it a mutation, or take the input from `query`.')
  }
  if (method !== 'GET') {
    const mend = 'Make it a mutation; queries answer GET and HEAD.'
    throw definitionError(key, `is a query with the method ${show(method)}.`, mend)
  }
}

function checkStream(key: string, { stream, output, events }: ActionDefinition): void {
  if (output !== undefined && stream === true) {
    throw definitionError(key, 'is a stream with `output`.', 'Describe what it sends with `events`.')
  }
  if (events === undefined) return
  if (stream !== true) {
    throw definitionError(key, 'has `events` but is no stream.', 'Add `stream: true`, or leave `events` out.')
  }
  if (!isRecord(events)) {
    throw definitionError(
      key,
      `has ${show(events)} for \`events\`.`,
      'Give an object of schemas by the name of the event.',
    )
  }
}

/** Gives the schema back. */
export function checkSchema<S>(key: string, part: string, schema: S): S {
  if (isSchema(schema)) return schema
  const mend = 'Give a Standard Schema: an object of zod, valibot, arktype, …'
  throw definitionError(key, `has a \`${part}\` that is no schema.`, mend)
}

/** Params are what the path says: a schema that wants others would refuse every request. */
export function checkParams(key: string, template: string, parameters: readonly string[], schema: object): void {
  if (parameters.length === 0) {
    const mend = 'Write `:name` into the path for each, or leave `params` out.'
    throw definitionError(key, `has \`params\`, but no parameter in its path ${show(template)}.`, mend)
  }
  const json = isSchema(schema) ? toJsonSchema(schema, 'input') : null
  const required: unknown = typeof json === 'object' && json !== null ? json.required : undefined
  for (const wanted of Array.isArray(required) ? required : []) {
    if (parameters.includes(wanted)) continue
    const there = parameters.map((parameter) => `":${parameter}"`).join(', ')
    throw definitionError(
      key,
      `wants ${show(wanted)} in its \`params\`, but its path ${show(template)} has only ${there}.`,
      'Use the same names in both.',
    )
  }
}

/** Procedures one after the other, those that a procedure uses before it. `where` names whose `use` it is. */
export function flatten(where: string, steps: unknown): Step[] {
  if (!Array.isArray(steps)) {
    throw definitionError(where, `has ${show(steps)} for \`use\`.`, 'Give a list: `use: [auth()]`.')
  }
  return (steps as unknown[]).flatMap((step) => {
    if (typeof step === 'function') {
      const called = show((step as { name?: string }).name ?? '')
      throw definitionError(
        where,
        `has the procedure ${called} in \`use\` without calling it.`,
        'Write `use: [auth()]`.',
      )
    }
    if (!isStep(step)) {
      throw definitionError(
        where,
        `has ${show(step)} in \`use\`, which is no procedure.`,
        'Make procedures with igniter.procedure.',
      )
    }
    return [...flatten(where, step.use), step]
  })
}

const isStep = (value: unknown): value is Step => isRecord(value) && typeof value.run === 'function'

function checkPath(where: string, path: unknown): void {
  if (typeof path === 'string' && path.startsWith('/')) return
  throw definitionError(
    where,
    `has ${path === undefined ? 'no path' : `the path ${show(path)}`}.`,
    'Begin it with "/".',
  )
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
