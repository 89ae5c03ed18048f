/** The Worker the presets are tested in: it only brings the Durable Object classes. */
export { KeyValueObject, LedgerObject, LegacyLedgerObject } from '../../src/durable-dedupe/objects.ts'
export { PartitionObject } from '../../src/durable-partitions/objects.ts'
export { StateObject, TestSequencer } from './durable-state-classes.ts'

export default { fetch: () => new Response('flowport presets test') }
