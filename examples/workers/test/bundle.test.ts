import { build } from 'esbuild'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Bundles a Worker's source as wrangler does. Resolves to the bundle's text and size, and the files it contains. */
async function bundle(source: string, minify = false) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: resolve(import.meta.dirname, '../src'), loader: 'ts' },
    bundle: true,
    minify,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*', 'stream'],
    write: false,
    metafile: true,
    outfile: 'worker.js',
  })
  const [output] = Object.values(metafile.outputs)
  const files = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [file] : [],
  )
  return { text: outputFiles[0]?.text ?? '', bytes: outputFiles[0]?.contents.byteLength ?? 0, files }
}

const workerOn = (preset: string, name: string) => `
import { defineApp } from '@flowport/flow'
import { createWorker } from '@flowport/host-workers'
import { ${name} } from '@flowport/presets/${preset}'
export default createWorker(defineApp({ flows: [], profiles: { workers: [${name}()] } }))
`

describe('a Worker that imports one preset', () => {
  it.each([
    ['cloudflare-kv', 'cloudflareKv', ['kv/key-value']],
    ['cloudflare-r2', 'cloudflareR2', ['blob/blob-store']],
    ['cloudflare-queues', 'cloudflareQueues', ['queue/queue']],
    ['durable-dedupe', 'durableDedupe', ['dedupe/dedupe-store', 'kv/key-value']],
    ['durable-partitions', 'durablePartitions', ['dedupe/dedupe-store', 'kv/key-value']],
  ])('%s contains no code of opendal, fastify, Node or the other presets', async (preset, name, portable) => {
    const { text, files } = await bundle(workerOn(preset, name))
    expect(text).not.toMatch(/opendal|fastify|vitest|from\s*["']node:/i)
    const packages = new Set(files.flatMap((file) => /node_modules\/\.pnpm\/([^/]+)\//.exec(file)?.[1] ?? []))
    expect([...packages].filter((found) => /opendal|fastify|wrangler|vitest|zod/.test(found))).toEqual([])
    const others = files.flatMap((file) => /presets\/src\/([^/]+)\//.exec(file)?.[1] ?? [])
    const shared = preset.startsWith('durable-')
      ? ['cloudflare']
      : preset === 'cloudflare-r2'
        ? ['s3', 'object-http']
        : []
    const own = [preset, 'platform', ...shared]
    expect([...new Set(others)].filter((found) => !own.includes(found))).toEqual([])
    expect(others).toContain(preset)
    const types = files.flatMap(
      (file) =>
        /capabilities\/src\/lib\/(\w+\/(?:blob-store|key-value|dedupe-store|queue|state-store|cache))\.ts$/.exec(
          file,
        )?.[1] ?? [],
    )
    expect(types.toSorted()).toEqual(portable)
  })

  it('cloudflare-r2 signs URLs without an S3 client', async () => {
    const { text, files } = await bundle(workerOn('cloudflare-r2', 'cloudflareR2'))
    expect(text).toContain('AWS4-HMAC-SHA256')
    expect(
      files.filter((file) =>
        /(?:s3\/(?:client|translate-error)|object-http\/(?:xml|digests))\.ts$|@noble/.test(file),
      ),
    ).toEqual([])
  })

  it('contains only the declaration and the refusal of a preset of another runtime', async () => {
    const { files } = await bundle(workerOn('sqlite', 'sqlite'))
    const ours = files.flatMap((file) => /presets\/src\/(.*)$/.exec(file)?.[1] ?? [])
    expect(ours).toEqual(expect.arrayContaining(['sqlite/preset.ts', 'platform/refusal.ts']))
    expect(ours.filter((file) => file.includes('node'))).toEqual([])
  })
})

describe('the example Worker', () => {
  it('contains only the presets of its profile, in less than 552 KiB', async () => {
    const { bytes, files } = await bundle(
      `export * from './worker.ts'\nexport { default } from './worker.ts'`,
      true,
    )
    expect(bytes).toBeLessThan(552 * 1024)
    // The lower bound detects a bundle that is incomplete.
    expect(bytes).toBeGreaterThan(300 * 1024)
    const presets = files.flatMap((file) => /presets\/src\/([\w-]+)\/preset\./.exec(file)?.[1] ?? [])
    expect([...new Set(presets)].toSorted()).toEqual([
      'cloudflare-kv',
      'cloudflare-queues',
      'cloudflare-r2',
      'durable-dedupe',
    ])
    expect(files.filter((file) => /lru-cache|capabilities\/src\/lib\/memory\//.test(file))).toEqual([])
  })
})
