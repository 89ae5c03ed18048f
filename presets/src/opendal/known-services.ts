/** Facts about the common services that OpenDAL does not report: guarantees, limits, how they keep paths. */
import type { BlobLimits, Offered } from '@flowport/capabilities'

export interface KnownService {
  readonly consistency: Offered<'consistency'>
  readonly durability: Offered<'durability'>
  readonly limits: Partial<BlobLimits>
  /** Folders are things of their own, and a write shows before it is whole: written beside, then renamed. */
  readonly tree: boolean
  /** Part of a value can be read without reading the rest. */
  readonly ranges: boolean
  /** A copy shows whole or not at all. */
  readonly atomicCopy: boolean
  /** OpenDAL does not encode what a listing's query holds: `&` in a prefix would begin another parameter. */
  readonly rawQuery: boolean
}

const MiB = 1024 * 1024
const GiB = 1024 * MiB

/** Of a service nothing is known of: no guarantee, small limits. */
const unknownService: KnownService = {
  consistency: 'unknown',
  durability: 'unknown',
  limits: { maxKeyBytes: 512, maxMetadataBytes: 2048, maxListKeys: 1000, maxBulkKeys: 100 },
  tree: false,
  ranges: true,
  atomicCopy: true,
  rawQuery: false,
}

const inProcess: KnownService = {
  consistency: 'strong',
  durability: 'ephemeral',
  limits: { maxKeyBytes: 1024, maxObjectBytes: 256 * MiB, maxMetadataBytes: 2048, maxBulkKeys: 1000 },
  tree: false,
  ranges: true,
  atomicCopy: true,
  rawQuery: false,
}

/** One value for each key, read and written whole. */
const database: KnownService = {
  ...unknownService,
  limits: { maxKeyBytes: 512, maxObjectBytes: 64 * MiB, maxMetadataBytes: 2048, maxBulkKeys: 100 },
  ranges: false,
}

const services: Readonly<Record<string, KnownService>> = {
  memory: inProcess,
  dashmap: inProcess,
  // They forget entries when they are full, which no level says.
  moka: { ...inProcess, consistency: 'unknown' },
  'mini-moka': { ...inProcess, consistency: 'unknown' },
  fs: {
    ...unknownService,
    consistency: 'strong',
    // OpenDAL flushes the file, but not the folder that names it: a power failure may take the last objects back.
    durability: 'unknown',
    limits: { maxKeyBytes: 1024, maxObjectBytes: 1024 * GiB, maxMetadataBytes: 8192, maxBulkKeys: 1000 },
    tree: true,
    atomicCopy: false,
  },
  webdav: { ...unknownService, tree: true, atomicCopy: false },
  // Guarantees depend on the endpoint, which may be any store: the preset "s3" states them for the stores it knows.
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
  s3: {
    ...unknownService,
    limits: {
      maxKeyBytes: 1024,
      maxObjectBytes: 5 * 1024 * GiB,
      maxMetadataBytes: 2048,
      maxBulkKeys: 1000,
      multipart: { minPartBytes: 5 * MiB, maxPartBytes: 5 * GiB, maxParts: 10_000 },
    },
  },
  // https://cloud.google.com/storage/docs/consistency, https://cloud.google.com/storage/quotas
  gcs: {
    ...unknownService,
    consistency: 'strong',
    durability: 'durable',
    rawQuery: true,
    limits: {
      maxKeyBytes: 1024,
      maxObjectBytes: 5 * 1024 * GiB,
      maxMetadataBytes: 8192,
      maxBulkKeys: 100,
      multipart: { minPartBytes: 5 * MiB, maxPartBytes: 5 * GiB, maxParts: 10_000 },
    },
  },
  // https://learn.microsoft.com/azure/storage/blobs/scalability-targets
  azblob: {
    ...unknownService,
    consistency: 'strong',
    durability: 'durable',
    limits: {
      maxKeyBytes: 1024,
      maxObjectBytes: 5 * 1024 * GiB,
      maxMetadataBytes: 8192,
      maxBulkKeys: 256,
      multipart: { minPartBytes: 1, maxPartBytes: 4000 * MiB, maxParts: 50_000 },
    },
  },
  http: unknownService,
  // One server that executes one command at a time; whether it keeps what it confirmed is a matter of its settings.
  redis: { ...database, consistency: 'strong' },
  memcached: {
    ...database,
    durability: 'ephemeral',
    limits: { ...database.limits, maxKeyBytes: 200, maxObjectBytes: MiB },
  },
  sqlite: database,
  postgresql: database,
  mysql: database,
  mongodb: database,
  redb: database,
  sled: database,
  persy: database,
}

/** The facts about a service, or `unknownService`. */
export function knownService(scheme: string): KnownService {
  return (Object.hasOwn(services, scheme) ? services[scheme] : undefined) ?? unknownService
}
