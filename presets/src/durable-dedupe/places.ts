/** Where the ledger keeps its records: in an object for each key, or in a number of objects that share the keys. */
import type { LedgerPlaces } from '../cloudflare/durable-ledger/dedupe-driver.ts'
import { pageOfIndex, pageOfShards } from '../cloudflare/durable-ledger/unknown-pages.ts'
import {
  indexName,
  objectName,
  type ObjectNaming,
  shardName,
} from '../cloudflare/durable-ledger/object-names.ts'

export function ledgerPlaces(naming: ObjectNaming): LedgerPlaces {
  const { name, shards } = naming
  const objectOf = (key: string) => objectName(naming, key)
  if (shards === undefined) {
    const index = indexName(name)
    return {
      objectOf,
      index,
      unknowns: (ask, cursor, limit) => pageOfIndex(ask, { index, objectOf }, cursor, limit),
    }
  }
  const nameOf = (shard: number) => shardName({ name, shards }, shard)
  return {
    objectOf,
    index: null,
    unknowns: (ask, cursor, limit) => pageOfShards(ask, { shards, nameOf }, cursor, limit),
  }
}
