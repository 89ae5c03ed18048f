/** `@flowport/capabilities/storage`: files addressed by URI over any number of stores, one import per scheme. */
export type {
  JsonArray,
  JsonObject,
  JsonValue,
  StorageContent,
  StorageCopied,
  StorageCopyOptions,
  StorageEntry,
  StorageFile,
  StorageHashOptions,
  StorageListOptions,
  StorageListPage,
  StorageReadOptions,
  StorageWriteOptions,
  UriStorage,
  UriStorageReader,
} from './lib/storage/contract.ts'
export type {
  CorsRule,
  CredentialField,
  Credentials,
  OpenedStore,
  SchemeContext,
  StorageScheme,
  StoreFolders,
  UriPlace,
  WebAccess,
} from './lib/storage/scheme.ts'
export {
  createStorage,
  type CreateStorageOptions,
  createUriStorage,
  type CreateUriStorageOptions,
  type ManagedStorage,
} from './lib/storage/storage.ts'
export {
  type CredentialsByProvider,
  type CredentialsOf,
  openStorageDriver,
  type SchemeDescription,
  type StorageDriver,
  type StorageDriverOptions,
} from './lib/storage/driver.ts'
export { memoryScheme, type MemorySchemeOptions } from './lib/storage/memory-scheme.ts'
export { blobScheme } from './lib/storage/blob-scheme.ts'
export { type KvByName, kvScheme } from './lib/storage/kv-scheme.ts'

// For schemes: how they refuse a URI, ask for credentials, and take paths.
export { missingCredentials } from './lib/storage/credentials.ts'
export { checkedPath, invalidUri, userinfo } from './lib/storage/uri.ts'
// For schemes: here too, so that a page which only names a scheme loads nothing else of the package.
export { checkNumbers, countRule, longestTimerMs, type NumberRule } from './lib/numbers.ts'
