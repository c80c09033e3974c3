/**
 * A router in a package of its own, as in a monorepo: `composite`, so that others see its `.d.ts` files alone. What is
 * inferred must be short enough to be written down (TS7056) and name only what importers can reach (TS2742, TS4023).
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { compile, compilers, here } from './compilers.ts'

const folder = join(here, '.declarations')
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

/** An action with a schema for each of its parts. */
const action = (index: number) => `    a${index}: igniter.mutation({
      path: '/a${index}/:id',
      use: [auth({ role: 'admin' })],
      query: z.object({ page: z.number().default(1), search: z.string().optional() }),
      body: z.object({ id: z.string(), n${index}: z.number(), tags: z.array(z.enum(['a', 'b'])).default([]) }),
      handler: ({ request: { body }, response }) =>
        body.id === '' ? response.notFound() : response.created({ ...body, at: new Date() }).revalidate(['all']),
    }),
`

const igniterFile = `import { Igniter } from '@igniter-js/core'
export interface User { id: string }
export const igniter = Igniter.context<{ users: Map<string, User> }>().create()
export const auth = igniter.procedure({
  handler: ({ role }: { role?: 'admin' }, { context, response }) => {
    const user = context.users.get(role ?? '')
    return user ? { user } : response.unauthorized()
  },
})
`

/** Everything else that an application may export without saying its type. */
const rest = `import { health, rateLimit, type HandlerInput, type ResponseBuilder } from '@igniter-js/core'
import { createIgniterClient } from '@igniter-js/client'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { auth, igniter } from './igniter.js'
export const status = health()
export const steps = [auth(), rateLimit({ limit: 1, windowSeconds: 1 })]
export const guard = igniter.procedure({ use: [auth()], handler: (_, { next }) => next({ begun: 1 }) })
export const open = igniter.query({ stream: true, handler: ({ response }) => response.stream() })
export const declared = igniter.query({
  stream: true,
  events: { message: z.string(), end: z.date() },
  handler: ({ response }) => response.stream(),
})
export const generated = igniter.query({
  stream: true,
  handler: async function* ({ request }) {
    yield { event: 'a' as const, data: request.id }
  },
})
export const raw = igniter.query({ handler: () => new Response() })
export const seen = igniter.query({
  handler: ({ request }) => ({ query: request.query, headers: request.headers, cookies: request.cookies }),
})
export const ofValibot = igniter.mutation({
  body: v.object({ a: v.optional(v.string(), 'x') }),
  handler: ({ request }) => request.body,
})
export const ofArktype = igniter.mutation({ body: type({ at: 'Date' }), handler: ({ request }) => request.body })
export const toStream = (response: ResponseBuilder<{}>) => response.stream()
export const refuse = ({ response, context }: HandlerInput<{ a: 1 }, {}, {}, undefined, {}, never>) =>
  context.a === 1 ? response.conflict() : response.success(context)
export const others = igniter.controller({
  path: '/orgs/:org',
  use: [auth()],
  actions: { open, declared, generated, raw, seen, ofValibot, ofArktype },
})
export const OtherRouter = igniter.router({ controllers: { others, status }, use: [auth()], realtime: { use: [auth()] } })
export const caller = OtherRouter.caller({ context: { users: new Map() } })
export const api = createIgniterClient<typeof OtherRouter>()
`

const client = `import type { InferInput, InferOutput } from '@igniter-js/core'
import { createIgniterClient } from '@igniter-js/client'
import type { AppRouter, OtherRouter } from '@fixture/server'
const api = createIgniterClient<AppRouter>()
export const input: InferInput<AppRouter, 'm0.a0'> = { params: { id: '1' }, body: { id: '1', n0: 1 } }
export async function main(): Promise<Date | undefined> {
  const { data, error } = await api.m0.a0.mutate(input)
  if (error) {
    // @ts-expect-error the codes are known
    if (error.code === 'UNATHORIZED') return
    return error.code === 'UNAUTHORIZED' ? undefined : new Date()
  }
  // @ts-expect-error not any
  data.at.nothing()
  return data.at
}
export const end: Extract<InferOutput<OtherRouter, 'others.declared'>, { event: 'end' }>['data'] = new Date()
`

const options = {
  strict: true,
  skipLibCheck: false,
  target: 'es2022',
  module: 'nodenext',
  moduleResolution: 'nodenext',
  lib: ['es2023', 'dom', 'dom.iterable'],
  types: ['node'],
  typeRoots: [join(here, '../../node_modules/@types')],
}
const emitting = { ...options, composite: true, declaration: true, emitDeclarationOnly: true, rootDir: '.' }

function write(name: string, files: Readonly<Record<string, string | object>>): string {
  const path = join(folder, name)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(path, file), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return path
}

/** A server of `count` actions in modules of 25; its declarations go to the package `@fixture/server`. */
function writeServer(version: string, count: number): string {
  const modules = numbers(Math.ceil(count / 25))
  const source = (index: number) => `import { z } from 'zod'
import { auth, igniter } from './igniter.js'
export const m${index} = igniter.controller({
  path: '/m${index}',
  actions: {
${numbers(25)
  .map((at) => action(index * 25 + at))
  .join('')}  },
})
`
  const outDir = `../${version}-client/node_modules/@fixture/server`
  return write(`${version}-server`, {
    'igniter.ts': igniterFile,
    'rest.ts': rest,
    ...Object.fromEntries(modules.map((index) => [`m${index}.ts`, source(index)])),
    'index.ts': `import { igniter } from './igniter.js'
import type { OtherRouter as Other } from './rest.js'
${modules.map((index) => `import { m${index} } from './m${index}.js'`).join('\n')}
export const router = igniter.router({ controllers: { ${modules.map((index) => `m${index}`).join(', ')} } })
export type AppRouter = typeof router
export type OtherRouter = typeof Other
`,
    'package.json': { type: 'module' },
    'tsconfig.json': { compilerOptions: { ...emitting, outDir }, include: ['*.ts'] },
  })
}

// The older compilers take many seconds for 500: only in the long form.
const actionsFor = (version: string) => (process.env.LONG || version === compilers.at(-1)?.version ? 500 : 50)

describe.each(compilers)('TypeScript $version', (compiler) => {
  const clientFolder = join(folder, `${compiler.version}-client`)
  const emitted = join(clientFolder, 'node_modules/@fixture/server')

  beforeAll(() => {
    write(`${compiler.version}-client`, {
      'client.ts': client,
      'package.json': { type: 'module' },
      'tsconfig.json': { compilerOptions: { ...options, noEmit: true }, include: ['*.ts'] },
    })
  })

  const count = actionsFor(compiler.version)
  test(`${count} actions and everything beside them can be written down`, () => {
    expect(compile(compiler, writeServer(compiler.version, count))).toEqual([])
  })

  test('in the words of an application, without those of a schema library or of core’s inside', () => {
    const text = readFileSync(join(emitted, 'm0.d.ts'), 'utf8')
    expect(text).not.toMatch(/zod|Schema|Sides|HandlerInput|FrameworkContext/)
    expect(readFileSync(join(emitted, 'rest.d.ts'), 'utf8')).toContain(
      'import("@igniter-js/core").ReceivedEvent<"end", Date>',
    )
  })

  test('a client sees only that, and all of its types', () => {
    writeFileSync(
      join(emitted, 'package.json'),
      JSON.stringify({ name: '@fixture/server', type: 'module', types: './index.d.ts' }),
    )
    expect(compile(compiler, clientFolder)).toEqual([])
  })
})
