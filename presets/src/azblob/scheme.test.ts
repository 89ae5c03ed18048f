import { inspect } from 'node:util'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fail } from 'node:assert'
import { type BlobStore, isCapabilityError, silentLogger } from '@flowport/capabilities'
import { toServiceMetadata } from '../opendal/driver.ts'
import {
  createStorage,
  memoryScheme,
  type OpenedStore,
  type SchemeContext,
} from '@flowport/capabilities/storage'
import { systemClock } from '@flowport/capabilities/system'
import { afterAll, describe, expect, it } from 'vitest'
import { azScheme, type AzSchemeOptions } from './scheme-entry.ts'
import {
  accountSas,
  createContainer,
  signed,
  startAzurite,
  withoutAzurite,
} from '../../test/support/azurite.ts'
import { azureMetadataHeaders } from './metadata.ts'

const context = { env: {}, log: silentLogger, clock: systemClock }

async function opened(
  container: string,
  credentials: SchemeContext['credentials'],
  options: AzSchemeOptions = {},
  env: SchemeContext['env'] = {},
): Promise<BlobStore> {
  return (await azScheme(options).open(container, { ...context, env, credentials })).blob
}

const webOf = ({ web }: OpenedStore) => (typeof web === 'function' ? web('key') : web)

const azurite = await startAzurite()
if (azurite === null) describe.skip('az:// on Azurite', () => it(withoutAzurite, () => undefined))
else {
  const { endpoint, account, accountKey } = azurite
  const signature = (permissions: string, expires = Date.now() + 3_600_000) =>
    accountSas(azurite, permissions, new Date(expires))

  describe('az:// on Azurite', () => {
    it('is a storage, with credentials that are set and with credentials of the environment', async () => {
      const container = await createContainer(azurite)
      const env = {
        AZURE_STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};BlobEndpoint=${endpoint};`,
      }
      const storage = createStorage({ schemes: [azScheme(), memoryScheme()], env })
      const uri = `az://${container}/notes/ä 1+%.json`
      await storage.write(uri, { a: 1 })
      expect(await storage.readJson(uri)).toEqual({ a: 1 })
      expect(await storage.stat(uri)).toMatchObject({ uri, size: 7, contentType: 'application/json' })
      const { entries } = await storage.list(`az://${container}/notes/`)
      expect(entries.map((entry) => entry.uri)).toEqual([uri])
      await storage.copy(uri, 'memory://copy.json')
      expect(await storage.read('memory://copy.json')).toBe('{"a":1}')
      await expect(storage.write(uri, 'other', { createOnly: true })).rejects.toMatchObject({
        kind: 'AlreadyExists',
      })
      await storage.move(uri, `az://${container}/moved.json`)
      expect(await storage.exists(uri)).toBe(false)
      // Credentials that are set win over the environment.
      storage.setCredentials('azblob', { account, accountKey: btoa('another'), endpoint })
      await expect(storage.read(uri)).rejects.toMatchObject({ kind: 'PermissionDenied' })
      storage.clearCredentials('azblob')
      expect(await storage.read(`az://${container}/moved.json`)).toBe('{"a":1}')
      await storage.close()
    })

    it('lists keys in UTF-8 order on pages of any size, whatever order the service has', async () => {
      const container = await createContainer(azurite)
      const blob = await opened(container, { account, accountKey, endpoint })
      const keys = [
        'a',
        'a/1',
        'a/2',
        'b/\uff08x',
        'b/\ue000',
        'b/😀',
        'b/😀/1',
        'b/😀/2',
        'c',
        '\uff5e',
        '\u{10ffff}',
        'é',
        '&<>"',
        "it's",
      ]
      for (const key of keys) await blob.put(key, key)
      const byBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const walk = async (options: { delimiter?: string; prefix?: string; limit: number }) => {
        const found: string[] = []
        let cursor: string | undefined
        do {
          const page = await blob.list({ ...options, ...(cursor === undefined ? {} : { cursor }) })
          expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(options.limit)
          found.push(
            ...[...page.objects.map(({ key }) => key), ...page.prefixes].toSorted((a, b) =>
              Buffer.compare(Buffer.from(a), Buffer.from(b)),
            ),
          )
          cursor = page.cursor
        } while (cursor !== undefined)
        return found
      }
      for (const limit of [1, 2, 3, 5, 13, 14, 1000]) {
        expect(await walk({ limit })).toEqual(byBytes)
        expect(await walk({ limit, delimiter: '/' })).toEqual([
          ...new Set(byBytes.map((key) => key.replace(/\/.*$/, '/'))),
        ])
        expect(await walk({ limit, delimiter: '/', prefix: 'b/' })).toEqual([
          'b/\ue000',
          'b/\uff08x',
          'b/😀',
          'b/😀/',
        ])
      }
      await expect(blob.list({ cursor: 'made up' })).rejects.toMatchObject({ kind: 'InvalidInput' })
    })

    it('sends a stream in blocks, and one that is cut off leaves nothing anybody sees', async () => {
      const container = await createContainer(azurite)
      const blob = await opened(container, { account, accountKey, endpoint }, { blockBytes: 1_000_000 })
      await blob.put('key', new Blob([new Uint8Array(3_500_000)]).stream())
      const list = await signed(azurite, 'GET', `${container}/key`, {
        blocklisttype: 'committed',
        comp: 'blocklist',
      })
      const sizes = Array.from((await list.text()).matchAll(/<Size>(\d+)</g), ([, size]) => Number(size))
      expect(sizes).toEqual([1_000_000, 1_000_000, 1_000_000, 500_000])
      const controller = new AbortController()
      let sent = 0
      const body = new ReadableStream<Uint8Array>(
        {
          pull(stream) {
            if (++sent === 6) controller.abort()
            stream.enqueue(new Uint8Array(1_000_000))
          },
        },
        { highWaterMark: 0 },
      )
      await expect(blob.put('new', body, { signal: controller.signal })).rejects.toMatchObject({
        kind: 'Cancelled',
      })
      const failing = new ReadableStream<Uint8Array>({
        pull(stream) {
          if (++sent < 12) stream.enqueue(new Uint8Array(1_000_000))
          else stream.error(new Error('the source broke'))
        },
      })
      await expect(blob.put('new', failing)).rejects.toThrow('the stream failed before its end')
      expect(await blob.head('new')).toBeNull()
      expect((await blob.list()).objects.map(({ key }) => key)).toEqual(['key'])
    })

    it('lets one of many writers in blocks win, and mixes no two of them', async () => {
      const container = await createContainer(azurite)
      const blob = await opened(container, { account, accountKey, endpoint }, { blockBytes: 1_000_000 })
      const racers = Array.from({ length: 6 }, (_, i) =>
        blob.put('key', new Blob([new Uint8Array(2_500_000 + i).fill(i)]).stream(), { ifNoneMatch: '*' }),
      )
      const won = (await Promise.allSettled(racers)).flatMap((outcome, i) => {
        if (outcome.status === 'fulfilled') return [i]
        expect(outcome.reason).toMatchObject({ kind: 'AlreadyExists' })
        return []
      })
      expect(won).toHaveLength(1)
      const bytes = await (await blob.get('key'))?.bytes()
      expect([bytes?.byteLength, new Set(bytes)]).toEqual([2_500_000 + (won[0] ?? 0), new Set(won)])
    })

    it('works with a shared access signature, as far as that goes, and copies with it', async () => {
      const container = await createContainer(azurite)
      const full = await opened(container, { account, sasToken: `?${signature('rwdlac')}`, endpoint })
      await full.put('a b', 'value', { metadata: { 'with-dash': 'é' } })
      expect(await full.copy('a b', 'c+d')).toMatchObject({ key: 'c+d', metadata: { 'with-dash': 'é' } })
      const reading = await opened(container, { account, sasToken: signature('r'), endpoint })
      expect(await (await reading.get('c+d', { range: { suffix: 2 } }))?.text()).toBe('ue')
      for (const call of [() => reading.put('x', '1'), () => reading.delete('a b'), () => reading.list()])
        await expect(call()).rejects.toMatchObject({ kind: 'PermissionDenied' })
      const ended = await opened(container, {
        account,
        sasToken: signature('r', Date.now() - 60_000),
        endpoint,
      })
      await expect(ended.get('a b')).rejects.toMatchObject({
        kind: expect.stringMatching(/^(PermissionDenied|Unauthenticated)$/),
      })
    })

    it('says which container is missing, and what a container is called', async () => {
      const blob = await opened('no-such-container', { account, accountKey, endpoint })
      await expect(blob.put('key', 'value')).rejects.toMatchObject({ kind: 'Misconfigured' })
      for (const name of ['ab', 'Upper', 'a--b', '-a-', 'a_b'])
        await expect(opened(name, { account, accountKey, endpoint }), name).rejects.toMatchObject({
          kind: 'InvalidInput',
        })
    })

    it('shows key, signature and token in no error, inspection or JSON', async () => {
      const container = await createContainer(azurite)
      const wrong = Buffer.from('MARKERKEY'.repeat(4)).toString('base64')
      const right = signature('r')
      const secrets = [
        accountKey,
        wrong,
        'MARKERSIG',
        new URLSearchParams(right).get('sig') ?? fail(),
        'sig=',
        'MARKERTOKEN',
      ]
      const shown: unknown[] = []
      for (const secret of [
        { accountKey: wrong },
        { accountKey },
        { sasToken: 'sv=2020-08-04&sp=r&se=2099-01-01T00:00:00Z&sig=MARKERSIG%2Bx%3D' },
        { sasToken: right },
        { accessToken: 'MARKERTOKEN' },
        { accessToken: 'MARKERTOKEN with a\nbreak' },
        { accountKey: 'MARKERKEY, no base64' },
        { sasToken: 'https://a.test/?sv=1&sig=MARKERSIG x' },
        { connectionString: `AccountKey=${wrong}` },
      ]) {
        for (const place of [endpoint, 'http://127.0.0.1:9/flowporttest']) {
          const storage = createStorage({ schemes: [azScheme()] })
          storage.setCredentials('azblob', { account, endpoint: place, ...secret })
          const uri = `az://${container}/key`
          shown.push(storage, storage.describe())
          for (const call of [
            () => storage.read(uri),
            () => storage.stat(uri),
            () => storage.write(uri, 'value'),
            () => storage.writeStream(uri, new Blob(['x'.repeat(100)]).stream()),
            () => storage.list(`az://${container}/`),
            () => storage.copy(uri, `${uri}2`),
            () => storage.delete(uri),
          ])
            shown.push(
              await call().then(
                () => null,
                (error: unknown) => error,
              ),
            )
        }
      }
      expect(shown.filter(isCapabilityError).length).toBeGreaterThan(60)
      for (const one of shown) {
        const text =
          inspect(one, { depth: 12, showHidden: true }) +
          JSON.stringify(one) +
          (one instanceof Error ? one.stack : '')
        for (const secret of secrets) expect(text).not.toContain(secret)
      }
    })
  })
}

describe('az:// without a service', () => {
  const env = { AZURE_STORAGE_ACCOUNT: 'account', AZURE_STORAGE_KEY: 'bWFya2Vy' }

  it('says which credentials are missing and how to set them', async () => {
    const storage = createStorage({ schemes: [azScheme()], env: {} })
    await expect(storage.read('az://box/key')).rejects.toMatchObject({
      kind: 'Unauthenticated',
      code: 'MISSING_CREDENTIALS',
      message: expect.stringMatching(
        /account, accountKey missing.*setCredentials\('azblob'.*AZURE_STORAGE_CONNECTION_STRING.*AZURE_STORAGE_KEY.*AZURE_STORAGE_SAS_TOKEN/,
      ),
    })
    expect(storage.hasCredentials('azblob')).toBe(false)
    const withKey = createStorage({ schemes: [azScheme()], env: { AZURE_STORAGE_KEY: 'bWFya2Vy' } })
    await expect(withKey.read('az://box/key')).rejects.toMatchObject({
      message: expect.stringMatching(/credentials: account missing/),
    })
  })

  it.each([
    { accountKey: 'marker, no base64' },
    { accountKey: 'bWFya2Vy', sasToken: 'sv=1&sig=marker' },
    { sasToken: 'sp=marker' },
    { connectionString: 'EndpointSuffix=marker' },
    { endpoint: 'https://a:marker@account.blob.core.windows.net', accountKey: 'bWFya2Vy' },
    { account: 'mark/er', accountKey: 'bWFya2Vy' },
  ])('refuses %o, and repeats nothing of it', async (credentials) => {
    const error: unknown = await Promise.resolve()
      .then(() => opened('box', { account: 'account', ...credentials }))
      .catch((e: unknown) => e)
    expect(error).toMatchObject({ kind: 'Misconfigured' })
    expect(inspect(error, { depth: 9 })).not.toMatch(/marker|bWFya2Vy/)
  })

  it('keeps metadata as the preset on Node does', () => {
    const metadata = {
      'with-dash-9': 'a, b; c="d" %41 é',
      unicode: 'Grüße 世界 😀'.repeat(9),
      '0number': '0',
      class: '=?x',
    }
    const theirs = Object.entries(toServiceMetadata(metadata, 'azblob')).map(([name, value]) => [
      `x-ms-meta-${name}`,
      value,
    ])
    expect(azureMetadataHeaders(metadata)).toEqual(Object.fromEntries(theirs))
  })

  describe('on a fake of the service', () => {
    interface Said {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | (() => string)
      readonly cut?: boolean
    }
    const asked: {
      method: string
      url: string
      authorization: string | undefined
      range: string | undefined
    }[] = []
    let answers: Said[] = []
    const server = createServer((request, response) => {
      const { method = '', url = '', headers } = request
      asked.push({ method, url, authorization: headers.authorization, range: String(headers['x-ms-range']) })
      request.resume().on('end', () => {
        const {
          status,
          headers: more = {},
          body: said = '',
          cut = false,
        } = answers.shift() ?? { status: 500 }
        const body = typeof said === 'string' ? said : said()
        if (status === 0) return void response.destroy()
        response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...more })
        if (cut) response.write(body, () => setTimeout(() => response.destroy(), 20))
        else response.end(body)
      })
    })
    const listening = new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterAll(() => void server.close())
    const store = async (answer: Said[], options: AzSchemeOptions = {}) => {
      await listening
      asked.length = 0
      answers = answer
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account`
      return opened(
        'box',
        options.accessToken === undefined ? { account: 'account', accountKey: 'bWFya2Vy', endpoint } : null,
        { ...options, endpoint, account: 'account' },
      )
    }
    const object = { etag: '"0x1"', 'last-modified': 'Wed, 01 Jan 2020 00:00:00 GMT' }

    it('asks for a new token when the old one is refused', async () => {
      let count = 0
      const accessToken = async () => `token-${++count}`
      const blob = await store(
        [{ status: 401 }, { status: 200, headers: { ...object, 'content-length': '5' } }],
        { accessToken },
      )
      expect(await blob.head('key')).toMatchObject({ size: 5, etag: '0x1' })
      expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer token-1', 'Bearer token-2'])
    })

    it('goes on with a read whose connection broke, at the same version only', async () => {
      const size = 200_000
      const whole = 'x'.repeat(size)
      const first = {
        status: 200,
        headers: { ...object, 'content-length': String(size) },
        body: whole.slice(0, 70_000),
        cut: true,
      }
      const rest = (etag: string, from: number) => ({
        status: 206,
        headers: {
          ...object,
          etag,
          'content-length': String(size - from),
          'content-range': `bytes ${from}-${size - 1}/${size}`,
        },
        body: whole.slice(from),
      })
      const blob = await store([first, rest('"0x1"', 70_000)])
      expect((await (await blob.get('key'))?.text())?.length).toBe(size)
      expect(asked[1]?.range).toBe(`bytes=70000-${size - 1}`)
      const replaced = await store([first, rest('"0x2"', 70_000)])
      await expect((await replaced.get('key'))?.text()).rejects.toMatchObject({ kind: 'ConditionNotMatch' })
    })

    it('knows a commit whose answer was lost by its blocks', async () => {
      const blob = await store([], { blockBytes: 65_536, uploadConcurrency: 1 })
      const committed = () => {
        const blocks = asked
          .map(({ url }) => new URL(url, 'http://fake.test').searchParams.get('blockid'))
          .filter((id) => id !== null)
        return blocks.map((id) => `<Block><Name>${id}</Name><Size>1</Size></Block>`).join('')
      }
      answers = [
        { status: 404, headers: { 'x-ms-error-code': 'BlobNotFound' } },
        { status: 201 },
        { status: 201 },
        { status: 201 },
        { status: 0 },
        {
          status: 200,
          headers: object,
          body: () =>
            `<?xml version="1.0"?><BlockList><CommittedBlocks>${committed()}</CommittedBlocks></BlockList>`,
        },
      ]
      const stored = await blob.put('key', new Blob([new Uint8Array(150_000)]).stream(), { ifNoneMatch: '*' })
      expect(stored).toMatchObject({ size: 150_000, etag: '0x1' })
      expect(asked).toHaveLength(6)
    })

    it('waits for a copy that is under way; one that is given up leaves no empty object', async () => {
      const head = { status: 200, headers: { ...object, 'content-length': '5' } }
      const copying = (status: string) => ({ 'x-ms-copy-id': 'c1', 'x-ms-copy-status': status })
      const pending = { status: 202, headers: { ...object, ...copying('pending') } }
      const state = (status: string) => ({
        status: 200,
        headers: { ...object, 'content-length': '5', ...copying(status) },
      })
      const blob = await store([head, pending, state('pending'), state('success'), head])
      expect(await blob.copy('a', 'b')).toMatchObject({ key: 'b', size: 5 })
      const failed = await store([
        head,
        pending,
        state('failed'),
        { status: 409 },
        state('failed'),
        { status: 202 },
      ])
      await expect(failed.copy('a', 'b')).rejects.toMatchObject({ kind: 'Unavailable' })
      expect(asked.at(-1)).toMatchObject({ method: 'DELETE', url: '/account/box/b' })
    })

    it.each([
      [503, 'ServerBusy', 'RateLimited', 'temporary'],
      [500, 'OperationTimedOut', 'Timeout', 'temporary'],
      [500, 'InternalError', 'Unavailable', 'temporary'],
      [403, 'AuthenticationFailed', 'Unauthenticated', 'never'],
      [403, 'AuthorizationPermissionMismatch', 'PermissionDenied', 'never'],
      [409, 'BlobImmutableDueToPolicy', 'PermissionDenied', 'never'],
      [409, 'SnapshotsPresent', 'Unsupported', 'never'],
      [404, 'ContainerNotFound', 'Misconfigured', 'never'],
      [302, 'none', 'Misconfigured', 'never'],
    ])('tells %s %s as %s', async (status, code, kind, retryable) => {
      const blob = await store([
        {
          status,
          headers: { 'x-ms-error-code': code, 'retry-after': '7' },
          body: '<Error><Message>sig=MARKER</Message></Error>',
        },
      ])
      const error: unknown = await blob.delete('key').catch((e: unknown) => e)
      expect(error).toMatchObject({ kind, retryable, retryAfterMs: 7000 })
      expect(inspect(error)).not.toContain('MARKER')
    })
  })

  it('takes what everybody knows of the emulator', async () => {
    const store = await azScheme().open('box', {
      ...context,
      credentials: { connectionString: 'UseDevelopmentStorage=true' },
    })
    expect(webOf(store)?.origin).toBe('http://127.0.0.1:10000')
    expect(webOf(store)?.corsRule('https://app.test').rule).toMatchObject({
      allowedOrigins: ['https://app.test'],
    })
    const other = await azScheme().open('box', {
      ...context,
      env,
      credentials: { account: 'account', accountKey: 'bWFya2Vy' },
    })
    expect(webOf(other)?.origin).toBe('https://account.blob.core.windows.net')
  })
})
