/** Hono on its Node server, with its zod validator. */
import { serve } from '@hono/node-server'
import { zValidator } from '@hono/zod-validator'
import { Hono } from 'hono'
import { createUser, getUser, NewUser, ping } from '../work.js'

const app = new Hono()
  .get('/ping', (c) => c.json(ping()))
  .get('/users/:id', (c) => c.json(getUser(c.req.param('id'), c.req.query('verbose'))))
  .post('/users', zValidator('json', NewUser), (c) => c.json(createUser(c.req.valid('json')), 201))

export const start = (port) => new Promise((ready) => serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, ready))
