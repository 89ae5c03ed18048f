/** Opens the stores of the `s3` preset on a client: root, extras, and what closes them. */
import { type BlobDriver, type Clock, type Logger, prefix } from '@flowport/capabilities'
import { S3BlobDriver } from './blob-driver.ts'
import type { S3Client } from './client.ts'
import { checkedConcurrency, checkedPartBytes, type S3Config } from './config.ts'
import { type S3WriteOptions, withS3Extras, writeHeaders } from './extras.ts'

export interface OpenS3Options {
  readonly client: S3Client
  readonly config: S3Config
  readonly log: Pick<Logger, 'warn'>
  readonly clock: Clock
  /** Reads and writes instead of the driver of this package; its keys are relative to the root. */
  readonly engine?: BlobDriver | undefined
}

export interface OpenedS3 {
  readonly blob: BlobDriver
  close(): Promise<void>
}

/** The driver of this package within the root, as the engine `opendal` uses it. */
export function ownDriver(options: Omit<OpenS3Options, 'engine'>): BlobDriver {
  return rooted(options.config.root, s3Driver(options, {}))
}

export function openS3({ engine, ...options }: OpenS3Options): OpenedS3 {
  const { client, config } = options
  const blob = withS3Extras(engine ?? ownDriver(options), {
    client,
    root: config.root,
    make: (write) => s3Driver(options, write),
    rooted: (driver) => rooted(config.root, driver),
  })
  return { blob, close: () => client.close() }
}

function s3Driver(
  { client, config, log, clock }: Omit<OpenS3Options, 'engine'>,
  write: S3WriteOptions,
): S3BlobDriver {
  const { profile, partBytes, uploadConcurrency, signParts } = config
  return new S3BlobDriver({
    client,
    profile,
    partBytes: checkedPartBytes(write.partBytes ?? partBytes, profile),
    uploadConcurrency: checkedConcurrency(write.uploadConcurrency ?? uploadConcurrency),
    signParts,
    log,
    clock,
    putHeaders: writeHeaders(write),
    sha256: write.sha256,
  })
}

function rooted(root: string, driver: BlobDriver): BlobDriver {
  return root === '' ? driver : (prefix(root).wrap?.blob?.(driver) ?? driver)
}
