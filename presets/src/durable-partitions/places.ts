/** Which object keeps what, of a store in partitions. Names never change: data lies where they say. */
import { splitPartition } from '@flowport/capabilities'
import type { LedgerPlaces } from '../cloudflare/durable-ledger/dedupe-driver.ts'
import { objectName } from '../cloudflare/durable-ledger/object-names.ts'
import { pageOfIndex } from '../cloudflare/durable-ledger/unknown-pages.ts'

/** What the portable type puts before a key that is text. */
const textMark = 't:'

/** The name of the object that keeps a partition. */
export function partitionObject(store: string, partition: string): string {
  return objectName({ name: `${store}/partition`, shards: undefined }, partition)
}

/** The name of the object that lists the partitions which have entries. */
export function directoryObject(store: string): string {
  return `${store}#partitions`
}

/** The partition that keeps a ledger record; `null` for a key with an object of its own. */
export function partitionOfRecord(key: string): string | null {
  return key.startsWith(textMark) ? (splitPartition(key.slice(textMark.length))?.partition ?? null) : null
}

export function partitionPlaces(store: string): LedgerPlaces {
  const index = `${store}#unknown`
  const objectOf = (key: string) => {
    const partition = partitionOfRecord(key)
    return partition === null
      ? objectName({ name: `${store}/key`, shards: undefined }, key)
      : partitionObject(store, partition)
  }
  return {
    objectOf,
    index,
    unknowns: (ask, cursor, limit) => pageOfIndex(ask, { index, objectOf }, cursor, limit),
  }
}
