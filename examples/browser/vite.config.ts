/** Builds the page. `build.ts` builds the service worker afterwards, because it must list the page's files. */
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: 'dist/site',
    emptyOutDir: true,
    target: 'es2022',
    // DuckDB is a separate chunk that the first query downloads.
    chunkSizeWarningLimit: 800,
    modulePreload: { polyfill: false },
  },
})
