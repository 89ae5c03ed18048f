import { inspect } from 'node:util'
import {
  type BlobStore,
  controlOf,
  type OpenContext,
  type OpenedProvider,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { azblob } from './preset.ts'
import { createContainer, startAzurite, withoutAzurite } from '../../test/support/azurite.ts'

function context(more: Partial<OpenContext> = {}): OpenContext {
  return { env: {}, log: silentLogger, clock: systemClock, bindings: {}, ...more }
}

function blobOf({ resources }: Pick<OpenedProvider, 'resources'>): BlobStore {
  return resources.get('blob') as unknown as BlobStore
}

type Options = Parameters<typeof azblob>[0]

async function opened(options: Options, more: Partial<OpenContext> = {}): Promise<BlobStore> {
  return blobOf(await azblob(options).open(context(more)))
}

const noXml =
  'the keys hold U+FFFF, which no listing of Azure could; order and groups of others are tried below'
const skip = {
  'metadata comes back as it was, unicode values too':
    'Azurite answers its own Object.prototype.constructor under that name; other names are tried below',
  'objects list in UTF-8 byte order, however they were written, on pages of any size': noXml,
  'groups and objects share pages, and no page repeats a group': noXml,
}

const longDelimiter = {
  'a delimiter may be other text than "/"':
    'Azurite cuts groups after the first character of a longer delimiter, which OpenDAL does not send',
}

const azurite = await startAzurite()
if (azurite === null) describe.skip('preset azblob on Azurite', () => it(withoutAzurite, () => undefined))
else {
  for (const [name, options] of [
    ['bare', { layers: () => [] }],
    ['layered', {}],
    ['engine opendal, bare', { engine: 'opendal', layers: () => [] }],
    ['engine opendal, layered', { engine: 'opendal' }],
  ] as const) {
    blobConformance(`preset azblob on Azurite, ${name}`, {
      clock: 'real',
      features: {
        createOnly: true,
        compareAndSwap: true,
        ranges: true,
        metadata: true,
        contentType: true,
        serverCopy: true,
      },
      skip: 'engine' in options ? skip : { ...skip, ...longDelimiter },
      open: async () => {
        const container = await createContainer(azurite)
        const provider = azblob({ ...azurite, container, ...options })
        const open = async () => blobOf(await provider.open(context()))
        return { blob: await open(), reopen: open }
      },
    })
  }
}

describe('preset azblob', () => {
  const complete = {
    AZURE_STORAGE_ACCOUNT: 'account',
    AZURE_STORAGE_KEY: 'bWFya2Vy',
    AZURE_BLOB_CONTAINER: 'media',
  }

  it('names all that is missing, and nothing that is there', async () => {
    await expect(opened({})).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(
        /AZURE_STORAGE_ACCOUNT.*AZURE_BLOB_CONTAINER.*AZURE_STORAGE_KEY.*AZURE_STORAGE_SAS_TOKEN/,
      ),
    })
    for (const name of Object.keys(complete)) {
      const error: unknown = await opened({}, { env: { ...complete, [name]: '' } }).catch((e: unknown) => e)
      expect(error).toMatchObject({ kind: 'Misconfigured', message: expect.stringContaining(name) })
      expect(String(error)).not.toContain('bWFya2Vy')
    }
  })

  it.each([
    { accountKey: 'marker, no base64' },
    { accountKey: 'bWFya2Vy', sasToken: 'sv=1&sig=marker' },
    { sasToken: 'https://account.blob.core.windows.net/?sv=1&sig=marker x' },
    { sasToken: 'sp=marker' },
    { endpoint: 'https://a:marker@account.blob.core.windows.net' },
    { endpoint: 'https://account.blob.core.windows.net/?sig=marker' },
    { endpoint: 'marker' },
    { root: '../marker' },
    { root: 'marker//x' },
    { chunkBytes: 1 },
    { uploadConcurrency: 0 },
    { http: { headersTimeoutMs: 0 } },
    { engine: 'opendal', uploadConcurrency: 2 },
  ] as const)('refuses %o, and repeats nothing of it', async (options) => {
    const error: unknown = await opened(options, { env: complete }).catch((e: unknown) => e)
    expect(error).toMatchObject({ kind: 'Misconfigured' })
    expect(inspect(error, { depth: 9 })).not.toMatch(/marker/)
  })

  it('states what its driver states', async () => {
    const { blob } = azblob().provides
    const { info } = await opened({}, { env: complete })
    expect(info).toEqual(blob)
    const engine = await opened({ engine: 'opendal' }, { env: complete })
    const { extensions, ...stated } = engine.info
    expect({ ...stated, extensions: blob.extensions }).toEqual(blob)
    expect(extensions).toMatchObject({
      ...blob.extensions,
      'org.apache.opendal.scheme': 'azblob',
      'org.apache.opendal.objects': 'plain',
    })
    expectTypeOf(blob.consistency).toEqualTypeOf<'strong'>()
    expectTypeOf(blob.features.compareAndSwap).toEqualTypeOf<true>()
    const small = await opened({ chunkBytes: 65_536 }, { env: complete })
    expect(small.info.limits.maxObjectBytes).toBe(50_000 * 65_536)
    expect(controlOf('blob', small).layers).toEqual(['logging', 'retry', 'timeout'])
  })
})
