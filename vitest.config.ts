/**
 * The tests in four projects, which `npm test` runs one after the other: unit, types, walls and e2e.
 * `npx vitest run <file>` runs any one of them.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Tests read our packages' sources, so that a test run needs no build before it. */
const alias = [
  { find: /^@igniter-js\/core\/testing$/, replacement: at('packages/core/src/testing/index.ts') },
  { find: /^@igniter-js\/core\/(.+)$/, replacement: at('packages/core/src/$1.ts') },
  { find: /^@igniter-js\/([^/]+)$/, replacement: at('packages/$1/src/index.ts') },
]

export default defineConfig({
  resolve: { alias },
  test: {
    testTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.{ts,tsx}', 'tests/seed/*.test.ts'],
          setupFiles: process.env.LONG ? ['tests/long.ts'] : [],
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['packages/*/src/**/*.test-d.ts', 'tests/**/*.test-d.ts'],
            tsconfig: 'tests/tsconfig.json',
            // Errors outside the tests are found by the compiler's own steps.
            ignoreSourceErrors: true,
          },
        },
      },
      // Against the built packages, as users get them.
      { test: { name: 'walls', include: ['tests/{walls,types}/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          // One browser and one app at a time.
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
})
