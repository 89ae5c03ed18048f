/** Options, variables and guarantees of the `opendal` preset. */
import {
  type BlobFeatures,
  type BlobLimits,
  type Clock,
  countRule,
  type Offered,
} from '@flowport/capabilities'
import * as Type from 'typebox'
import { opendalBlobInfo, opendalKvInfo } from './info.ts'

export interface OpendalOptions {
  /** The service, such as `'azdls'` or `'webdav'`. Default: the variable `OPENDAL_SCHEME`. Not together with `uri`. */
  readonly scheme?: string
  /**
   * The config of the service, with OpenDAL's names: https://docs.rs/opendal/latest/opendal/services/. Wins over what a
   * URI says. Default: the variable `OPENDAL_CONFIG`, a JSON object.
   */
  readonly config?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Service and config as one, such as `s3://bucket/root?region=eu-west-1`. Default: the variable `OPENDAL_URI`. */
  readonly uri?: string
  /**
   * How blobs are kept. `'plain'`: as they are, for other programs to read. `'enveloped'`: with a header before the content
   * and keys escaped, which keeps the whole contract on any service. Default: plain where the service tells versions of its
   * objects apart, else enveloped.
   */
  readonly objects?: 'plain' | 'enveloped'
  /** How long entries of `kv` live: as each put says, all for as many seconds, or for ever. Default `'per_write'`. */
  readonly ttl?: 'per_write' | { readonly namespaceDefault: number } | 'none'
  /** Folder of the entries of `kv`, ending in `/`, beside the blobs. Default `'.flowport-kv/'`. */
  readonly kvFolder?: string
  /** Guarantees of the service, where you know more than this package. Default: the known guarantees, or `'unknown'`. */
  readonly consistency?: Offered<'consistency'>
  readonly durability?: Offered<'durability'>
  /** Limits and features of blobs where they differ from OpenDAL's, such as on a server that is only partly S3-compatible. */
  readonly limits?: Partial<BlobLimits>
  readonly features?: Partial<BlobFeatures>
  /** Bytes of each part of an upload and of each ranged read, 64 KiB to 1 GiB. Default 8 MiB. */
  readonly chunkBytes?: number
  /** Ranged reads under way at once for one object, 1 to 64; each holds `chunkBytes` of memory. Uploads send one part at a time. Default 1. */
  readonly concurrency?: number
  /**
   * Most bytes of a conditional put of a stream: it is held in memory and sent in one request, as servers may check the
   * condition of single requests only; a longer one is `LimitExceeded`. Up to 1 GiB. Default 64 MiB.
   */
  readonly maxConditionalBytes?: number
  /** Milliseconds a small call may take, 1 to 86 400 000. Default 60 000. */
  readonly timeoutMs?: number
  /** Milliseconds one piece of a transfer may take, which may be a whole part of a slow upload: 1 to 86 400 000. Default 600 000. */
  readonly ioTimeoutMs?: number
  /** Dates objects and expires entries. Default: the host's clock. */
  readonly clock?: Clock
}

export const opendalEnv = Type.Object({
  OPENDAL_URI: Type.Optional(
    Type.String({
      description: 'Secret: service and config as one URI, such as s3://bucket/root?region=eu-west-1.',
    }),
  ),
  OPENDAL_SCHEME: Type.Optional(Type.String({ description: 'The service, such as webdav.' })),
  OPENDAL_CONFIG: Type.Optional(
    Type.String({ description: 'Secret: the config of the service, a JSON object of texts.' }),
  ),
})

/** Ranges of the numeric options. */
export const opendalNumbers = {
  chunkBytes: countRule(64 * 1024, 1024 ** 3),
  concurrency: countRule(1, 64),
  maxConditionalBytes: countRule(0, 1024 ** 3),
  timeoutMs: countRule(1, 86_400_000),
  ioTimeoutMs: countRule(1, 86_400_000),
}

export const opendalProvides = { blob: opendalBlobInfo, kv: opendalKvInfo } as const
