/**
 * Users and their sessions. Passwords are kept as scrypt hashes, session tokens as SHA-256: who reads the database can
 * sign in as nobody. The two users are made when there is none, with the passwords that the sign-in card shows.
 */
import { createHash, randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { promisify } from 'node:util'

export interface User {
  readonly id: number
  readonly name: string
}

export interface Session {
  /** Names the session without opening it: fit for scopes and logs. */
  readonly id: string
  readonly user: User
}

/** Days that a session lasts. */
export const sessionDays = 30

const demoUsers = [
  { name: 'Ana', password: 'copper-lantern' },
  { name: 'Bob', password: 'quiet-harbour' },
]

const derive = promisify<string, Buffer, number, Buffer>(scrypt)
const keyLength = 32

const hash = (token: string) => createHash('sha256').update(token).digest('base64url')

export class Accounts {
  readonly #user: StatementSync
  readonly #open: StatementSync
  readonly #session: StatementSync
  readonly #close: StatementSync

  constructor(database: DatabaseSync) {
    this.#user = database.prepare('SELECT id, name, password FROM users WHERE name = ?')
    this.#open = database.prepare('INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (?, ?, ?)')
    this.#session = database.prepare(
      `SELECT users.id, users.name FROM sessions JOIN users ON users.id = sessions.user_id
       WHERE sessions.token_hash = ? AND sessions.expires_at > ?`,
    )
    this.#close = database.prepare('DELETE FROM sessions WHERE token_hash = ?')
    database.prepare('DELETE FROM sessions WHERE expires_at <= ?').run(Date.now())
    if (database.prepare('SELECT 1 FROM users').get() === undefined) seed(database)
  }

  /** The user with this name and password, if there is one. Takes as long for a name that nobody has. */
  async authenticate(name: string, password: string): Promise<User | undefined> {
    const row = this.#user.get(name)
    const [salt = '', key = ''] = String(row?.password ?? '').split(':')
    const derived = await derive(password, Buffer.from(salt, 'base64url'), keyLength)
    const expected = Buffer.from(key, 'base64url')
    if (row === undefined || expected.length !== keyLength || !timingSafeEqual(derived, expected)) return undefined
    return { id: Number(row.id), name: String(row.name) }
  }

  /** Begins a session and gives the secret for the user's cookie. */
  open(user: User): string {
    const token = randomBytes(32).toString('base64url')
    this.#open.run(hash(token), user.id, Date.now() + sessionDays * 86_400_000)
    return token
  }

  /** The session that a cookie's secret opens, unless it has ended. */
  session(token: string): Session | undefined {
    const id = hash(token)
    const row = this.#session.get(id, Date.now())
    return row && { id, user: { id: Number(row.id), name: String(row.name) } }
  }

  close(session: Session): void {
    this.#close.run(session.id)
  }
}

function seed(database: DatabaseSync): void {
  const add = database.prepare('INSERT INTO users (name, password) VALUES (?, ?)')
  for (const { name, password } of demoUsers) {
    const salt = randomBytes(16)
    add.run(name, `${salt.toString('base64url')}:${scryptSync(password, salt, keyLength).toString('base64url')}`)
  }
}
