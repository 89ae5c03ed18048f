/** Builds the site: first the page, then the service worker, which precaches the page's files. */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { build, type LogLevel } from 'vite'

const folder = import.meta.dirname

/** Writes the site to `outDir` (default `dist/site`) and resolves to that folder. */
export async function buildSite(
  outDir = join(folder, 'dist', 'site'),
  logLevel: LogLevel = 'warn',
): Promise<string> {
  await build({ configFile: join(folder, 'vite.config.ts'), logLevel, build: { outDir } })
  const files = globSync('**/*.*', { cwd: outDir }).sort()
  const digest = createHash('sha256')
  for (const file of files) digest.update(file).update(readFileSync(join(outDir, file)))
  const paths = files.map((file) => `/${file.split(sep).join('/')}`).filter((path) => path !== '/index.html')
  await build({
    configFile: false,
    root: folder,
    logLevel,
    // The main entry of csv-parse needs Node; this one runs in a browser.
    resolve: { alias: [{ find: /^csv-parse$/, replacement: 'csv-parse/browser/esm' }] },
    define: {
      precache: JSON.stringify(['/', ...paths]),
      version: JSON.stringify(digest.digest('hex').slice(0, 16)),
    },
    build: {
      outDir,
      emptyOutDir: false,
      target: 'es2022',
      copyPublicDir: false,
      chunkSizeWarningLimit: 800,
      rolldownOptions: {
        input: join(folder, 'src', 'sw.ts'),
        output: { format: 'iife', entryFileNames: 'sw.js', codeSplitting: false },
      },
    },
  })
  return outDir
}
