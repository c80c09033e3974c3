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
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 20_000,
  },
})
