/**
 * Tasks in the database. A task with an owner is on that user's private list; one without is on the shared board.
 * Every statement names the owner, so that an id alone never reaches somebody else's task.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import { z } from 'zod'

export interface Task {
  readonly id: number
  readonly title: string
  readonly done: boolean
  readonly createdAt: Date
  /** Grows with every change: two equal values are the same state. */
  readonly updatedAt: Date
}

const title = z.string().trim().min(1, 'Say what there is to do.').max(200, 'A title has at most 200 characters.')

/** What callers send, for the shared board and the private lists alike. */
export const newTask = z.object({ title })
export const taskChange = z
  .object({ title: title.optional(), done: z.boolean().optional() })
  .refine((change) => change.title !== undefined || change.done !== undefined, 'Give a title, or done, or both.')
export const taskId = z.object({ id: z.int().positive() })
/** A page of a list, newest first: at most `limit` tasks that are older than the one with the id `before`. */
export const taskPage = z.object({
  limit: z.int().min(1).max(200).default(50),
  before: z.int().positive().optional(),
})

/** The owner of the shared board's tasks. */
export const everyone = null
export type Owner = number | typeof everyone

/** Milliseconds that a deleted task can be restored. */
const restorable = 24 * 60 * 60 * 1000

export class Tasks {
  readonly #list: StatementSync
  readonly #summary: StatementSync
  readonly #add: StatementSync
  readonly #change: StatementSync
  readonly #remove: StatementSync
  readonly #restore: StatementSync

  constructor(database: DatabaseSync) {
    const live = 'id = :id AND owner_id IS :owner AND deleted_at IS NULL'
    this.#list = database.prepare(
      `SELECT * FROM tasks WHERE owner_id IS :owner AND id < :before AND deleted_at IS NULL ORDER BY id DESC LIMIT :limit`,
    )
    this.#summary = database.prepare(
      `SELECT count(*) AS total, coalesce(sum(done = 0), 0) AS open FROM tasks WHERE owner_id IS :owner AND deleted_at IS NULL`,
    )
    this.#add = database.prepare(
      `INSERT INTO tasks (owner_id, title, created_at, updated_at) VALUES (:owner, :title, :now, :now) RETURNING *`,
    )
    this.#change = database.prepare(
      `UPDATE tasks SET title = coalesce(:title, title), done = coalesce(:done, done), updated_at = max(:now, updated_at + 1)
       WHERE ${live} RETURNING *`,
    )
    this.#remove = database.prepare(`UPDATE tasks SET deleted_at = :now WHERE ${live} RETURNING *`)
    this.#restore = database.prepare(
      `UPDATE tasks SET deleted_at = NULL, updated_at = max(:now, updated_at + 1)
       WHERE id = :id AND owner_id IS :owner AND deleted_at IS NOT NULL RETURNING *`,
    )
    database.prepare('DELETE FROM tasks WHERE deleted_at < ?').run(Date.now() - restorable)
  }

  list(owner: Owner, { limit, before = Number.MAX_SAFE_INTEGER }: z.output<typeof taskPage>): Task[] {
    return this.#list.all({ owner, limit, before }).map(toTask)
  }

  summary(owner: Owner): { open: number; total: number } {
    const row = this.#summary.get({ owner })
    return { open: Number(row?.open), total: Number(row?.total) }
  }

  add(owner: Owner, { title }: z.output<typeof newTask>): Task {
    return toTask(this.#add.get({ owner, title, now: Date.now() }) ?? {})
  }

  /** The task as it is now; undefined when the owner has none with this id. So with the two below. */
  change(owner: Owner, id: number, { title, done }: z.output<typeof taskChange>): Task | undefined {
    const changed = done === undefined ? null : Number(done)
    return found(this.#change.get({ owner, id, title: title ?? null, done: changed, now: Date.now() }))
  }

  remove(owner: Owner, id: number): Task | undefined {
    return found(this.#remove.get({ owner, id, now: Date.now() }))
  }

  /** Takes a removal back. */
  restore(owner: Owner, id: number): Task | undefined {
    return found(this.#restore.get({ owner, id, now: Date.now() }))
  }
}

type Row = Record<string, SQLOutputValue>

const found = (row: Row | undefined) => (row === undefined ? undefined : toTask(row))

const toTask = (row: Row): Task => ({
  id: Number(row.id),
  title: String(row.title),
  done: row.done === 1,
  createdAt: new Date(Number(row.created_at)),
  updatedAt: new Date(Number(row.updated_at)),
})
