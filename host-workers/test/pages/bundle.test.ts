/** The download size of each entry for a page. No bundle contains Node modules or evaluates text as code. */
import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

async function bundle(source: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    outfile: 'bundle.js',
  })
  const [output] = Object.values(metafile.outputs)
  const files = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [file] : [],
  )
  const [file] = outputFiles
  return { text: file?.text ?? '', kilobytes: gzipSync(file?.contents ?? '').length / 1000, files }
}

describe('a bundle for browsers', () => {
  it.each([
    ['createOutbox', 'browser', 10.5],
    ['registerServiceWorker', 'browser', 3],
    ['createBrowserHost', 'browser', 105],
    ['createServiceWorker', 'service-worker', 108],
  ])('%s of ./%s is at most %f kB', async (name, entry, most) => {
    const { text, kilobytes, files } = await bundle(
      `export { ${name} } from '@flowport/host-workers/${entry}'`,
    )
    expect(kilobytes).toBeLessThan(most)
    expect(text).not.toMatch(/from\s*["']node:|\beval\(|new Function\(/)
    expect(files.filter((file) => /typebox|presets|zod|fastify/.test(file))).toEqual([])
  })

  it('of the outbox contains no code of flows', async () => {
    const { files } = await bundle(`export { createOutbox } from '@flowport/host-workers/browser'`)
    expect(files.filter((file) => /hono|^(?:\.\.\/)*flow\//.test(file))).toEqual([])
  })
})
