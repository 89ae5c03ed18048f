import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

/** Bundles a source for a platform, resolved from this folder. Returns the text and the input files. */
async function bundle(source: string, conditions: readonly string[], external: string[] = []) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    conditions: [...conditions],
    external,
    write: false,
    metafile: true,
    outfile: 'out.js',
  })
  const [output] = Object.values(metafile.outputs)
  const inputs = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [file] : [],
  )
  return { text: outputFiles[0]?.text ?? '', inputs }
}

const driver = `
export { S3BlobDriver } from './blob-driver.ts'
export { bucketUrl } from '../object-http/bucket-url.ts'
export { S3Client } from './client.ts'
`
/** What the driver does not bring: the contracts it fulfils. */
const contracts = ['@flowport/capabilities']

describe('the portable S3 driver', () => {
  it('has less than 20 KB, compressed, without the contracts it fulfils', async () => {
    const { text } = await bundle(driver, ['browser'], contracts)
    const size = gzipSync(text, { level: 9 }).byteLength
    expect(size).toBeLessThan(20 * 1024)
    // It is all there.
    expect(text).toMatch(/AWS4-HMAC-SHA256/)
    expect(size).toBeGreaterThan(5 * 1024)
  })

  it.each(['browser', 'workerd'])(
    'brings nothing of Node, its HTTP client or OpenDAL to %s',
    async (platform) => {
      for (const source of [driver, "export { s3, s3Extras } from '@flowport/presets/s3'"]) {
        const { text, inputs } = await bundle(source, [platform])
        expect(text).not.toMatch(/opendal-|undici|aws4\b.*RequestSigner|from\s*["']node:|require\(/)
        expect(
          inputs.filter((file) => /undici|aws4\/|opendal|fast-xml-parser|s3\/node\//.test(file)),
        ).toEqual([])
        expect(inputs.some((file) => file.includes('aws4fetch'))).toBe(true)
      }
    },
  )
})

describe.each(['s3', 'gcs', 'azblob'])('the preset %s, bundled for Node', (preset) => {
  it.each([false, true])('needs no opendal (minified: %s)', async (minify) => {
    const { outputFiles, metafile } = await build({
      stdin: {
        contents: `export * from '@flowport/presets/${preset}'`,
        resolveDir: import.meta.dirname,
        loader: 'ts',
      },
      bundle: true,
      minify,
      format: 'esm',
      platform: 'node',
      // As where the package is not installed: resolving it fails.
      alias: { opendal: '/not-installed/opendal' },
      write: false,
      metafile: true,
      outfile: 'out.js',
    })
    expect(outputFiles[0]?.text).toMatch(/OPENDAL_NOT_LOADED/)
    expect(Object.keys(metafile.inputs).filter((file) => /node_modules\/opendal/.test(file))).toEqual([])
  })
})

describe('an app without s3', () => {
  it.each([
    ['memory', 'memory', 'workerd'],
    ['cloudflare-kv', 'cloudflareKv', 'workerd'],
    ['durable-dedupe', 'durableDedupe', 'workerd'],
    ['durable-partitions', 'durablePartitions', 'workerd'],
    ['memory', 'memory', 'browser'],
  ])('with the preset %s holds no trace of it (%s, %s)', async (preset, name, platform) => {
    const { text, inputs } = await bundle(`export { ${name} } from '@flowport/presets/${preset}'`, [platform])
    expect(inputs.filter((file) => /presets\/src\/s3|aws4|undici|noble|opendal/.test(file))).toEqual([])
    expect(text).not.toMatch(/AWS4-HMAC-SHA256|x-amz-|S3_BUCKET/)
    expect(inputs.length).toBeGreaterThan(0)
  })
})
