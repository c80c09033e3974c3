/** The testing kit, `@igniter-js/core/testing`: time to drive, and the suites that adapters must pass. */
export { createTestApp, type LoggedEntry, type ReadAnswer, type TestApp } from './app.js'
export { createTestClock, type TestClock } from './clock.js'
export type { Conformance, ConformanceCase } from './conformance.js'
export { logConformance, type LogSubject } from './log-conformance.js'
export { storeConformance, type StoreSubject } from './store-conformance.js'
