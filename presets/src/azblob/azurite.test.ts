import {
  type BlobStore,
  controlOf,
  type OpenContext,
  type OpenedProvider,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, it } from 'vitest'
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

async function openedWith(options: Options, more: Partial<OpenContext> = {}): Promise<BlobStore> {
  return blobOf(await azblob(options).open(context(more)))
}

const azurite = await startAzurite()
if (azurite === null) describe.skip('preset azblob on Azurite', () => it(withoutAzurite, () => undefined))
else {
  describe.each([
    ['fetch', {}],
    ['opendal', { engine: 'opendal' }],
  ] as const)('preset azblob on Azurite, engine %s', (_, engine) => {
    const opened = (options: Options, more: Partial<OpenContext> = {}) =>
      openedWith({ ...engine, ...options }, more)
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
        ...'a+b a%b a%2Fb a%20b % 100%25 a?b=c&d a#b a&b;c <tag> a|b a*b a:b a,b;c=d [a]{b}(c) $var ~ ^ ! @ -- _ .hidden ..double a..b CON __proto__ constructor null case Case ß SS'.split(
          ' ',
        ),
        "it's",
        '"quoted"',
        '`tick`',
        '\u00e9',
        'e\u0301',
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
  })
}
