/** Bundle sizes of Workers: the example, bare Hono, and what each preset adds. Written by `npm run bench:size`. */
import { gzipSync } from 'node:zlib'
import { resolve } from 'node:path'
import { build, type Metafile } from 'esbuild'

export interface Bundle {
  readonly bytes: number
  readonly gzip: number
  readonly text: string
  readonly inputs: Metafile['outputs'][string]['inputs']
}

/** Bundles a module's source text, placed in the folder of the example Worker, as wrangler does with `--minify`. */
export async function bundle(source: string): Promise<Bundle> {
  const resolveDir = resolve(import.meta.dirname, '../../examples/workers/src')
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*', 'stream'],
    write: false,
    metafile: true,
    outfile: 'worker.js',
    logLevel: 'error',
  })
  const [file] = outputFiles
  const [output] = Object.values(metafile.outputs)
  if (file === undefined || output === undefined) throw new Error('nothing was bundled')
  return {
    bytes: file.contents.byteLength,
    gzip: gzipSync(file.contents, { level: 9 }).byteLength,
    text: file.text,
    inputs: output.inputs,
  }
}
