/**
 * The contract of `Store`, for the test files of adapters. `MemoryStore` passes it by its clock, a store with a server
 * behind it in real time.
 */
import type { Store } from '../store/store.js'
import { type Conformance, toConformance, wait } from './conformance.js'
import { coordinationCases } from './store-coordination.js'
import { valueCases } from './store-values.js'

/** What a case works on, and what it closes at its end. */
export interface StoreSubject {
  /** Empty, and shared with no other case. */
  readonly store: Store
  /** A second instance on the same data, as another process holds one. `store` itself unless given. */
  readonly other?: Store
  /** Lets time pass for the store. Without it a case really waits, for less than a second. */
  readonly advance?: (ms: number) => Promise<void>
}

/** Every case of the contract: values, TTL and counters, then what several callers do to each other. */
export const storeConformance: Conformance<StoreSubject> = toConformance(
  (subject: StoreSubject) => ({
    store: subject.store,
    other: subject.other ?? subject.store,
    pass: (ms: number) => (subject.advance ? subject.advance(ms) : wait(ms)),
  }),
  async ({ store, other }) => {
    await store.close()
    await other?.close()
  },
  { ...valueCases, ...coordinationCases },
)
