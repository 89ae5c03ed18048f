import { fileURLToPath } from 'node:url'
import { build, type Metafile, type Platform } from 'esbuild'
import { describe, expect, it } from 'vitest'

interface Bundled {
  /** Files of the bundle, as paths in this repository or in a package. */
  readonly files: readonly string[]
  /** What the bundle imports from outside, and how. */
  readonly imports: readonly { readonly path: string; readonly kind: string }[]
  readonly text: string
}

/** Bundles an app of these presets for a runtime. */
async function bundled(
  presets: Readonly<Record<string, string>>,
  runtime: 'node' | 'workerd' | 'browser',
): Promise<Bundled> {
  const names = Object.entries(presets)
  const lines = names.map(([name, path]) => `import { ${name} } from '@flowport/presets/${path}'`)
  const platform: Platform = runtime === 'node' ? 'node' : 'browser'
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: `${lines.join('\n')}\nconsole.log(${names.map(([name]) => `${name}()`).join(', ')})`,
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform,
    conditions: [runtime],
    external: ['opendal', 'node:*'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const output: Metafile['outputs'][string] | undefined = Object.values(metafile.outputs)[0]
  // What was read but left nothing is no trace.
  const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return {
    files: inputs.map(([path]) => path),
    imports: (output?.imports ?? []).map(({ path, kind }) => ({ path, kind })),
    text: outputFiles[0]?.text ?? '',
  }
}

const has = ({ files }: Bundled, part: string) => files.some((file) => file.includes(part))

describe('a bundle', () => {
  it.each(['node', 'workerd', 'browser'] as const)(
    'of an app with memory alone has no trace of the others, for %s',
    async (runtime) => {
      const app = await bundled({ memory: 'memory' }, runtime)
      expect(has(app, 'src/memory/preset.ts')).toBe(true)
      for (const part of [
        'ipaddr.js',
        'undici',
        'opendal',
        'src/http/',
        'src/gcs/',
        'src/azblob/',
        'advised-blob-driver',
      ])
        expect(has(app, part), part).toBe(false)
      expect(app.imports.filter(({ path }) => runtime !== 'node' || !path.startsWith('node:'))).toEqual([])
      expect(app.text).not.toMatch(/opendal|undici|ipaddr|HTTP_BLOB_|GCS_BUCKET|AZURE_/)
    },
  )

  it.each(['workerd', 'browser'] as const)(
    'of an app with http has nothing of Node, for %s',
    async (runtime) => {
      const app = await bundled({ http: 'http' }, runtime)
      for (const part of ['src/http/platform.web.ts', 'src/http/blob-driver.ts', 'ipaddr.js'])
        expect(has(app, part), part).toBe(true)
      for (const part of ['undici', 'opendal', 'src/http/node/', 'src/http/platform.node.ts'])
        expect(has(app, part), part).toBe(false)
      expect(app.imports).toEqual([])
      expect(app.text).not.toMatch(/undici|from ?["']node:|\bprocess\.|\bBuffer\b/)
    },
  )

  it('of an app with http has undici on Node, and no opendal', async () => {
    const app = await bundled({ http: 'http' }, 'node')
    for (const part of ['src/http/platform.node.ts', 'src/http/node/', 'undici'])
      expect(has(app, part), part).toBe(true)
    expect(has(app, 'opendal')).toBe(false)
    expect(app.imports.map(({ path }) => path)).not.toContain('opendal')
  })

  it.each(['workerd', 'browser'] as const)(
    'of an app with azblob and gcs has both over fetch, for %s',
    async (runtime) => {
      const app = await bundled({ azblob: 'azblob', gcs: 'gcs' }, runtime)
      for (const part of ['src/azblob/preset.ts', 'src/gcs/preset.ts', 'src/object-http/transport.web.ts'])
        expect(has(app, part), part).toBe(true)
      for (const part of ['undici', 'ipaddr', 'opendal', 'aws4/', 'node/', '.node.ts'])
        expect(has(app, part), part).toBe(false)
      expect(app.imports).toEqual([])
    },
  )

  it('of an app with azblob and gcs has undici on Node, and loads opendal by name at run time, which no bundler follows', async () => {
    const app = await bundled({ azblob: 'azblob', gcs: 'gcs' }, 'node')
    expect(app.imports.filter(({ path }) => path === 'opendal')).toEqual([])
    expect(app.text).toContain('OPENDAL_NOT_LOADED')
    expect(has(app, 'node_modules/opendal')).toBe(false)
    expect(has(app, 'undici')).toBe(true)
    expect(has(app, 'ipaddr')).toBe(false)
  })
})
