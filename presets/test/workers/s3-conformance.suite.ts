/** The blob suite on the `s3` preset in workerd, against a real server. `s3-in-workerd.test.ts` starts both. */
import { env } from 'cloudflare:workers'
import { type BlobStore, type Resource, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { s3 } from '../../src/s3/preset.ts'

for (const [how, options] of [
  ['bare', { layers: () => [] }],
  ['layered, in a folder', { root: 'deep/er' }],
] as const) {
  blobConformance(`preset s3 in workerd on radosgw, ${how}`, {
    clock: 'real',
    features: { createOnly: true, compareAndSwap: true, serverCopy: true, presign: true },
    open: async () => {
      // The suite's large streams have about 6 MB: two parts of the smallest there may be.
      const provider = s3({ ...options, partBytes: 5 * 1024 * 1024 })
      const context = { env: { ...env }, log: silentLogger, clock: systemClock, bindings: {} }
      const { resources, close } = await provider.open(context)
      const blob = resources.get('blob') as unknown as BlobStore & Resource
      const keys: string[] = []
      for await (const { key } of blob.entries()) keys.push(key)
      await blob.deleteMany(keys)
      return { blob, close }
    },
  })
}
