/**
 * Serves the built page: the files that were in its folder when the server started, and nothing else. A request's path is
 * looked up in a map and never touches the file system. server.ts hands it every request outside /api/v1.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** On every answer: the page runs its own scripts and styles, talks to its own server, and nobody may frame it. */
const guard = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

interface PageFile {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string | number>>
}

/** Reads `folder` once and gives the listener. Throws when the page isn't built. */
export function pageFiles(folder: string): (req: IncomingMessage, res: ServerResponse) => void {
  const files = readFiles(folder)
  return (req, res) => {
    const [path = '/'] = (req.url ?? '/').split('?', 1)
    const file = files.get(path)
    if (file === undefined) return answer(req, res, 404, text, 'There is nothing at this address. The board is at /.\n')
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      return answer(req, res, 405, { ...text, allow: 'GET, HEAD' }, 'This address answers GET and HEAD only.\n')
    }
    if (req.headers['if-none-match']?.includes(String(file.headers.etag))) {
      return answer(req, res, 304, file.headers, null)
    }
    answer(req, res, 200, file.headers, file.body)
  }
}

const text = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }

function answer(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | number>>,
  body: string | Buffer | null,
): void {
  // What a refused request still sends is thrown away, so that the connection can serve the next.
  req.resume()
  const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) }
  res.writeHead(status, { ...guard, ...headers, ...length })
  res.end(req.method === 'HEAD' ? undefined : body)
}

function readFiles(folder: string): Map<string, PageFile> {
  if (!existsSync(join(folder, 'index.html'))) throw new Error(`The page is not built. Run "npm run build" first.`)
  const files = new Map<string, PageFile>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const address = path.slice(folder.length).replaceAll('\\', '/')
    const body = readFileSync(path)
    const headers = {
      'content-type': types[extname(entry.name)] ?? 'application/octet-stream',
      // The names under /assets hold a hash of what is in them.
      'cache-control': address.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    }
    files.set(address === '/index.html' ? '/' : address, { body, headers })
  }
  return files
}
