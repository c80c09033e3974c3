/**
 * The built taskboard as a real process, for the end-to-end tests and the screenshots.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../examples/taskboard', import.meta.url))

export interface App {
  readonly url: string
  readonly port: number
  /** What it has printed to its error output so far. */
  readonly errors: () => string
  /** Sends a signal and gives the exit code, null when the signal ended it. Once it has ended, only gives the code. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

/** Starts the app on a database file, on a free port unless one is given. Rejects with its output when it cannot start. */
export async function startApp(database: string, port = 0): Promise<App> {
  const child = spawn(process.execPath, ['src/server.ts'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), HOST: '127.0.0.1', DATABASE: database },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'exit')
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const url = await address(child).catch((error: Error) => {
    throw new Error(`${error.message}\n${errors}`)
  })
  return {
    url,
    port: Number(new URL(url).port),
    errors: () => errors,
    async end(signal) {
      child.kill(signal)
      const [code] = await exit
      return code as number | null
    },
  }
}

/** The address that the app prints when it listens. */
async function address(child: ChildProcess): Promise<string> {
  const printed: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /http:\/\/[\w.]+:\d+/.exec(line)?.[0]
    if (url) {
      child.stdout?.resume()
      return url
    }
    printed.push(line)
  }
  throw new Error(`The taskboard ended without printing its address.\n${printed.join('\n')}`)
}
