/** `kvConformance` and `dedupeConformance` on OPFS, in a page. */
import { dedupeConformance, kvConformance } from '@flowport/capabilities/testing'
import { nameOf, openSuiteStore, ways } from './opfs-suites.ts'

for (const way of ways) {
  kvConformance(`opfs kv ${nameOf(way)}`, {
    clock: 'manual',
    // A thousand files take a while where several browsers share a machine.
    timeoutMs: 300_000,
    open: async ({ clock }) => {
      let store = await openSuiteStore(clock, way)
      return {
        kv: store.kv,
        close: () => store.close(),
        reopen: async () => {
          store = await store.reopen()
          return store.kv
        },
      }
    },
    features: { list: true, metadata: true, conditional: true },
  })
  dedupeConformance(`opfs dedupe ${nameOf(way)}`, {
    clock: 'manual',
    // A thousand files take a while where several browsers share a machine.
    timeoutMs: 300_000,
    open: async ({ clock }) => {
      let store = await openSuiteStore(clock, way)
      return {
        dedupe: store.dedupe,
        close: () => store.close(),
        reopen: async () => {
          store = await store.reopen()
          return store.dedupe
        },
      }
    },
  })
}
