/** Express 5, zod by hand. */
import express from 'express'
import { createUser, getUser, NewUser, ping } from '../work.js'

const app = express()
app.disable('x-powered-by')
app.get('/ping', (req, res) => {
  res.json(ping())
})
app.get('/users/:id', (req, res) => {
  res.json(getUser(req.params.id, req.query.verbose))
})
app.post('/users', express.json(), (req, res) => {
  const { success, data, error } = NewUser.safeParse(req.body)
  if (success) res.status(201).json(createUser(data))
  else res.status(400).json(error.issues)
})

export const start = (port) => new Promise((ready) => app.listen(port, '127.0.0.1', ready))
