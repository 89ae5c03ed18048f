import { inspect } from 'node:util'
import {
  type BlobStore,
  controlOf,
  isCapabilityError,
  type OpenContext,
  type OpenedProvider,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { azblob } from './preset.ts'
import {
  accountSas,
  createContainer,
  signed,
  startAzurite,
  withoutAzurite,
} from '../../test/support/azurite.ts'

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

const azurite = await startAzurite()
if (azurite === null) describe.skip('preset azblob on Azurite', () => it(withoutAzurite, () => undefined))
else {
  for (const [name, layers] of [
    ['bare', () => []],
    ['layered', undefined],
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
      skip,
      open: async () => {
        const container = await createContainer(azurite)
        const provider = azblob({ ...azurite, container, ...(layers === undefined ? {} : { layers }) })
        const open = async () => blobOf(await provider.open(context()))
        return { blob: await open(), reopen: open }
      },
    })
  }

  describe('preset azblob on Azurite', () => {
    const store = async (options: Options = {}) =>
      opened({ ...azurite, container: await createContainer(azurite), layers: () => [], ...options })

    it('opens the container of the environment, and prefers its options', async () => {
      const container = await createContainer(azurite)
      const env = {
        AZURE_STORAGE_ACCOUNT: azurite.account,
        AZURE_STORAGE_KEY: azurite.accountKey,
        AZURE_BLOB_CONTAINER: container,
        AZURE_BLOB_ENDPOINT: azurite.endpoint,
        AZURE_BLOB_ROOT: 'media/2024',
      }
      const blob = await opened({}, { env })
      await blob.put('a/b', 'value', { contentType: 'text/x-sample', metadata: { owner: 'änn' } })
      const whole = await opened({ root: '' }, { env })
      expect((await whole.list()).objects.map(({ key }) => key)).toEqual(['media/2024/a/b'])
      expect(await whole.head('media/2024/a/b')).toMatchObject({
        size: 5,
        contentType: 'text/x-sample',
        metadata: { owner: 'änn' },
      })
      expect(blob.info.limits.maxKeyBytes).toBe(1024 - 'media/2024/'.length)
      await controlOf('blob', blob).check()
    })

    it('keeps apart the keys Azure takes, lists them in UTF-8 order, and refuses the others', async () => {
      const blob = await store()
      const kept = [
        'a b',
        'a+b',
        'a%b',
        'a%2Fb',
        'a%20b',
        '%',
        '100%25',
        'a?b=c&d',
        'a#b',
        'a&b;c',
        "it's",
        '"quoted"',
        '`tick`',
        '<tag>',
        'a|b',
        'a*b',
        'a:b',
        'a,b;c=d',
        '[a]{b}(c)',
        '$var',
        '~',
        '^',
        '!',
        '@',
        '--',
        '_',
        '.hidden',
        '..double',
        'a..b',
        'CON',
        '__proto__',
        'constructor',
        'null',
        'case',
        'Case',
        '\u00e9',
        'e\u0301',
        'ß',
        'SS',
        '日本語',
        'עברית',
        '😀',
        '\u200b',
        '\ue000',
        '\uff5e',
        '\u{10ffff}',
        'd/'.repeat(253) + 'x',
        's'.repeat(1024),
        'dir/ x /y',
      ]
      for (const key of kept) await blob.put(key, `value of ${key}`)
      for (const key of kept) expect(await (await blob.get(key))?.text(), key).toBe(`value of ${key}`)
      const byBytes = kept.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const pages: string[] = []
      let cursor: string | undefined
      do {
        const page = await blob.list({ limit: 7, ...(cursor === undefined ? {} : { cursor }) })
        pages.push(...page.objects.map(({ key }) => key))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(pages).toEqual(byBytes)
      const grouped = await blob.list({ delimiter: '/', prefix: 'd' })
      expect([grouped.objects, grouped.prefixes]).toEqual([[], ['d/', 'dir/']])
      for (const key of [
        ' ',
        ' a',
        'a ',
        'a.',
        'a./b',
        '...',
        'a\nb',
        'a\u007f',
        'a\u0085',
        'a\uffff',
        'd/'.repeat(254) + 'x',
      ])
        await expect(blob.put(key, 'value'), key).rejects.toMatchObject({ kind: 'InvalidInput' })
    })

    it('keeps metadata of names Azure has no word for', async () => {
      const blob = await store()
      const metadata = {
        'with-dash-9': 'a, b; c="d" %41 é',
        unicode: 'Grüße 世界 😀',
        '0number': '0',
        class: 'x',
      }
      await blob.put('key', 'value', { metadata })
      expect((await blob.head('key'))?.metadata).toEqual(metadata)
    })

    it('keeps conditions of a long stream, which goes in blocks, and mixes no two of them', async () => {
      const container = await createContainer(azurite)
      const blob = await opened({
        ...azurite,
        container,
        root: 'a b',
        chunkBytes: 1_048_576,
        layers: () => [],
      })
      const stream = (bytes: number, fill: number) => new Blob([new Uint8Array(bytes).fill(fill)]).stream()
      const metadata = { 'with-dash': 'Grüße' }
      const first = await blob.put('dir/key+%', stream(3_500_000, 1), {
        ifNoneMatch: '*',
        contentType: 'text/x-sample',
        metadata,
      })
      expect(await blob.head('dir/key+%')).toEqual(first)
      expect(first).toMatchObject({ size: 3_500_000, contentType: 'text/x-sample', metadata })
      await expect(blob.put('dir/key+%', stream(2_500_000, 2), { ifNoneMatch: '*' })).rejects.toMatchObject({
        kind: 'AlreadyExists',
      })
      const racers = Array.from({ length: 8 }, (_, i) =>
        blob.put('dir/key+%', stream(2_500_000 + i, 10 + i), { ifMatch: first.etag }),
      )
      const won = (await Promise.allSettled(racers)).flatMap((outcome, i) => {
        if (outcome.status === 'fulfilled') return [i]
        expect(outcome.reason).toMatchObject({ kind: 'ConditionNotMatch' })
        return []
      })
      expect(won).toHaveLength(1)
      const left = (await (await blob.get('dir/key+%'))?.bytes()) ?? new Uint8Array(0)
      expect([left.byteLength, new Set(left)]).toEqual([
        2_500_000 + (won[0] ?? 0),
        new Set([10 + (won[0] ?? 0)]),
      ])
    })

    it('keeps conditions with a shared access signature too, and says what is wrong', async () => {
      const container = await createContainer(azurite)
      const { accountKey: _, ...place } = azurite
      const sas = (permissions: string) =>
        opened({
          ...place,
          container,
          sasToken: accountSas(azurite, permissions, new Date(Date.now() + 3_600_000)),
          layers: () => [],
        })
      const blob = await sas('rwdlac')
      const { etag } = await blob.put('key', '1', { ifNoneMatch: '*' })
      await blob.put('key', '2', { ifMatch: etag })
      await expect(blob.put('key', '3', { ifMatch: etag })).rejects.toMatchObject({
        kind: 'ConditionNotMatch',
      })
      await expect((await sas('r')).put('new', '1', { ifNoneMatch: '*' })).rejects.toMatchObject({
        kind: 'PermissionDenied',
        key: 'new',
      })
      const none = await store({ container: 'no-such-container' })
      await expect(none.put('new', '1', { ifNoneMatch: '*' })).rejects.toMatchObject({
        kind: 'Misconfigured',
        message: expect.stringContaining('AZURE_BLOB_CONTAINER'),
      })
    })

    const blocksOf = async (container: string) => {
      const response = await signed(azurite, 'GET', `${container}/key`, {
        blocklisttype: 'all',
        comp: 'blocklist',
      })
      const [committed = '', uncommitted = ''] = (await response.text()).split('<UncommittedBlocks')
      const sizes = (list: string) => Array.from(list.matchAll(/<Size>(\d+)</g), ([, size]) => Number(size))
      return { committed: sizes(committed), uncommitted: sizes(uncommitted) }
    }

    it('sends a stream in blocks of chunkBytes', async () => {
      const container = await createContainer(azurite)
      const blob = await opened({ ...azurite, container, chunkBytes: 2_000_000 })
      await blob.put('key', new Blob([new Uint8Array(7_000_000)]).stream())
      expect((await blocksOf(container)).committed).toEqual([2_000_000, 2_000_000, 2_000_000, 1_000_000])
    })

    it('leaves blocks nobody sees when a put is aborted, which the next put in blocks discards', async () => {
      const container = await createContainer(azurite)
      const blob = await opened({ ...azurite, container, chunkBytes: 1_048_576, layers: () => [] })
      const controller = new AbortController()
      let sent = 0
      const body = new ReadableStream<Uint8Array>(
        {
          pull(stream) {
            if (++sent === 6) controller.abort()
            stream.enqueue(new Uint8Array(1_048_576))
          },
        },
        { highWaterMark: 0 },
      )
      await expect(blob.put('key', body, { signal: controller.signal })).rejects.toMatchObject({
        kind: 'Cancelled',
      })
      expect(await blob.head('key')).toBeNull()
      expect((await blob.list()).objects).toEqual([])
      await controlOf('blob', blob).close()
      expect((await blocksOf(container)).uncommitted.length).toBeGreaterThan(0)
      const again = await opened({ ...azurite, container, chunkBytes: 1_048_576 })
      await again.put('key', new Blob([new Uint8Array(2_500_000)]).stream())
      expect((await blocksOf(container)).uncommitted).toEqual([])
      expect((await again.head('key'))?.size).toBe(2_500_000)
    })

    it('says what to check when Azure does not accept the key, or does not have the container', async () => {
      const accountKey = Buffer.from('another key').toString('base64')
      await expect((await store({ accountKey })).get('key')).rejects.toMatchObject({
        kind: expect.stringMatching(/^(PermissionDenied|Unauthenticated)$/),
        message: expect.stringContaining('check the key or signature'),
        retryable: 'never',
      })
      const blob = await store({ container: 'no-such-container' })
      await expect(blob.put('key', 'value')).rejects.toMatchObject({
        kind: 'Misconfigured',
        message: expect.stringContaining('AZURE_BLOB_CONTAINER'),
      })
    })

    it('works with a shared access signature, as far as that goes', async () => {
      const container = await createContainer(azurite)
      const { accountKey: _, ...place } = azurite
      const sas = (permissions: string, expires = new Date(Date.now() + 3_600_000)) =>
        opened({ ...place, container, sasToken: accountSas(azurite, permissions, expires), layers: () => [] })
      const full = await sas('rwdlac')
      await full.put('a/b', 'value', { ifNoneMatch: '*' })
      expect(await (await full.get('a/b', { range: { offset: 1, length: 2 } }))?.text()).toBe('al')
      expect((await full.list()).objects).toHaveLength(1)
      const reading = await sas('r')
      expect(await (await reading.get('a/b'))?.text()).toBe('value')
      for (const call of [
        () => reading.put('a/b', 'other'),
        () => reading.delete('a/b'),
        () => reading.list(),
      ])
        await expect(call()).rejects.toMatchObject({ kind: 'PermissionDenied' })
      const expired = await sas('rwdlac', new Date(Date.now() - 60_000))
      await expect(expired.get('a/b')).rejects.toMatchObject({
        kind: expect.stringMatching(/^(PermissionDenied|Unauthenticated)$/),
      })
      expect(await (await full.get('a/b'))?.text()).toBe('value')
    })

    it('shows key and signature in no error, log, inspection or JSON', async () => {
      const logged: unknown[] = []
      const keep = (...line: unknown[]) => void logged.push(line)
      const log = { debug: keep, info: keep, warn: keep, error: keep }
      const container = await createContainer(azurite)
      const { accountKey, ...place } = azurite
      const wrongKey = Buffer.from('MARKERKEY'.repeat(4)).toString('base64')
      const wrongSas = 'sv=2020-08-04&ss=b&srt=co&sp=rwdlac&se=2099-01-01T00:00:00Z&sig=MARKERSIG%2Bx%3D'
      const rightSas = accountSas(azurite, 'r', new Date(Date.now() + 3_600_000))
      const silent = 'http://127.0.0.1:9/flowporttest'
      const secrets = [
        accountKey,
        wrongKey,
        'MARKERSIG',
        new URLSearchParams(rightSas).get('sig') ?? '',
        'sig=',
      ]
      const shown: unknown[] = []
      for (const credential of [
        { accountKey: wrongKey },
        { accountKey },
        { sasToken: wrongSas },
        { sasToken: rightSas },
      ]) {
        for (const endpoint of [azurite.endpoint, silent]) {
          for (const name of [container, 'no-such-container']) {
            const provider = azblob({ ...place, ...credential, endpoint, container: name, layers: () => [] })
            const open = await provider.open(context({ log }))
            const blob = blobOf(open)
            shown.push(provider, open, blob)
            for (const call of [
              () => blob.get('key'),
              () => blob.head('key'),
              () => blob.put('key', 'value'),
              () => blob.put('key', new Blob([new Uint8Array(2_500_000)]).stream()),
              () => blob.put('key', 'value', { ifNoneMatch: '*' }),
              () => blob.put('key', 'value', { ifMatch: '0x1' }),
              () => blob.list(),
              () => blob.copy('a', 'b'),
              () => blob.deleteMany(['a', 'b']),
            ])
              shown.push(
                await call().then(
                  () => null,
                  (error: unknown) => error,
                ),
              )
          }
        }
      }
      const layered = await opened(
        { ...place, sasToken: wrongSas, endpoint: silent, container, layers: (all) => all.slice(0, 1) },
        { log },
      )
      shown.push(await layered.get('key').catch((error: unknown) => error), logged)
      expect(shown.filter(isCapabilityError).length).toBeGreaterThan(40)
      for (const one of shown) {
        const text =
          inspect(one, { depth: 12, showHidden: true }) +
          JSON.stringify(one) +
          (one instanceof Error ? one.stack : '')
        for (const secret of secrets) expect(text).not.toContain(secret)
      }
      expect(logged.length).toBeGreaterThan(0)
    })
  })
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
    { concurrency: 0 },
    { timeoutMs: 0 },
    { ioTimeoutMs: 1.5 },
  ])('refuses %o, and repeats nothing of it', async (options) => {
    const error: unknown = await opened(options, { env: complete }).catch((e: unknown) => e)
    expect(error).toMatchObject({ kind: 'Misconfigured' })
    expect(inspect(error, { depth: 9 })).not.toMatch(/marker/)
  })

  it('states what its driver states', async () => {
    const { blob } = azblob().provides
    const { info } = await opened({}, { env: complete })
    const { extensions, features, ...stated } = info
    expect({
      ...stated,
      extensions: blob.extensions,
      features,
    }).toEqual(blob)
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
