/**
 * `npm run bench -- declarations`: a router of 500 actions in a package that others build upon (`composite`,
 * `declaration`), and a client that sees only its `.d.ts` files, as in a monorepo. Inferred types must be short enough
 * to be written down (TS7056) and name nothing that the importer cannot reach (TS2742).
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { listContenders } from '../contenders.js'
import { fixed, publish, table } from '../report.js'
import { compile, requireVersions, strict, writeProject } from './compiler.js'
import { createApp } from './fixture.js'

const actions = 500
const folder = new URL('contenders/', import.meta.url)

const kibibytes = (path) => statSync(path).size / 1024

/** Emits a server's declarations, then checks its client against them; throws when either doesn't compile. */
async function measure({ name, files, declared }, version) {
  const { 'client.ts': client, ...server } = files(createApp(actions))
  const serverFolder = writeProject(
    `${name}-declarations/server`,
    { ...server, ...declared },
    {
      compilerOptions: { ...strict, composite: true, declaration: true, emitDeclarationOnly: true, outDir: 'dist' },
      include: ['*.ts'],
    },
  )
  const emitted = await compile(version, serverFolder)
  const dist = join(serverFolder, 'dist')
  const declarations = readdirSync(dist).filter((file) => file.endsWith('.d.ts'))

  const clientFolder = writeProject(
    `${name}-declarations/client`,
    { 'client.ts': client.replace('./router.js', '../server/dist/router.js') },
    { compilerOptions: { ...strict, noEmit: true }, include: ['*.ts'] },
  )
  const checked = await compile(version, clientFolder)
  return {
    name,
    version,
    emit: emitted.total,
    router: kibibytes(join(dist, 'router.d.ts')),
    all: declarations.reduce((sum, file) => sum + kibibytes(join(dist, file)), 0),
    check: checked.check,
    instantiations: checked.instantiations,
  }
}

/** Runs the fixture; gives whether ours compiled everywhere. A peer that doesn't is a line in the table. */
export async function benchDeclarations({ only, typescript }) {
  requireVersions(typescript)
  const rows = []
  for (const { name, path } of listContenders(folder, only)) {
    const { files, declared } = await import(path)
    for (const version of typescript) {
      try {
        rows.push(await measure({ name, files, declared }, version))
      } catch (error) {
        rows.push({ name, version, error: error.message })
      }
      console.log(`TypeScript ${version}, ${name}: ${rows.at(-1).error ?? 'compiled'}`)
    }
  }
  const header = [
    'library',
    'TypeScript',
    'emit s',
    'router.d.ts KiB',
    'all KiB',
    'client check s',
    'client instantiations',
  ]
  const body = rows.map((row) => [
    row.name,
    row.version,
    ...(row.error
      ? [/TS\d+/.exec(row.error)?.[0] ?? 'failed', '–', '–', '–', '–']
      : [fixed(row.emit, 1), fixed(row.router), fixed(row.all), fixed(row.check, 2), fixed(row.instantiations)]),
  ])
  const errors = rows.filter((row) => row.error).map((row) => `- ${row.name}, TypeScript ${row.version}: ${row.error}`)
  const notes = errors.length > 0 ? `\n\n${errors.join('\n')}` : ''
  publish('declarations', `## Declarations\n\n${actions} actions, \`composite\`\n\n${table(header, body)}${notes}`, {
    rows,
  })
  return rows.every((row) => !row.error || !row.name.startsWith('ours'))
}
