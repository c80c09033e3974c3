/** Loaded before each unit test file by `npm run test:all`: property tests try 20 times as many inputs. */
import { configureGlobal } from 'fast-check'

configureGlobal({ numRuns: 2_000 })
