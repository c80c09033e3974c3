/**
 * The machine that measures: where programs are, which core a process runs on, and how to start one and to hear it out.
 * Called by every benchmark. Works without root, `nice` and `taskset`, and uses them where they are.
 */
import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, writeFileSync } from 'node:fs'
import { cpus, release, setPriority, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'

const folders = (process.env.PATH ?? '').split(delimiter)

/** The path of a program on PATH, or undefined. Those that npm put before the machine's own are passed over. */
export function findProgram(name) {
  return folders
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

const succeeds = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** The words to put before a command so that it runs on one core. */
function createPins() {
  const cores = ['0', '1']
  const canPin = findProgram('taskset') && cores.every((core) => succeeds('taskset', '-c', core, 'true'))
  const [server, load] = canPin ? cores.map((core) => ['taskset', '-c', core]) : [[], []]
  return { server, load, pinned: Boolean(canPin) }
}

let pins
/** Where servers and their load run: core 0 and core 1, if the machine lets us choose. Found out at the first call. */
export const pinning = () => (pins ??= createPins())

/**
 * Lets a process run ahead of the machine's other work, as root on Linux; elsewhere nothing happens. With autogroups on
 * (the default) Linux divides a core among sessions first, and `nice` counts only within one: the process must have been
 * started in a session of its own (`detached`).
 */
function prefer({ pid }) {
  try {
    setPriority(pid, -15)
    writeFileSync(`/proc/${pid}/autogroup`, '-15')
  } catch {
    // Not ours to say here: the table shows ratios, which bear it.
  }
}

/** One line on the hardware, for the head of a table. */
export function describeMachine() {
  const memory = (totalmem() / 2 ** 30).toFixed(1)
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'} × ${cpus().length}, ${memory} GiB, ${release()}`
}

/**
 * Runs a command to its end; gives its exit code (null when killed after `timeout` ms) and what it wrote.
 * `ahead` lets it run before the machine's other work.
 */
export function run([command, ...args], { timeout, ahead = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: ahead })
    if (ahead) prefer(child)
    const timer = timeout === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeout)
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, out, err })
    })
  })
}

/**
 * Starts `node args` with a channel for messages. `ask(message)` resolves to the child's next message, `stop` kills it.
 * `ready` is its first message; it rejects, with the last lines of stderr, when the child ends or is silent for 20 s.
 */
export function startNode(node, args, pin = []) {
  const [command, ...rest] = [...pin, node, ...args]
  const child = spawn(command, rest, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
    env: { ...process.env, NODE_ENV: 'production' },
  })
  prefer(child)
  let err = ''
  child.stderr.on('data', (chunk) => (err = (err + chunk).slice(-4000)))
  const tail = () => err.trim().split('\n').slice(-8).join(' | ')

  const next = () =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(new Error(`silent for 20 s: ${tail()}`))), 20_000)
      const onMessage = (message) => settle(() => resolve(message))
      const onClose = (code, signal) => settle(() => reject(new Error(`ended (${signal ?? code}): ${tail()}`)))
      function settle(done) {
        clearTimeout(timer)
        child.off('message', onMessage).off('close', onClose)
        done()
      }
      child.once('message', onMessage).once('close', onClose)
    })

  return {
    ready: next(),
    ask: (message) => {
      const answer = next()
      child.send(message)
      return answer
    },
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        child.once('close', resolve)
        child.kill('SIGKILL')
      }),
  }
}
