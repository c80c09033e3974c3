/**
 * `npm start`: one process with the API, the page and the database. PORT (3000; 0 takes a free one), HOST, and DATABASE
 * (a file; `:memory:` for none) choose where.
 */
import { fileURLToPath } from 'node:url'
import { serve } from '@igniter-js/core/node'
import { Accounts } from './accounts.ts'
import { openDatabase } from './database.ts'
import { pageFiles } from './page-files.ts'
import { AppRouter } from './router.ts'
import { Tasks } from './tasks.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const { PORT = '3000', HOST, DATABASE = at('../data/taskboard.sqlite') } = process.env

const database = openDatabase(DATABASE)

const { url } = await serve(AppRouter, {
  port: Number(PORT),
  ...(HOST && { hostname: HOST }),
  context: { tasks: new Tasks(database), accounts: new Accounts(database) },
  fallback: pageFiles(at('../dist')),
})

console.log(`The taskboard is on ${url}. Open it in two windows. Ctrl-C ends it.`)
