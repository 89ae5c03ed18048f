/** A wrong configuration gives the same errors with both engines: the drivers of this package, and OpenDAL. */
import { type BlobStore, isCapabilityError, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, it } from 'vitest'
import { azblob } from '../src/azblob/preset.ts'
import { s3 } from '../src/s3/preset.ts'
import { createContainer, startAzurite, withoutAzurite } from './support/azurite.ts'
import { startRadosgw, withoutRadosgw } from './support/radosgw.ts'
import { clientFor, createBucket } from './support/s3-bucket.ts'

const context = { env: {}, bindings: {}, log: silentLogger, clock: systemClock }
const layers = () => []

const calls: Readonly<Record<string, (blob: BlobStore) => Promise<unknown>>> = {
  head: (blob) => blob.head('key'),
  get: (blob) => blob.get('key'),
  'get a range': (blob) => blob.get('key', { range: { offset: 0, length: 1 } }),
  put: (blob) => blob.put('key', 'value'),
  'put a stream': (blob) => blob.put('key', new Blob(['value']).stream()),
  'put in parts': (blob) => blob.put('key', new Blob([new Uint8Array(9 * 1024 * 1024)]).stream()),
  create: (blob) => blob.put('new', 'value', { ifNoneMatch: '*' }),
  list: (blob) => blob.list(),
  delete: (blob) => blob.delete('key'),
  deleteMany: (blob) => blob.deleteMany(['key', 'other']),
}

async function kindsOf(provider: ReturnType<typeof s3> | ReturnType<typeof azblob>) {
  const { resources, close } = await provider.open(context)
  const blob = resources.get('blob') as unknown as BlobStore
  const kinds: Record<string, string> = {}
  for (const [name, call] of Object.entries(calls)) {
    kinds[name] = await call(blob).then(
      (value) => (value === null ? 'null' : 'done'),
      (error: unknown) => (isCapabilityError(error) ? `${error.kind} ${error.retryable}` : String(error)),
    )
  }
  await close()
  return kinds
}

const server = await startRadosgw()
if (server === null) describe.skip('s3', () => it(withoutRadosgw, () => undefined))
else {
  const { endpoint, accessKeyId, secretAccessKey } = server
  await createBucket(clientFor(server, 'there'))
  const options = {
    endpoint,
    region: 'us-east-1',
    provider: 'ceph',
    accessKeyId,
    secretAccessKey,
    layers,
  } as const

  it.each([
    ['a missing bucket', { bucket: 'missing' }, 'Misconfigured never'],
    ['a wrong secret', { bucket: 'there', secretAccessKey: 'wrong' }, 'Unauthenticated never'],
    ['an unknown access key', { bucket: 'there', accessKeyId: 'nobody' }, 'Unauthenticated never'],
    ['no server', { bucket: 'there', endpoint: 'http://127.0.0.1:9' }, 'Unavailable temporary'],
  ])('s3: %s has the same kinds with both engines', async (_, wrong, kind) => {
    const own = await kindsOf(s3({ ...options, ...wrong, engine: 'fetch' }))
    const opendal = await kindsOf(s3({ ...options, ...wrong, engine: 'opendal' }))
    expect(opendal).toEqual(own)
    // An answer to HEAD names no reason, and a store may call it done when what was to be deleted is not there.
    for (const name of ['get', 'put', 'put a stream', 'put in parts', 'create', 'list'])
      expect([name, own[name]]).toEqual([name, kind])
  })

  it('s3: with the engine opendal a missing object is null', async () => {
    const { resources, close } = await s3({ ...options, bucket: 'there', engine: 'opendal' }).open(context)
    const blob = resources.get('blob') as unknown as BlobStore
    expect(await blob.get('absent')).toBeNull()
    expect(await blob.get('absent')).toBeNull()
    await close()
  })
}

const azurite = await startAzurite()
if (azurite === null) describe.skip('azblob', () => it(withoutAzurite, () => undefined))
else {
  const { endpoint, account, accountKey } = azurite
  const container = await createContainer(azurite)
  it.each([
    ['a missing container', { container: 'missing' }, 'Misconfigured never'],
    ['a wrong key', { container, accountKey: btoa('wrong key') }, 'PermissionDenied never'],
    ['no server', { container, endpoint: 'http://127.0.0.1:9' }, 'Unavailable temporary'],
  ])('azblob: %s has the same kinds with both engines', async (_, wrong, kind) => {
    const options = { endpoint, account, accountKey, layers, ...wrong }
    const own = await kindsOf(azblob(options))
    const opendal = await kindsOf(azblob({ ...options, engine: 'opendal' }))
    // OpenDAL calls it done to delete from a container that is not there.
    expect({ ...opendal, delete: own['delete'], deleteMany: own['deleteMany'] }).toEqual(own)
    for (const name of ['head', 'get', 'put', 'list']) expect([name, own[name]]).toEqual([name, kind])
  })
}
