import {
  type BlobStore,
  controlOf,
  type OpenContext,
  type OpenedProvider,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, it } from 'vitest'
import { platformTransport } from '../object-http/transport.web.ts'
import { azblobOn } from './on.ts'
import { azblob as nodeAzblob } from './preset.ts'
import { createContainer, startAzurite, withoutAzurite } from '../../test/support/azurite.ts'

function context(env: OpenContext['env'] = {}): OpenContext {
  return { env, log: silentLogger, clock: systemClock, bindings: {} }
}

function blobOf({ resources }: Pick<OpenedProvider, 'resources'>): BlobStore {
  return resources.get('blob') as unknown as BlobStore
}

const azblob = azblobOn({ transport: platformTransport, openDal: null })

const azurite = await startAzurite()
if (azurite === null) describe.skip('preset azblob on the web', () => it(withoutAzurite, () => undefined))
else {
  describe('preset azblob on the web', () => {
    it('and the preset on Node read what the other wrote', async () => {
      const container = await createContainer(azurite)
      const env = {
        AZURE_STORAGE_ACCOUNT: azurite.account,
        AZURE_STORAGE_KEY: azurite.accountKey,
        AZURE_BLOB_CONTAINER: container,
        AZURE_BLOB_ENDPOINT: azurite.endpoint,
        AZURE_BLOB_ROOT: 'media/a b',
      }
      const web = blobOf(await azblob().open(context(env)))
      const node = blobOf(await nodeAzblob().open(context(env)))
      const options = { contentType: 'text/x-sample', metadata: { 'with-dash': 'Grüße', unicode: '世界 😀' } }
      const put = await web.put('dir/ä+%', 'from the web', options)
      expect(await node.head('dir/ä+%')).toEqual(put)
      await node.put('dir/b', 'from Node', options)
      expect(await (await web.get('dir/b'))?.text()).toBe('from Node')
      expect(await web.head('dir/b')).toEqual(await node.head('dir/b'))
      const [ofWeb, ofNode] = [await web.list({ prefix: 'dir/' }), await node.list({ prefix: 'dir/' })]
      expect(ofWeb).toEqual(ofNode)
      expect(web.info.limits).toEqual(node.info.limits)
      expect(controlOf('blob', web).layers).toEqual(controlOf('blob', node).layers)
      await controlOf('blob', web).check()
    })
  })
}

describe('preset azblob on the web, without a service', () => {
  it('states the same guarantees as on Node, and refuses the engine opendal', async () => {
    const { open, ...own } = azblob()
    const { open: _, ...others } = nodeAzblob()
    expect(JSON.stringify(own)).toBe(JSON.stringify(others))
    const opened = open(context({ AZURE_STORAGE_ACCOUNT: 'account' }))
    await expect(opened).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(/AZURE_BLOB_CONTAINER.*AZURE_STORAGE_KEY/),
    })
    const complete = {
      AZURE_STORAGE_ACCOUNT: 'account',
      AZURE_STORAGE_KEY: 'bWFya2Vy',
      AZURE_BLOB_CONTAINER: 'media',
    }
    const { extensions, ...stated } = blobOf(await azblob().open(context(complete))).info
    expect(azblob().provides.blob).toMatchObject(stated)
    expect(extensions).toEqual(azblob().provides.blob.extensions)
    await expect(azblob({ engine: 'opendal' }).open(context(complete))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('Node only'),
    })
    await expect(azblob({ chunkBytes: 1 }).open(context(complete))).rejects.toMatchObject({
      kind: 'Misconfigured',
    })
  })
})
