/**
 * What the commands need from the machine: npm packages as the lock says, and programs such as a browser.
 * Called by test.mjs, demo.mjs and build.mjs. Uses nothing but Node, since it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

/** The checkout's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

const bin = join(root, 'node_modules', '.bin')
const folders = (process.env.PATH ?? '').split(delimiter)

/** The environment for the workspace's tools: its own Node 24 comes first, whatever Node the machine has. */
export const toolEnvironment = {
  ...process.env,
  PATH: [bin, ...folders.filter((folder) => folder !== bin)].join(delimiter),
}

/** The path of one of the workspace's tools. */
export const tool = (name) => join(bin, name)

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** Whether `folder`'s node_modules hold what its lock says. Optional packages may be absent: they are other platforms'. */
function isInstalled(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const locked = readJson(join(folder, 'package-lock.json')).packages
  const present = readJson(record).packages
  for (const [path, entry] of Object.entries(locked)) {
    if (!path.startsWith('node_modules/')) {
      // A workspace. Where its manifest has moved away from the lock, `npm ci` says how to mend that.
      const manifest = readJson(join(folder, path, 'package.json'))
      for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']) {
        if (!isDeepStrictEqual(manifest[kind] ?? {}, entry[kind] ?? {})) return false
      }
      continue
    }
    const found = present[path]
    if (found === undefined ? !entry.optional : found.version !== entry.version) return false
  }
  // Written by an install script: absent where an install was cut short or ran without scripts.
  return !('node_modules/node' in locked) || existsSync(join(folder, 'node_modules', 'node', 'bin', 'node'))
}

/**
 * Installs a folder's packages as its package-lock.json says, unless they are there already.
 * Throws with the command to run when npm fails.
 */
export function installPackages(folder = root) {
  if (isInstalled(folder)) return
  console.log(`Installing packages in ${folder}`)
  // The npm that runs this script, on the machine's own Node: the one in node_modules is about to be replaced.
  const { npm_execpath: cli, npm_node_execpath: node } = process.env
  const [command, ...first] = cli !== undefined && node !== undefined ? [node, cli] : ['npm']
  const PATH = folders.filter((entry) => entry !== bin).join(delimiter)
  const done = spawnSync(command, [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (done.status !== 0)
    throw new Error(
      `The packages in ${folder} could not be installed: npm's reason is above. Mend it, then run there: npm ci`,
    )
}

/** Programs that tests use: the variable that names one, the names it goes by, and Debian's package. */
const programs = {
  chromium: {
    variable: 'CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    elsewhere: [
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    package: 'chromium',
  },
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function find({ variable, names, elsewhere }) {
  const given = process.env[variable]
  if (given) {
    if (isExecutable(given)) return given
    throw new Error(`${variable} is ${JSON.stringify(given)}, which is no program. Give the path of one, or unset it.`)
  }
  const inPath = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  return [...inPath, ...elsewhere].find(isExecutable)
}

/**
 * The path of a program of the table above, installed with apt where we are root and apt is there.
 * Throws with the command to run where it cannot be had.
 */
export function ensureProgram(name) {
  const program = programs[name]
  const found = find(program)
  if (found !== undefined) return found
  const command = `apt-get update && apt-get install -y --no-install-recommends ${program.package}`
  if (process.getuid?.() === 0 && folders.some((folder) => isExecutable(join(folder, 'apt-get')))) {
    console.log(`Installing ${name}: ${command}`)
    spawnSync('sh', ['-c', command], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const installed = find(program)
    if (installed !== undefined) return installed
  }
  throw new Error(
    `${name} is needed and was not found. On Debian or Ubuntu run: sudo sh -c '${command}'. ` +
      `Elsewhere install it and set ${program.variable} to its path.`,
  )
}

/** Stops the command, in a sentence, on a Node that is too old for the workspace. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(`This is Node ${process.versions.node}. Node 20.19 or newer is needed: install one and run it again.`)
  process.exit(1)
}
