/** Builds the page into dist, where src/page-files.ts finds it. `vite` alone serves it with hot reload beside a server on 3000. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  server: { proxy: { '/api': 'http://localhost:3000' } },
  // Nothing inlined as data: URLs, which the page's Content-Security-Policy would refuse.
  build: { outDir: 'dist', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
})
