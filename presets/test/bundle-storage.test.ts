import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

type Schemes = Readonly<Record<string, string>>

/** An app with a storage of these schemes beside memory, as a module for browsers. */
async function bundle(schemes: Schemes, splitting: boolean) {
  const names = Object.entries(schemes)
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: [
        "import { createStorage, memoryScheme } from '@flowport/capabilities/storage'",
        ...names.map(([name, path]) => `import { ${name} } from '@flowport/presets/${path}/storage'`),
        `const schemes = [memoryScheme(), ${names.map(([name]) => `${name}()`).join(', ')}]`,
        'export const storage = createStorage({ schemes })',
      ].join('\n'),
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    splitting,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    conditions: ['browser'],
    metafile: true,
    write: false,
    outdir: 'out',
    logLevel: 'silent',
  })
  return { outputs: metafile.outputs, files: outputFiles }
}

/** Bytes, compressed, of what a page loads before it uses any of it: the entry and what that imports at once. */
async function atStart(schemes: Schemes): Promise<number> {
  const { outputs, files } = await bundle(schemes, true)
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === '<stdin>') ?? ''
  const loaded = new Set([entry])
  for (const path of loaded)
    for (const { path: next, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement') loaded.add(next)
  return files
    .filter(({ path }) => [...loaded].some((each) => path.endsWith(each)))
    .reduce((sum, { contents }) => sum + compressed(contents), 0)
}

/** Bytes, compressed, of everything in one file, as a service worker needs it: drivers, digests, what is loaded later. */
async function inAll(schemes: Schemes): Promise<number> {
  const { files } = await bundle(schemes, false)
  return compressed(files[0]?.contents ?? new Uint8Array())
}

function compressed(contents: Uint8Array): number {
  return gzipSync(contents, { level: 9 }).byteLength
}

const kilobyte = 1024
const core: Schemes = { httpScheme: 'http', httpsScheme: 'http', opfsScheme: 'opfs-browser' }
const backends: Schemes = { s3Scheme: 's3', gsScheme: 'gcs', azScheme: 'azblob', r2Scheme: 'cloudflare-r2' }

describe('a bundle of a storage', () => {
  it('starts with less than 15 KB for the core, memory, http and opfs, and has less than 39 KB in all', async () => {
    const [start, all] = [await atStart(core), await inAll(core)]
    expect(start).toBeLessThan(15 * kilobyte)
    expect(start).toBeGreaterThan(5 * kilobyte)
    expect(all).toBeLessThan(39 * kilobyte)
  })

  it('starts with less than 10 KB more for s3, and has less than 18.5 KB more in all', async () => {
    const more = { ...core, s3Scheme: 's3' }
    expect((await atStart(more)) - (await atStart(core))).toBeLessThan(10 * kilobyte)
    expect((await inAll(more)) - (await inAll(core))).toBeLessThan(18.5 * kilobyte)
  })

  it.each(Object.entries(backends))('has less than 60 KB more in all for %s', async (name, path) => {
    const more = { ...core, [name]: path }
    expect((await inAll(more)) - (await inAll(core))).toBeLessThan(60 * kilobyte)
  })

  it.each(Object.entries({ ...core, ...backends }))(
    'with %s has nothing of Node, of schemas, and of schemes that it does not name',
    async (name, path) => {
      const { outputs, files } = await bundle({ [name]: path }, false)
      const output = Object.values(outputs)[0]
      expect(output?.imports).toEqual([])
      const inputs = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
        bytesInOutput > 0 ? [file] : [],
      )
      expect(
        inputs.filter((file) => /typebox|undici|opendal|aws4\/|ipaddr|\/node\/|preset\/preset/.test(file)),
      ).toEqual([])
      expect(files[0]?.text).not.toMatch(/from ?["']node:|\bprocess\.env|\bBuffer\./)
      // Providers share `object-http` and `platform`. Google and R2 use the S3 driver, which knows the keys of R2.
      const folders = new Set(inputs.flatMap((file) => /presets\/src\/([a-z0-9-]+)\//.exec(file)?.[1] ?? []))
      for (const shared of ['object-http', 'platform', 's3']) folders.delete(shared)
      if (path === 's3') folders.delete('cloudflare-r2')
      expect([...folders].filter((folder) => folder !== path)).toEqual([])
    },
  )

  it('with memory alone has no trace of the network', async () => {
    const { files } = await bundle({}, false)
    expect(files[0]?.text).not.toMatch(/AWS4-HMAC-SHA256|x-amz-|x-ms-|getDirectory/)
  })
})
