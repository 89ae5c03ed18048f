/** The page. `build.ts` adds the service worker, which must know the files of the page. */
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: 'dist/site',
    emptyOutDir: true,
    target: 'es2022',
    // DuckDB is fetched when the first query asks for it.
    chunkSizeWarningLimit: 800,
    modulePreload: { polyfill: false },
  },
})
