/** `blobConformance` on OPFS, in a page. */
import { blobConformance } from '@flowport/capabilities/testing'
import { nameOf, openSuiteStore, ways } from './opfs-suites.ts'

for (const way of ways) {
  blobConformance(`opfs blob ${nameOf(way)}`, {
    clock: 'manual',
    // A thousand files take a while where several browsers share a machine.
    timeoutMs: 300_000,
    open: async ({ clock }) => {
      let store = await openSuiteStore(clock, way)
      return {
        blob: store.blob,
        close: () => store.close(),
        reopen: async () => {
          store = await store.reopen()
          return store.blob
        },
      }
    },
    features: { createOnly: true, compareAndSwap: true, ranges: true, metadata: true, serverCopy: true },
  })
}
