import { inspect } from 'node:util'
import {
  CapabilityError,
  control,
  createBlobStore,
  createKeyValue,
  type OpenContext,
  prefix,
  type Resource,
  ResourceBag,
  silentLogger,
} from '@flowport/capabilities'
import { memoryKvDriver } from '@flowport/capabilities/memory'
import { createStorage, kvScheme, memoryScheme, type UriStorage } from '@flowport/capabilities/storage'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import type * as R2Entry from '../cloudflare-r2/scheme-entry.ts'
import { r2Scheme } from '../cloudflare-r2/scheme-entry.ts'
import { fileScheme } from '../fs/scheme-entry.ts'
import type * as FsEntry from '../fs/scheme-entry.ts'
import { httpScheme } from '../http/scheme-entry.ts'
import type * as HttpEntry from '../http/scheme-entry.ts'
import { PlainFileDriver } from '../fs/node/plain-file-driver.ts'
import { s3Scheme } from '../s3/scheme-entry.ts'
import { uriStorage } from './preset.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { tempDirectory } from '../../test/support/temp-directory.ts'

const { r2Scheme: webR2 } = await onPlatform<typeof R2Entry>('cloudflare-r2/storage', 'browser')
const { r2Scheme: workersR2 } = await onPlatform<typeof R2Entry>('cloudflare-r2/storage', 'workerd')
const { fileScheme: unsupportedFile } = await onPlatform<typeof FsEntry>('fs/storage', 'workerd')
const { httpScheme: webHttp } = await onPlatform<typeof HttpEntry>('http/storage', 'browser')

const marker = 'MARKER-91c2'

function context(more: Partial<OpenContext> = {}): OpenContext {
  return { env: {}, log: silentLogger, clock: systemClock, bindings: {}, ...more }
}

describe('preset storage', () => {
  it('provides storage over its schemes, with layers and views', async () => {
    const provider = uriStorage({ schemes: [memoryScheme()] })
    expect(provider.provides).toEqual({ storage: { provider: 'uri-storage', extensions: {} } })
    expect(JSON.stringify(provider.hints)).toMatch(/resource::storage::read.*resource::storage::write/)
    const { resources, close } = await provider.open(context())
    const storage = resources.get('storage') as unknown as UriStorage & Resource
    await storage.write('memory://a', 'x')
    expect(await storage.read('memory://a')).toBe('x')
    expect(storage[control].layers).toEqual(['logging', 'retry', 'timeout'])
    expect(storage[control].info).toMatchObject({
      extensions: { 'dev.flowport.storage.schemes': ['memory'] },
    })
    const bag = ResourceBag.empty().with('storage', storage)
    expect(JSON.stringify(bag.describe())).toContain('uri-storage')
    await bag.close()
    await close()
    await expect(storage.read('memory://a')).rejects.toMatchObject({ code: 'STORAGE_CLOSED' })
  })

  it('can be named, and takes the variables of the profile and its fallback', async () => {
    const { resources } = await uriStorage({
      schemes: [s3Scheme(), unsupportedFile({ root: '/' })],
      fallback: { file: memoryScheme() },
      as: 'files',
    }).open(
      context({
        env: {
          AWS_ACCESS_KEY_ID: `${marker}-key`,
          AWS_SECRET_ACCESS_KEY: `${marker}-secret`,
          AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
        },
      }),
    )
    const storage = resources.get('storage:files') as unknown as ReturnType<typeof createStorage>
    expect(storage.describe()).toEqual([
      { scheme: 's3', provider: 's3', hasCredentials: true },
      { scheme: 'file' },
    ])
    await storage.write('file:///x', 'kept in memory')
    expect(storage.describe()[1]).toMatchObject({ fallback: { provider: 'memory' } })
    const error = await storage
      .read('s3://bucket/x', { signal: AbortSignal.timeout(200) })
      .catch((each: unknown) => each)
    expect(
      inspect([storage, storage.info, error, storage.describe()], { depth: 20, showHidden: true }),
    ).not.toContain(marker)
    expect(JSON.stringify([storage, storage.info, error, storage.describe()])).not.toContain(marker)
    await storage.close()
  })
})

describe('schemes of other runtimes', () => {
  it('have the same fields and rules', () => {
    expect(JSON.stringify(webHttp())).toBe(JSON.stringify(httpScheme()))
    expect(JSON.stringify(webR2())).toBe(JSON.stringify(r2Scheme()))
  })

  it('say what is missing where they are used', async () => {
    const storage = createStorage({
      schemes: [unsupportedFile({ root: '/' }), workersR2({ bindings: { other: {} as never } })],
    })
    await expect(storage.read('file:///x')).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
      key: 'file:///x',
    })
    await expect(storage.read('r2://media/x')).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'MISSING_BINDING',
    })
    await expect(storage.read('r2://other/x')).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it('refuse a root that is none', () => {
    for (const root of [[], '', ['/srv', '']]) expect(() => fileScheme({ root })).toThrow(CapabilityError)
  })
})

describe('credentials of http', () => {
  it('need the origin they go to', async () => {
    const storage = createStorage({ schemes: [httpScheme()] })
    storage.setCredentials('http', { token: marker })
    const error = await storage.read('http://data.test/x').catch((each: unknown) => each)
    expect(error).toMatchObject({ code: 'INVALID_CREDENTIALS', message: expect.stringContaining('origin') })
    expect(inspect(error)).not.toContain(marker)
  })
})

const fileOrFolder = 'a name on disk is a file or a folder, not both'
const fileNames = 'a name of a file has at most 255 bytes'

blobConformance('the store of file://', {
  clock: 'real',
  features: { createOnly: true, ranges: true },
  skip: {
    'a deep path and a long segment are kept': fileNames,
    'a key of exactly maxKeyBytes is kept, one byte more is LimitExceeded': fileNames,
    'maxKeyBytes counts UTF-8 bytes, not characters': fileNames,
    'a key that is the beginning of another is kept apart, also where it would be its directory':
      fileOrFolder,
    'the order is that of the whole key, not of path after path': fileOrFolder,
    'a prefix selects exactly the keys that start with it, within a segment too': fileOrFolder,
    'a delimiter groups what follows it, once, beside the objects above it': fileOrFolder,
  },
  open: () => {
    const directory = tempDirectory()
    // Keys are paths from the root of the disk: the suite's are below its folder.
    const open = () =>
      createBlobStore(new PlainFileDriver({ roots: [directory], readOnly: false }), {
        layers: [prefix(`${directory.slice(1)}/`)],
      })
    return { blob: open(), reopen: open }
  },
})

blobConformance('the store of kv://', {
  clock: 'manual',
  features: { createOnly: true, ranges: true, metadata: true, contentType: true },
  open: async ({ clock }) => {
    const kv = createKeyValue(memoryKvDriver({ clock }))
    const opened = await kvScheme({ kv }).open('kv', { credentials: null, env: {}, log: silentLogger, clock })
    return { blob: opened.blob, close: () => Promise.resolve() }
  },
})
