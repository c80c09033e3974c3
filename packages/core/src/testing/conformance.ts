/**
 * What conformance suites are made of. A port's contract is a list of named cases, bound to no test runner; an adapter's
 * test file gives each of them a fresh subject:
 *
 *   for (const { name, run } of storeConformance) test(name, () => run(makeSubject))
 */

export interface ConformanceCase<Subject> {
  readonly name: string
  /** Makes a subject, works on it and frees it. Rejects with an AssertionError when the contract is broken. */
  readonly run: (make: () => Subject | Promise<Subject>) => Promise<void>
}

export type Conformance<Subject> = readonly ConformanceCase<Subject>[]

/** Cases by name, each of which gets what `open` makes of a fresh subject; `close` frees it, also after a failure. */
export function toConformance<Subject, Tools>(
  open: (subject: Subject) => Tools,
  close: (subject: Subject) => Promise<void>,
  cases: Readonly<Record<string, (tools: Tools) => Promise<void>>>,
): Conformance<Subject> {
  return Object.entries(cases).map(([name, check]) => ({
    name,
    run: async (make) => {
      const subject = await make()
      try {
        await check(open(subject))
      } finally {
        await close(subject)
      }
    },
  }))
}

/** Waits until `isSo` holds, for 5 s at most, in real time; rejects naming `what` then. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = performance.now(); !(await isSo()); await wait(2)) {
    if (performance.now() - start > 5_000) throw new Error(`Waited 5 s in vain until ${what}.`)
  }
}

/** Really waits. */
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
