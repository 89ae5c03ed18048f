/** `kvConformance` and `dedupeConformance` on OPFS, in a page. */
import { dedupeConformance, kvConformance } from '@flowport/capabilities/testing'
import { nameOf, openSuiteStore, ways } from './opfs-suites.ts'

const sameEitherWay =
  'listing and sweeping do not depend on how files are written: runs through createWritable'

for (const way of ways) {
  const isFull = way.access === 'direct'
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
    skip: isFull
      ? {}
      : {
          'more than a thousand keys (1203) are listed, none lost and none twice': sameEitherWay,
          'many expired entries go without a trace in pages': sameEitherWay,
        },
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
    skip: isFull
      ? {}
      : {
          'many keys whose time is over do not stand in the way of new ones': sameEitherWay,
          'unknown keys are kept however long nobody settles them, among many that expire': sameEitherWay,
        },
  })
}
