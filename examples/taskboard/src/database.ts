/**
 * The embedded database: Node's own SQLite in one file. server.ts opens it; tasks.ts and accounts.ts keep their tables in it.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Each step runs once in the life of a file: add steps at the end, never change one. `user_version` counts them. */
const migrations = [
  `CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT NOT NULL
  ) STRICT;

  CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
  ) STRICT;

  CREATE INDEX tasks_of_owner ON tasks (owner_id, id) WHERE deleted_at IS NULL;`,
]

/** Opens `path` (`:memory:` for none on disk), creates its folder, and brings its tables up to date. */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const database = new DatabaseSync(path)
  // WAL: readers don't wait for the writer, and a killed process leaves a file that opens again.
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000',
  )
  migrate(database)
  return database
}

function migrate(database: DatabaseSync): void {
  const done = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (done > migrations.length) {
    throw new Error(
      `The database is of a newer version (${done}) than this code (${migrations.length}). Update the code.`,
    )
  }
  migrations.slice(done).forEach((step, index) => {
    database.exec(`BEGIN; ${step} PRAGMA user_version = ${done + index + 1}; COMMIT`)
  })
}
