/**
 * The work that every HTTP contender does: three actions on users, one zod schema. Frameworks differ in what they add.
 * Imported by all contenders, so that the schema and the functions are the same code for each.
 */
import { z } from 'zod'

export const NewUser = z.object({
  name: z.string().min(1).max(100),
  email: z.email(),
  age: z.int().min(0).max(150),
})

let created = 0

export const ping = () => ({ ok: true })
export const getUser = (id, verbose) => ({ id, verbose: verbose === '1' || verbose === true })
export const createUser = ({ name, email, age }) => ({ id: `u${++created % 10}`, name, email, age })
