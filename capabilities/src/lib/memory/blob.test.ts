import { createBlobStore } from '../blob/blob-store.ts'
import { blobConformance } from '../testing/blob-conformance.ts'
import { memoryBlobDriver } from './blob.ts'

blobConformance('memory blob', {
  clock: 'manual',
  features: {
    createOnly: true,
    compareAndSwap: true,
    ranges: true,
    metadata: true,
    contentType: true,
    serverCopy: true,
  },
  open: ({ clock }) => ({ blob: createBlobStore(memoryBlobDriver({ clock })) }),
})
