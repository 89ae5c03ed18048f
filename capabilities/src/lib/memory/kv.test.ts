import { kvConformance } from '../testing/kv-conformance.ts'
import { createKeyValue } from '../kv/key-value.ts'
import { memoryKvDriver } from './kv.ts'

kvConformance('memory kv', {
  clock: 'manual',
  features: { list: true, metadata: true, conditional: true, bulk: true },
  open: ({ clock }) => ({ kv: createKeyValue(memoryKvDriver({ clock }), { clock }) }),
})
