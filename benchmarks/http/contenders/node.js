/** The floor: the same work by hand on node:http, without limits, errors of its own or anything else a framework owes. */
import { createServer } from 'node:http'
import { createUser, getUser, NewUser, ping } from '../work.js'

function send(res, status, value) {
  const body = JSON.stringify(value)
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  res.end(body)
}

function create(req, res) {
  let text = ''
  req.setEncoding('utf8')
  req.on('data', (chunk) => (text += chunk))
  req.on('end', () => {
    const { success, data, error } = NewUser.safeParse(JSON.parse(text))
    if (success) send(res, 201, createUser(data))
    else send(res, 400, error.issues)
  })
}

const server = createServer((req, res) => {
  const mark = req.url.indexOf('?')
  const path = mark < 0 ? req.url : req.url.slice(0, mark)
  if (req.method === 'GET' && path === '/ping') return send(res, 200, ping())
  if (req.method === 'GET' && path.startsWith('/users/')) {
    const query = mark < 0 ? null : new URLSearchParams(req.url.slice(mark + 1))
    return send(res, 200, getUser(decodeURIComponent(path.slice(7)), query?.get('verbose')))
  }
  if (req.method === 'POST' && path === '/users') return create(req, res)
  send(res, 404, { error: 'not found' })
})

export const start = (port) => new Promise((ready) => server.listen(port, '127.0.0.1', ready))
