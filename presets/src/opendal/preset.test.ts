import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type BlobStore,
  type KeyValue,
  type OpenContext,
  type OpenedProvider,
  type ResourceName,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance, kvConformance, ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { opendal, type OpendalOptions } from './preset.ts'
import type * as Entry from './preset.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { createBucket, clientFor } from '../../test/support/s3-bucket.ts'
import { startRadosgw, withoutRadosgw } from '../../test/support/radosgw.ts'
import { tempDirectory } from '../../test/support/temp-directory.ts'

function context(env: Record<string, string> = {}): OpenContext {
  return { env, log: silentLogger, clock: new ManualClock(), bindings: {} }
}

function resource<T>({ resources }: Pick<OpenedProvider, 'resources'>, name: ResourceName): T {
  return resources.get(name) as unknown as T
}

describe('preset opendal', () => {
  it('opens blob and kv on one service, apart from each other', async () => {
    const root = tempDirectory()
    const opened = await opendal({ scheme: 'fs', config: { root } }).open(context())
    const blob = resource<BlobStore>(opened, 'blob')
    const kv = resource<KeyValue>(opened, 'kv')
    await blob.put('a/b', 'blob')
    await kv.put('a/b', 'entry')
    expect(await (await blob.get('a/b'))?.text()).toBe('blob')
    expect(await kv.get('a/b')).toBe('entry')
    expect((await blob.list()).objects.map(({ key }) => key)).toEqual(['a/b'])
    expect((await kv.list()).keys.map(({ key }) => key)).toEqual(['a/b'])
    expect(readdirSync(root).sort()).toEqual(['.flowport-kv', '.flowport-staging', 'a+'])
    await opened.close()
    await opened.close()
  })

  it('takes the service from variables, as a URI or as scheme and JSON; options win', async () => {
    const [root, other] = [tempDirectory(), tempDirectory()]
    const put = async (options: OpendalOptions, env: Record<string, string>) => {
      const opened = await opendal({ ...options, objects: 'plain', only: ['blob'] }).open(context(env))
      await resource<BlobStore>(opened, 'blob').put('file', 'text')
      await opened.close()
    }
    await put({}, { OPENDAL_URI: `fs://${root}` })
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('text')
    await put(
      {},
      {
        OPENDAL_SCHEME: 'fs',
        OPENDAL_CONFIG: JSON.stringify({ root: join(root, 'within') }),
        OPENDAL_URI: '',
      },
    )
    expect(readFileSync(join(root, 'within', 'file'), 'utf8')).toBe('text')
    await put({ scheme: 'fs', config: { root: other } }, { OPENDAL_URI: `fs://${root}/not-this` })
    expect(readFileSync(join(other, 'file'), 'utf8')).toBe('text')
    expect(readdirSync(root)).not.toContain('not-this')
  })

  it('is Misconfigured without a service, with two, or with an invalid config, and shows no value', async () => {
    const bad: readonly [OpendalOptions, Record<string, string>, RegExp][] = [
      [{}, {}, /give scheme and config, or uri, or set OPENDAL_URI/],
      [{}, { OPENDAL_URI: 'fs:///MARK', OPENDAL_SCHEME: 'fs' }, /once/],
      [{}, { OPENDAL_SCHEME: 'fs', OPENDAL_CONFIG: '{"root":MARK' }, /OPENDAL_CONFIG must be a JSON object/],
      [{ scheme: 'fs', config: { root: '/tmp', passwort: 'MARK' } }, {}, /has no passwort/],
    ]
    for (const [options, env, why] of bad) {
      const opening = opendal(options).open(context(env))
      await expect(opening).rejects.toMatchObject({
        kind: 'Misconfigured',
        message: expect.stringMatching(why),
      })
      await expect(opening).rejects.toMatchObject({ message: expect.not.stringContaining('MARK') })
    }
    await expect(opendal({ scheme: 'floppy' }).open(context())).rejects.toMatchObject({
      kind: 'Unsupported',
      message: expect.stringMatching(/no service "floppy"; it has: .*webdav/),
    })
  })

  it('states little before it is opened, and then what the service is known for', async () => {
    const provider = opendal({ scheme: 'memory' })
    expect(provider.provides.blob).toMatchObject({ consistency: 'unknown', durability: 'unknown' })
    expect(provider.hints.map(({ name }) => name)).toContain('resource::blob::write')
    const opened = await provider.open(context())
    expect(resource<BlobStore>(opened, 'blob').info).toMatchObject({
      provider: 'opendal-memory',
      consistency: 'strong',
      durability: 'ephemeral',
      features: { metadata: true, contentType: true, createOnly: false },
    })
    expect(resource<KeyValue>(opened, 'kv').info).toMatchObject({
      ttl: 'per_write',
      features: { list: true },
    })
    const unknown = await opendal({
      scheme: 'koofr',
      config: { endpoint: 'http://h', email: 'e', password: 'p' },
    }).open(context())
    expect(resource<BlobStore>(unknown, 'blob').info).toMatchObject({
      consistency: 'unknown',
      durability: 'unknown',
    })
    const stated = await opendal({
      scheme: 'memory',
      ttl: 'none',
      consistency: 'eventual',
      only: ['kv'],
    }).open(context())
    expect(resource<KeyValue>(stated, 'kv').info).toMatchObject({ ttl: 'none', consistency: 'eventual' })
    for (const each of [opened, unknown, stated]) await each.close()
  })

  it('reads a service that only reads, and refuses to keep entries there', async () => {
    const options = { scheme: 'http', config: { endpoint: 'http://127.0.0.1:1' } } as const
    await expect(opendal(options).open(context())).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(/"http" cannot be written to/),
    })
    const opened = await opendal({ ...options, only: ['blob'] }).open(context())
    const blob = resource<BlobStore>(opened, 'blob')
    expect(blob.info.features).toMatchObject({ write: false, list: false, ranges: true })
    await expect(blob.put('key', 'value')).rejects.toMatchObject({ kind: 'Unsupported' })
    await opened.close()
  })
})

describe('preset opendal on other runtimes', () => {
  it('states the same, and fails to open with advice', async () => {
    const { opendal: unsupportedOpendal } = await onPlatform<typeof Entry>('opendal', 'workerd')
    const { open, ...stub } = unsupportedOpendal()
    const { open: _, ...real } = opendal()
    expect(JSON.stringify(stub)).toBe(JSON.stringify(real))
    await expect(open(context())).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
      message: expect.stringMatching(/"opendal".*native binary.*"memory"/),
    })
  })
})

const server = await startRadosgw()
const buckets = Array.from({ length: 2 }, (_, i) => `opendal-${i}`)

describe.skipIf(server === null)(
  server === null ? withoutRadosgw : 'preset opendal over a real S3 server',
  () => {
    if (server === null) return
    let roots = 0
    const open = async () => {
      const bucket = buckets[0] ?? ''
      roots += 1
      if (roots === 1) await createBucket(clientFor(server, bucket))
      // Each case in a folder of its own: the bucket is never emptied.
      return opendal({
        scheme: 's3',
        config: {
          bucket,
          root: `/case-${roots}`,
          endpoint: server.endpoint,
          region: 'us-east-1',
          access_key_id: server.accessKeyId,
          secret_access_key: server.secretAccessKey,
          disable_config_load: true,
        },
        consistency: 'strong',
        // Ceph takes If-Match of an unquoted etag only: the preset "s3" knows, this one does not.
        features: { compareAndSwap: false },
      }).open({ env: {}, log: silentLogger, clock: systemClock, bindings: {} })
    }

    blobConformance('blob over S3', {
      clock: 'real',
      features: {
        ranges: true,
        metadata: true,
        contentType: true,
        serverCopy: true,
        presign: true,
        createOnly: true,
      },
      async open() {
        const opened = await open()
        return { blob: resource<BlobStore>(opened, 'blob'), close: () => opened.close() }
      },
    })

    kvConformance('kv over S3', {
      clock: 'real',
      maxTtlWaitMs: 3000,
      features: { list: true, metadata: true },
      async open() {
        const opened = await open()
        return { kv: resource<KeyValue>(opened, 'kv'), close: () => opened.close() }
      },
    })
  },
)
