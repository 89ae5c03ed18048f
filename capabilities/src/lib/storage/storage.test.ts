import { inspect } from 'node:util'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { createBlobStore } from '../blob/blob-store.ts'
import { CapabilityError } from '../error.ts'
import type { CallOptions } from '../kv/contract.ts'
import { createKeyValue } from '../kv/key-value.ts'
import { logging } from '../layers/logging.ts'
import { retry } from '../layers/retry.ts'
import { timeout } from '../layers/timeout.ts'
import type { Logger } from '../logger.ts'
import { memoryBlobDriver } from '../memory/blob.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { control } from '../resource/resource.ts'
import { systemClock } from '../system/clock.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { blobScheme } from './blob-scheme.ts'
import type { UriStorage, UriStorageReader } from './contract.ts'
import { kvScheme } from './kv-scheme.ts'
import { memoryScheme } from './memory-scheme.ts'
import type { OpenedStore, SchemeContext, StorageScheme } from './scheme.ts'
import { createStorage, type ManagedStorage } from './storage.ts'

const store = () => ({ blob: createBlobStore(memoryBlobDriver()) })

/** A scheme with credentials, that tells what it was opened with. */
function cloud(
  open: (name: string, context: SchemeContext<CloudField>) => OpenedStore | Promise<OpenedStore> = store,
) {
  const scheme: StorageScheme<'cloud', 'cloudy', CloudField> = {
    scheme: 'cloud',
    provider: 'cloudy',
    fields: {
      key: { env: ['CLOUD_KEY', 'CLOUD_OLD_KEY'], required: true },
      secret: { env: ['CLOUD_SECRET'], required: true },
      token: { env: ['CLOUD_TOKEN'] },
    },
    authority: 'store',
    open,
  }
  return scheme
}
type CloudField = 'key' | 'secret' | 'token'

function recording(): { readonly log: Logger; readonly lines: unknown[][] } {
  const lines: unknown[][] = []
  const line =
    (level: string) =>
    (...args: unknown[]) =>
      void lines.push([level, ...args])
  return {
    lines,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
  }
}

const marker = 'MARKER-7f3a'

describe('URIs', () => {
  const storage = createStorage({
    schemes: [memoryScheme(), cloud(), kvScheme({})],
    credentials: { cloudy: { key: 'k', secret: 's' } },
  })

  it.each([
    '',
    'x',
    '/x',
    'C:\\x',
    'mailto:x',
    'memory:x',
    'memory:/x',
    '//x',
    'memory:///x',
    'memory://../x',
    'memory://a/../b',
    'memory://a/./b',
    'memory://a//b',
    'memory://a//',
    'memory://a\\b',
    'memory://a\0b',
    'memory://\ud800',
    'cloud:///k',
    'cloud://',
    'cloud://a b/k',
    'cloud://b:80/k',
    'cloud://b?q/k',
    'cloud://../k',
    'cloud://b//k',
    'cloud://b/k/../../c/k',
  ])('refuses %j', async (uri) => {
    await expect(storage.read(uri)).rejects.toMatchObject({
      kind: 'InvalidInput',
      code: 'INVALID_URI',
      capability: 'storage',
    })
  })

  it('refuses what is no text', async () => {
    for (const uri of [undefined, null, 1, {}, new URL('memory://a/b')])
      await expect(storage.read(uri as never)).rejects.toMatchObject({ code: 'INVALID_URI' })
  })

  it('refuses user and password, and never shows them', async () => {
    const error = await storage
      .read(`cloud://key:${marker}@bucket/k?sig=${marker}`)
      .catch((each: unknown) => each)
    expect(error).toMatchObject({ code: 'INVALID_URI', key: 'cloud://***@bucket/k?***' })
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain(marker)
  })

  it('lists what is supported, and names the import of what could be', async () => {
    await expect(storage.read('ftp://x')).rejects.toMatchObject({
      kind: 'Unsupported',
      code: 'UNSUPPORTED_SCHEME',
      details: { scheme: 'ftp', supported: ['memory', 'cloud', 'kv'] },
      message: expect.stringMatching(/unsupported scheme "ftp". Supported: memory, cloud, kv$/),
    })
    await expect(storage.read('s3://b/k')).rejects.toThrow(
      /import s3Scheme from @flowport\/presets\/s3\/storage/,
    )
    await expect(storage.read('constructor://x')).rejects.toThrow(/unsupported scheme "constructor"/)
  })

  it('takes the scheme in any case, and the rest as it is written', async () => {
    await storage.write('MEMORY://Folder/%2e%2e/File?x#y', 'kept')
    expect(await storage.read('memory://Folder/%2e%2e/File?x#y')).toBe('kept')
    expect(await storage.exists('memory://folder/%2e%2e/file?x#y')).toBe(false)
    await storage.move('memory://Folder/%2e%2e/File?x#y', 'MEMORY://Folder/%2e%2e/File?x#y')
    expect(await storage.exists('memory://Folder/%2e%2e/File?x#y')).toBe(true)
  })

  it('takes a host of memory as the first segment, and the root as a folder', async () => {
    await storage.write('memory://file.json', '{}')
    expect((await storage.list('memory://')).entries.map(({ uri }) => uri)).toContain('memory://file.json')
    expect(await storage.exists('memory://')).toBe(true)
    await expect(storage.read('memory://')).rejects.toMatchObject({ code: 'INVALID_URI' })
    await storage.write('cloud://bucket/a', 'x')
    expect((await storage.list('cloud://bucket')).entries).toEqual(
      (await storage.list('cloud://bucket/')).entries,
    )
    await storage.mkdir('cloud://bucket/folder/')
    expect(await storage.exists('cloud://bucket/folder')).toBe(false)
  })

  it('refuses content it does not take', async () => {
    for (const content of [
      1,
      null,
      true,
      undefined,
      new ReadableStream(),
      new ArrayBuffer(1),
      new Uint16Array(1),
    ])
      await expect(storage.write('memory://x', content as never)).rejects.toMatchObject({
        kind: 'InvalidInput',
      })
    await expect(storage.writeStream('memory://x', 'text' as never)).rejects.toMatchObject({
      kind: 'InvalidInput',
    })
    const circular: Record<string, never> = {}
    Object.assign(circular, { circular })
    await expect(storage.write('memory://x', circular)).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(storage.hash('memory://file.json', { algorithm: 'crc32' as never })).rejects.toMatchObject({
      kind: 'InvalidInput',
    })
    await expect(storage.list('memory://', { limit: 0 })).rejects.toMatchObject({ kind: 'InvalidInput' })
  })

  it('lets go of a stream that it refuses', async () => {
    const cancel = vi.fn<(reason: unknown) => void>()
    await expect(storage.writeStream('nowhere://x', new ReadableStream({ cancel }))).rejects.toMatchObject({
      code: 'UNSUPPORTED_SCHEME',
    })
    expect(cancel).toHaveBeenCalledOnce()
  })

  it('checks JSON against a schema', async () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'object' && value !== null && 'n' in value
            ? { value: Number(value.n) }
            : { issues: [{ message: 'n is missing', path: ['n'] }] },
      },
    } as const
    await storage.write('memory://n.json', '\uFEFF{"n":"1"}')
    expect(await storage.readJson('memory://n.json', { schema })).toBe(1)
    await storage.write('memory://n.json', '{}')
    await expect(storage.readJson('memory://n.json', { schema })).rejects.toMatchObject({
      kind: 'Corrupt',
      details: { issues: [{ message: 'n is missing', path: ['n'] }] },
    })
  })
})

describe('stores', () => {
  it('are opened once, when they are first used, and again after a failure', async () => {
    const open = vi.fn<() => Promise<OpenedStore>>(async () => store())
    open.mockRejectedValueOnce(new CapabilityError('Unavailable', 'not yet'))
    const storage = createStorage({
      schemes: [cloud(open)],
      credentials: { cloudy: { key: 'k', secret: 's' } },
    })
    expect(open).not.toHaveBeenCalled()
    const first = await Promise.allSettled([storage.exists('cloud://a/x'), storage.exists('cloud://a/y')])
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(open).toHaveBeenCalledOnce()
    await Promise.all([
      storage.write('cloud://a/x', '1'),
      storage.write('cloud://a/y', '2'),
      storage.write('cloud://b/x', '3'),
    ])
    expect(open).toHaveBeenCalledTimes(3)
    expect(await storage.read('cloud://a/x')).toBe('1')
  })

  it('are opened anew with new credentials, and closed when nobody reads from them any more', async () => {
    const closed: string[] = []
    const shared = store()
    const seen: unknown[] = []
    const storage = createStorage({
      schemes: [
        cloud((name, { credentials }) => {
          seen.push(credentials)
          return { ...shared, close: () => void closed.push(`${name}:${credentials?.key}`) }
        }),
      ],
      env: { CLOUD_OLD_KEY: 'env', CLOUD_SECRET: 'env', CLOUD_TOKEN: '' },
    })
    await storage.write('cloud://a/x', new Uint8Array(300_000))
    const stream = await storage.stream('cloud://a/x')
    storage.setCredentials('cloudy', { key: 'new', secret: 'new' })
    expect(await storage.exists('cloud://a/x')).toBe(true)
    expect(seen).toEqual([
      { key: 'env', secret: 'env' },
      { key: 'new', secret: 'new' },
    ])
    expect(closed).toEqual([])
    let length = 0
    for await (const chunk of stream) length += chunk.byteLength
    expect(length).toBe(300_000)
    await vi.waitFor(() => expect(closed).toEqual(['a:env']))
    storage.clearCredentials('cloudy')
    await vi.waitFor(() => expect(closed).toEqual(['a:env', 'a:new']))
    await storage.exists('cloud://a/x')
    await storage.close()
    expect(closed).toEqual(['a:env', 'a:new', 'a:env'])
    await expect(storage.read('cloud://a/x')).rejects.toMatchObject({ code: 'STORAGE_CLOSED' })
  })

  it('of two storages are not the same', async () => {
    const scheme = memoryScheme()
    const [a, b] = [createStorage({ schemes: [scheme] }), createStorage({ schemes: [scheme] })]
    await a.write('memory://x', 'a')
    expect(await b.exists('memory://x')).toBe(false)
  })

  it('of any kind are given as they are, and stay open', async () => {
    const { blob } = store()
    const storage = createStorage({ schemes: [blobScheme('mine', blob)] })
    await storage.write('mine://a/b', 'x')
    await storage.close()
    expect(await (await blob.get('a/b'))?.text()).toBe('x')
  })

  it('refuse a scheme that is given twice', () => {
    expect(() => createStorage({ schemes: [memoryScheme(), memoryScheme()] })).toThrow(
      /"memory" is given twice/,
    )
    expect(() =>
      createStorage({ schemes: [memoryScheme()], fallback: { opfs: memoryScheme() } as never }),
    ).toThrow(/no scheme of this storage/)
  })
})

describe('a fallback', () => {
  const absent = (error: CapabilityError): StorageScheme<'opfs', never, never> => ({
    scheme: 'opfs',
    authority: 'key',
    async open() {
      throw error
    },
  })

  it.each([
    new CapabilityError('Unsupported', 'no such thing here'),
    new CapabilityError('Misconfigured', 'no such thing here', { code: 'PRESET_UNSUPPORTED' }),
  ])('takes the place of a store that the runtime does not have, and shows itself', async (error) => {
    const { log, lines } = recording()
    const storage = createStorage({ schemes: [absent(error)], fallback: { opfs: memoryScheme() }, log })
    expect(storage.describe()).toEqual([{ scheme: 'opfs' }])
    await storage.write('opfs://a/b', 'x')
    expect(await storage.read('opfs://a/b')).toBe('x')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject([
      'warn',
      { scheme: 'opfs', provider: 'memory' },
      expect.stringMatching(/opfs:\/\/ is not available here/),
    ])
    expect(storage.describe()).toEqual([
      { scheme: 'opfs', fallback: { provider: 'memory', reason: 'no such thing here' } },
    ])
    expect(storage.info.extensions['dev.flowport.storage.fallbacks']).toMatchObject([{ scheme: 'opfs' }])
  })

  it('of the scheme itself shows itself, too, and says that its files do not last', async () => {
    const kept: StorageScheme<'opfs', never, never> = {
      ...absent(new CapabilityError('Unsupported', 'unused')),
      async open(store, context) {
        const opened = await memoryScheme().open(store, context)
        return { ...opened, fallback: { provider: 'memory', reason: 'a sandboxed frame' } }
      },
    }
    const { log, lines } = recording()
    const storage = createStorage({ schemes: [kept], log })
    await storage.write('opfs://a', 'x')
    await storage.write('opfs://b', 'x')
    expect(lines).toEqual([
      [
        'warn',
        { scheme: 'opfs', provider: 'memory', reason: 'a sandboxed frame' },
        expect.stringMatching(
          /kept by memory instead, and are lost when this page .* ends: a sandboxed frame/,
        ),
      ],
    ])
    expect(storage.describe()).toEqual([
      { scheme: 'opfs', fallback: { provider: 'memory', reason: 'a sandboxed frame' } },
    ])
  })

  it('is said on the console where no log is given', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    try {
      const error = new CapabilityError('Unsupported', 'no such thing here')
      const storage = createStorage({ schemes: [absent(error)], fallback: { opfs: memoryScheme() } })
      await storage.write('opfs://a', 'x')
      await storage.read('opfs://a')
      expect(warn).toHaveBeenCalledExactlyOnceWith(
        expect.stringContaining('opfs:// is not available here'),
        expect.objectContaining({ scheme: 'opfs', provider: 'memory' }),
      )
    } finally {
      warn.mockRestore()
    }
  })

  it('does not hide a store that fails', async () => {
    for (const kind of ['Unavailable', 'Misconfigured', 'Unauthenticated', 'PermissionDenied'] as const) {
      const storage = createStorage({
        schemes: [absent(new CapabilityError(kind, 'fails'))],
        fallback: { opfs: memoryScheme() },
      })
      await expect(storage.read('opfs://a')).rejects.toMatchObject({ kind })
    }
  })
})

describe('credentials', () => {
  it('are refused with a word about their fields, and none about their values', () => {
    const storage = createStorage({ schemes: [cloud(), memoryScheme()] })
    const wrong: [unknown, RegExp][] = [
      [{ key: marker }, /secret is missing/],
      [
        { key: marker, secret: marker, access_key: marker },
        /no field "access_key"; the fields are key, secret, token/,
      ],
      [{ key: marker, secret: 5 }, /"secret" must be text/],
      [{ key: marker, secret: '' }, /"secret" must be text, and not empty/],
      [{}, /nothing in them/],
      [null, /an object of text/],
      [marker, /an object of text/],
    ]
    for (const [credentials, message] of wrong) {
      const set = () => storage.setCredentials('cloudy', credentials as never)
      expect(set).toThrow(message)
      expect(set).toThrow(
        expect.objectContaining({
          code: 'INVALID_CREDENTIALS',
          message: expect.not.stringContaining(marker),
        }),
      )
    }
    expect(storage.hasCredentials('cloudy')).toBe(false)
    expect(() => storage.setCredentials('aws' as never, { key: 'x' } as never)).toThrow(
      /takes credentials of "aws"; they take those of cloudy/,
    )
  })

  it('that are set win over the environment as a whole', async () => {
    const seen: unknown[] = []
    const env = { CLOUD_KEY: 'env', CLOUD_SECRET: 'env', CLOUD_TOKEN: 'env' }
    const storage = createStorage({
      schemes: [
        cloud((_, { credentials }) => {
          seen.push(credentials)
          return store()
        }),
      ],
      env,
      credentials: { cloudy: { key: 'set', secret: 'set' } },
    })
    await storage.exists('cloud://a/b')
    storage.clearCredentials('cloudy')
    expect(storage.hasCredentials('cloudy')).toBe(true)
    await storage.exists('cloud://a/b')
    expect(seen).toEqual([
      { key: 'set', secret: 'set' },
      { key: 'env', secret: 'env', token: 'env' },
    ])
  })

  it('that are missing are named, with the call and the variables that set them', async () => {
    const storage = createStorage({ schemes: [cloud()], env: { CLOUD_TOKEN: 'only this' } })
    await expect(storage.read('cloud://a/b')).rejects.toMatchObject({
      kind: 'Unauthenticated',
      code: 'MISSING_CREDENTIALS',
      message: expect.stringContaining(
        "call setCredentials('cloudy', { key, secret }), or set CLOUD_KEY, CLOUD_SECRET in the environment",
      ),
      details: { provider: 'cloudy', missing: ['key', 'secret'] },
    })
  })

  it('are nowhere to be seen', async () => {
    const { log, lines } = recording()
    const failing = createBlobStore({
      ...memoryBlobDriver(),
      head: () => Promise.reject(new Error('no')),
    } as never)
    const storage = createStorage({
      schemes: [cloud((name) => (name === 'broken' ? { blob: failing } : store())), memoryScheme()],
      credentials: { cloudy: { key: `${marker}-key`, secret: `${marker}-secret` } },
      env: { CLOUD_KEY: `${marker}-env`, CLOUD_SECRET: `${marker}-env` },
      log,
      layers: [logging({ log, clock: systemClock })],
    })
    const seen: unknown[] = [storage, storage.info, storage.describe(), storage[control], lines]
    for (const path of ['1', '2', '3']) await storage.write(`cloud://a/${path}`, 'x')
    seen.push(await storage.list('cloud://a', { limit: 1 }), await storage.stat('cloud://a/1'))
    for (const call of [
      () => storage.read('cloud://a/none'),
      () => storage.exists('cloud://broken/x'),
      () => storage.read('cloud://b//'),
    ])
      seen.push(await call().catch((error: unknown) => error))
    storage.clearCredentials('cloudy')
    seen.push(await storage.exists('cloud://a/none'), storage.describe())
    await storage.close()
    const text =
      inspect(seen, { depth: 20, showHidden: true, getters: true }) +
      JSON.stringify(seen) +
      seen.map(String).join('\n')
    expect(text).toContain('cloud://a/none')
    expect(text).not.toContain(marker)
    const cursor = (seen[5] as { cursor: string }).cursor
    expect(atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))).not.toContain(marker)
  })

  it('have the types of the schemes', () => {
    const storage = createStorage({ schemes: [cloud(), memoryScheme()] })
    expectTypeOf(storage.setCredentials<'cloudy'>)
      .parameter(1)
      .toEqualTypeOf<{ readonly key?: string; readonly secret?: string; readonly token?: string }>()
    // @ts-expect-error -- memory takes none
    expect(() => storage.hasCredentials('memory')).toThrow(CapabilityError)
    // @ts-expect-error -- there is no such field
    expect(() => storage.setCredentials('cloudy', { password: 'x' })).toThrow(CapabilityError)
  })
})

describe('as a resource', () => {
  it('gives a reader no way to write, and no node the credentials', () => {
    const storage = createStorage({ schemes: [memoryScheme()] })
    const { domain, provider, layers, view } = storage[control]
    expect([domain, provider, layers]).toEqual(['storage', 'uri-storage', []])
    const reader = view('read', undefined) as UriStorageReader
    const writer = view('write', undefined) as UriStorage
    for (const name of ['write', 'writeStream', 'delete', 'copy', 'move', 'mkdir']) {
      expect(name in reader).toBe(false)
      expect(name in writer).toBe(true)
    }
    for (const name of ['setCredentials', 'clearCredentials', 'describe', 'close'])
      expect(name in writer || name in reader).toBe(false)
    expect(control in writer).toBe(false)
    expectTypeOf<ManagedStorage>().toExtend<UriStorage>()
  })

  it('puts layers around each call, with the URI as its key, and retries what may be', async () => {
    let left = 2
    const { blob } = store()
    await blob.put('a', 'x')
    const get = (key: string) =>
      left-- > 0 ? Promise.reject(new CapabilityError('Unavailable', 'later')) : blob.get(key)
    const flaky = Object.create(blob, { get: { value: get } }) as typeof blob
    const { log, lines } = recording()
    const clock = new ManualClock()
    const storage = createStorage({
      schemes: [blobScheme('mine', flaky)],
      layers: [logging({ log, clock }), retry({ clock, log })],
    })
    const reading = storage.read('mine://a')
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(1000)
    }
    expect(await reading).toBe('x')
    expect(left).toBe(-1)
    expect(JSON.stringify(lines)).toContain('mine://a')
  })

  it('ends with the signal of its caller, while a stream is read too', async () => {
    const storage = createStorage({ schemes: [memoryScheme()] })
    await storage.write('memory://x', new Uint8Array(1_000_000))
    await expect(storage.read('memory://x', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'Cancelled',
    })
    const abort = new AbortController()
    const reader = (await storage.stream('memory://x', { signal: abort.signal })).getReader()
    await reader.read()
    abort.abort()
    await expect(reader.read()).rejects.toMatchObject({ kind: 'Cancelled', key: 'memory://x' })
  })
})

describe('kv://', () => {
  it('keeps files in the store that is named', async () => {
    const kv = createKeyValue(memoryKvDriver())
    const storage = createStorage({ schemes: [kvScheme((name) => (name === 'notes' ? kv : undefined))] })
    await storage.write('kv://notes/a.json', { a: 1 }, { metadata: { by: 'me' } })
    expect(await kv.get('a.json', { as: 'json' })).toEqual({ a: 1 })
    expect(await storage.stat('kv://notes/a.json')).toMatchObject({
      contentType: 'application/json',
      metadata: { by: 'me' },
      size: 7,
    })
    await kv.put('theirs', 'text')
    expect(await storage.read('kv://notes/theirs')).toBe('text')
    expect((await storage.list('kv://notes')).entries).toMatchObject([
      { name: 'a.json', size: 7 },
      { name: 'theirs', size: 4 },
    ])
    await expect(storage.read('kv://other/x')).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'UNKNOWN_STORE',
    })
  })

  it('tells a folder once, over however many pages it goes', async () => {
    const kv = createKeyValue(memoryKvDriver())
    const storage = createStorage({ schemes: [kvScheme({ n: kv })] })
    for (let i = 0; i < 25; i++) await kv.put(`f/${i}`, 'x')
    await kv.put('g', 'x')
    const found: string[] = []
    let cursor: string | undefined
    do {
      const page = await storage.list('kv://n', { limit: 2, ...(cursor === undefined ? {} : { cursor }) })
      found.push(...page.entries.map(({ uri }) => uri))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(found).toEqual(['kv://n/f/', 'kv://n/g'])
  })
})

describe('move', () => {
  it('keeps a source that changed while it was copied, and one whose copy failed', async () => {
    const { blob } = store()
    let heads = 0
    const head = async (key: string, options?: CallOptions) => {
      // The last look before the deletion.
      if (++heads === 3) await blob.put(key, 'changed')
      return blob.head(key, options)
    }
    const changing = Object.create(blob, { head: { value: head } }) as typeof blob
    const storage = createStorage({ schemes: [blobScheme('mine', changing), memoryScheme()] })
    await blob.put('a', 'first')
    await expect(storage.move('mine://a', 'memory://a')).rejects.toMatchObject({ kind: 'ConditionNotMatch' })
    expect(await storage.read('mine://a')).toBe('changed')
    const small = createStorage({
      schemes: [blobScheme('mine', blob), memoryScheme({ limits: { maxObjectBytes: 3 } })],
    })
    await expect(small.move('mine://a', 'memory://a')).rejects.toMatchObject({
      kind: 'LimitExceeded',
      key: 'memory://a',
    })
    expect(await small.read('mine://a')).toBe('changed')
    expect(await small.exists('memory://a')).toBe(false)
  })

  it('deletes no file that is its own copy, under another name or while credentials change', async () => {
    const clock = new ManualClock()
    const kv = createKeyValue(memoryKvDriver({ clock }), { clock })
    const storage = createStorage({ schemes: [kvScheme(() => kv)], clock: tickingClock() })
    await storage.write('kv://one/x', 'precious')
    await expect(storage.move('kv://one/x', 'kv://other/x')).rejects.toMatchObject({
      kind: 'ConditionNotMatch',
    })
    expect(await storage.read('kv://one/x')).toBe('precious')

    const driver = memoryBlobDriver()
    const rotating = createStorage({
      schemes: [cloud(() => ({ blob: createBlobStore(driver) }))],
      credentials: { cloudy: { key: 'k', secret: 's' } },
    })
    await rotating.write('cloud://b/x', 'precious')
    const moved = rotating.move('cloud://b/x', 'cloud://b/x')
    rotating.setCredentials('cloudy', { key: 'k2', secret: 's2' })
    await moved
    expect(await rotating.read('cloud://b/x')).toBe('precious')
  })
})

/** A system clock on which no two moments are the same. */
function tickingClock(): typeof systemClock {
  let ticks = 0
  return { ...systemClock, now: () => systemClock.now() + ++ticks }
}

describe('a store that is in use', () => {
  const rotated = { key: 'k2', secret: 's2' }

  function rotating() {
    const closed: string[] = []
    const storage = createStorage({
      schemes: [
        cloud((_name, { credentials }) => ({
          ...store(),
          close: () => void closed.push(credentials?.key ?? ''),
        })),
      ],
      credentials: { cloudy: { key: 'k1', secret: 's' } },
    })
    return { storage, closed }
  }

  it('stays open for a stream of it, and is closed after that', async () => {
    const { storage, closed } = rotating()
    await storage.write('cloud://b/x', 'content')
    const opening = storage.stream('cloud://b/x')
    storage.setCredentials('cloudy', rotated)
    const stream = await opening
    expect(closed).toEqual([])
    expect(await new Response(stream).text()).toBe('content')
    await vi.waitFor(() => expect(closed).toEqual(['k1']))
  })

  it('is let go when a copy to a folder is refused', async () => {
    const { storage, closed } = rotating()
    await storage.write('cloud://b/x', 'content')
    await expect(storage.copy('cloud://b/x', 'cloud://b/folder/')).rejects.toMatchObject({
      code: 'INVALID_URI',
      key: 'cloud://b/folder/',
    })
    storage.setCredentials('cloudy', rotated)
    await vi.waitFor(() => expect(closed).toEqual(['k1']))
  })

  it('is let go when a stream comes after its time', async () => {
    const { blob } = store()
    await blob.put('x', 'content')
    const gate = Promise.withResolvers<void>()
    const cancelled = vi.fn<() => void>()
    const get: typeof blob.get = async (...args) => {
      await gate.promise
      const handle = await blob.get(...args)
      return (
        handle && Object.assign(Object.create(handle) as typeof handle, { cancel: async () => cancelled() })
      )
    }
    const slow = Object.create(blob, { get: { value: get } }) as typeof blob
    const storage = createStorage({
      schemes: [blobScheme('slow', slow)],
      layers: [timeout({ timeoutMs: 10 })],
    })
    await expect(storage.stream('slow://x')).rejects.toMatchObject({ kind: 'Timeout' })
    gate.resolve()
    await vi.waitFor(() => expect(cancelled).toHaveBeenCalledOnce())
  })
})

describe('names', () => {
  it('keep what is a query in URLs only', async () => {
    const storage = createStorage({ schemes: [memoryScheme()] })
    for (const name of ['report#1.csv', 'what?.csv', 'a?b']) {
      await storage.write(`memory://f?/${name}`, 'a')
      expect((await storage.stat(`memory://f?/${name}`)).name).toBe(name)
    }
    expect((await storage.stat('memory://f?/what?.csv')).contentType).toBe('text/csv; charset=utf-8')
  })

  it('that a listing leaves out make no folder', async () => {
    const kv = createKeyValue(memoryKvDriver())
    await kv.put('photos/', 'a marker of others')
    await kv.put('photos/a', 'x')
    const storage = createStorage({ schemes: [kvScheme({ a: kv })] })
    expect(await storage.exists('kv://a/photos')).toBe(true)
    await storage.delete('kv://a/photos', { recursive: true })
    expect(await storage.exists('kv://a/photos')).toBe(false)
  })
})

it('does not try again to create: its own earlier try would look like somebody else’s', async () => {
  const driver = memoryBlobDriver()
  let isLost = false
  const put: typeof driver.put = async (...args) => {
    const object = await driver.put(...args)
    if (isLost) return object
    isLost = true
    throw new CapabilityError('Unavailable', 'the answer was lost')
  }
  const losing = Object.create(driver, { put: { value: put } }) as typeof driver
  const storage = createStorage({
    schemes: [blobScheme('mine', createBlobStore(losing))],
    layers: [retry({ baseMs: 1 })],
  })
  await expect(storage.write('mine://lock', 'mine', { createOnly: true })).rejects.toMatchObject({
    kind: 'Unavailable',
  })
  isLost = false
  expect(await storage.write('mine://other', 'mine')).toMatchObject({ size: 4 })
})
