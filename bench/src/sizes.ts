/** Measures bundle sizes of Workers: the example, bare Hono, and the addition of each preset. */
import { gzipSync } from 'node:zlib'
import { resolve } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { digits } from './numbers.ts'
import type { Report } from './report.ts'

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

const presets = {
  'cloudflare-kv': 'cloudflareKv',
  'cloudflare-r2': 'cloudflareR2',
  'cloudflare-queues': 'cloudflareQueues',
  'durable-dedupe': 'durableDedupe',
  'durable-partitions': 'durablePartitions',
  'durable-state': 'durableState',
  memory: 'memory',
} as const

const bare = `import { createWorker } from '@flowport/host-workers'
import { defineApp } from '@flowport/flow'
export default createWorker(defineApp({ flows: [], profiles: { workers: [] } }))`

/** Returns the source of a Worker without flows on one preset, with the Durable Object classes it needs. */
export function workerOn(preset: keyof typeof presets): string {
  const objects = preset.startsWith('durable-') ? `export * from '@flowport/presets/${preset}/objects'\n` : ''
  return `import { createWorker } from '@flowport/host-workers'
import { defineApp } from '@flowport/flow'
import { ${presets[preset]} } from '@flowport/presets/${preset}'
${objects}export default createWorker(defineApp({ flows: [], profiles: { workers: [${presets[preset]}()] } }))`
}

export async function measure(): Promise<Report> {
  const hono = await bundle(
    `import { Hono } from 'hono'\nexport default new Hono().get('/', (context) => context.text(''))`,
  )
  const host = await bundle(bare)
  const example = await bundle(`export * from './worker.ts'\nexport { default } from './worker.ts'`)
  const zod = await bundle(`import * as z from 'zod'\nexport default z.object({ a: z.string() })`)
  const csv = await bundle(`export { parse as default } from 'csv-parse'`)
  const kib = (bytes: number) => digits(bytes / 1024)
  const rows = [
    ['bare Hono', kib(hono.bytes), kib(hono.gzip), '–'],
    ['a Worker without flows or presets', kib(host.bytes), kib(host.gzip), kib(host.gzip - hono.gzip)],
  ]
  for (const preset of Object.keys(presets) as (keyof typeof presets)[]) {
    const one = await bundle(workerOn(preset))
    rows.push([
      `… with \`${preset}\``,
      kib(one.bytes),
      kib(one.gzip),
      `${kib(one.gzip - host.gzip)} for the preset`,
    ])
  }
  const above = example.gzip - hono.gzip
  rows.push(['the whole example Worker', kib(example.bytes), kib(example.gzip), kib(above)])
  rows.push(['in it: zod, by itself', kib(zod.bytes), kib(zod.gzip), ''])
  rows.push(['in it: csv-parse, by itself', kib(csv.bytes), kib(csv.gzip), ''])
  return {
    tables: [
      {
        title: 'Bundles, minified',
        header: ['', 'KiB', 'gzip KiB', 'gzip KiB above the one before it'],
        rows,
      },
    ],
    aims: [
      {
        aim: 'the whole example Worker: at most 40 KiB gzip above bare Hono',
        measured: kib(above),
        holds: above <= 40 * 1024,
      },
    ],
  }
}
