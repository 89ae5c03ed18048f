/** Builds the site: the page, then a service worker that knows its files. */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { build, type LogLevel } from 'vite'

const folder = import.meta.dirname

/** Into `dist/site`, or another folder. */
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
    // Its main entry is for Node.
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
