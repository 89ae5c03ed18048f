import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

/** All of a scheme's entry, and the files it is made of. */
async function bundle(scheme: string, preset: string, platform: string) {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export { ${scheme} } from '@flowport/presets/${preset}/storage'`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    conditions: [platform],
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

describe.each([
  ['gsScheme', 'gcs', 'browser'],
  ['gsScheme', 'gcs', 'workerd'],
  ['azScheme', 'azblob', 'browser'],
  ['azScheme', 'azblob', 'workerd'],
])('%s of %s/storage, %s', (scheme, preset, platform) => {
  it('has less than 60 KB, compressed, and nothing of Node, OpenDAL or TypeBox', async () => {
    const { text, inputs } = await bundle(scheme, preset, platform)
    const size = gzipSync(text, { level: 9 }).byteLength
    expect(size).toBeLessThan(60 * 1024)
    // It is all there.
    expect(size).toBeGreaterThan(5 * 1024)
    expect(text).not.toMatch(/opendal-|undici|from\s*["']node:|require\(/)
    expect(
      inputs.filter((file) =>
        /typebox|env-schema|undici|aws4\/|opendal|s3\/node\/|preset\/preset/.test(file),
      ),
    ).toEqual([])
  })
})
