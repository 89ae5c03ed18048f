/** The classes of `durable-dedupe`: re-export those you bind from the Worker's main module. */
export { KeyValueObject } from './lib/durable-dedupe/kv-object.ts'
export { LedgerObject, LegacyLedgerObject } from './lib/durable-dedupe/ledger-object.ts'
