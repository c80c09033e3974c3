/**
 * `npm run demo`: installs and builds what is missing, then runs the taskboard, which prints its address.
 * PORT chooses the port, 3000 otherwise. Ctrl-C or SIGTERM ends it cleanly with exit code 0; package.json says `exec`
 * so that a signal for npm gets here, and not to a shell between.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildExamples, buildPackages, examples } from './build.mjs'
import { installPackages, requireNode, root, tool, toolEnvironment } from './machine.mjs'

const { PORT = '3000' } = process.env
if (!/^\d{1,5}$/.test(PORT) || Number(PORT) > 65535) {
  console.error(`PORT is ${JSON.stringify(PORT)}. Give a port number from 0 to 65535, for example PORT=8080.`)
  process.exit(1)
}

requireNode()
installPackages()
if (!buildPackages() || !buildExamples()) process.exit(1)

const folder = join(root, 'examples', 'taskboard')
const { manifest } = examples().find((example) => example.folder === folder)
const [command, ...args] = manifest.scripts.start.split(' ')

// A process group of its own: a terminal sends Ctrl-C to the whole group, and the app would take ours for a second one,
// which ends it without draining.
const app = spawn(command === 'node' ? tool('node') : command, args, {
  cwd: folder,
  env: { ...toolEnvironment, PORT },
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => app.kill('SIGTERM'))
app.on('error', (error) => {
  console.error(`The taskboard could not be started: ${error.message}`)
  process.exit(1)
})
app.on('exit', (code) => process.exit(code ?? 1))
