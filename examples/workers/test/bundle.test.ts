import { build } from 'esbuild'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Bundles a Worker's source as wrangler does; tells its text and the files it is made of. */
async function bundle(source: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: resolve(import.meta.dirname, '../src'), loader: 'ts' },
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    write: false,
    metafile: true,
    outfile: 'worker.js',
  })
  const [output] = Object.values(metafile.outputs)
  const files = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [file] : [],
  )
  return { text: outputFiles[0]?.text ?? '', files }
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
  ])('%s holds nothing of opendal, fastify, Node or the other presets', async (preset, name, portable) => {
    const { text, files } = await bundle(workerOn(preset, name))
    expect(text).not.toMatch(/opendal|fastify|vitest|from\s*["']node:/i)
    const packages = new Set(files.flatMap((file) => /node_modules\/\.pnpm\/([^/]+)\//.exec(file)?.[1] ?? []))
    expect([...packages].filter((found) => /opendal|fastify|wrangler|vitest|zod/.test(found))).toEqual([])
    const others = files.flatMap((file) => /presets\/src\/lib\/([^/]+)\//.exec(file)?.[1] ?? [])
    const own = { 'cloudflare-r2': [preset, 's3'], 'durable-dedupe': [preset, 'durable'] }[preset] ?? [preset]
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

  it('resolves presets of other runtimes to a stub', async () => {
    const { files } = await bundle(workerOn('sqlite', 'sqlite'))
    const ours = files.flatMap((file) => /presets\/src\/(.*)$/.exec(file)?.[1] ?? [])
    expect(ours).toContain('sqlite.unsupported.ts')
    expect(ours.filter((file) => file.includes('driver'))).toEqual([])
  })
})
