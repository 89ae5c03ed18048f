/** `@flowport/flow/nodes`: ready nodes for files (`storage.*`) and SQL (`duckdb.*`), for code and for flow files. */
export { duckdb, type DuckDbExecuteInput, type DuckDbQueryInput } from './lib/nodes/duckdb.ts'
export type { QueryRows } from './lib/nodes/rows.ts'
export { storage } from './lib/nodes/storage.ts'
export type {
  Located,
  StorageCopiedFile,
  StorageCopyInput,
  StorageDeleteInput,
  StorageEntryJson,
  StorageFileJson,
  StorageListed,
  StorageListInput,
  StorageReadInput,
  StorageReadTyped,
  StorageWriteInput,
} from './lib/nodes/storage-types.ts'
