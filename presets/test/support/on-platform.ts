/** Imports an entry of this package as another runtime resolves it, so that Node's tests can hold the variants side by side. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { tempDirectory } from './temp-directory.ts'

/**
 * Resolves the module `@flowport/presets/<entry>`, bundled with the condition `runtime`. `M` is the type of the entry's
 * module; its types are the same on every runtime. The bundle holds its own copy of `@flowport/capabilities`: errors and
 * resources are recognized across copies, classes are not.
 */
export async function onPlatform<M>(entry: string, runtime: 'workerd' | 'browser'): Promise<M> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from '@flowport/presets/${entry}'`,
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: [runtime],
    external: ['cloudflare:workers'],
    write: false,
    logLevel: 'silent',
  })
  const file = join(tempDirectory(), 'entry.mjs')
  writeFileSync(file, outputFiles[0]?.contents ?? '')
  return (await import(pathToFileURL(file).href)) as M
}
