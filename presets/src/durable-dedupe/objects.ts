/** The classes of `durable-dedupe`: re-export those you bind from the Worker's main module. */
export { KeyValueObject } from './kv-object.ts'
export { LedgerObject, LegacyLedgerObject } from './ledger-object.ts'
