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
  /** Reads and writes instead of the driver of this package, within the root already. */
  readonly engine?: BlobDriver | undefined
}

export interface OpenedS3 {
  readonly blob: BlobDriver
  close(): Promise<void>
}

export function openS3({ client, config, log, clock, engine }: OpenS3Options): OpenedS3 {
  const { profile, root, partBytes, uploadConcurrency, signParts } = config
  const make = (write: S3WriteOptions) =>
    new S3BlobDriver({
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
  const rooted = (driver: BlobDriver) => {
    const wrap = root === '' ? undefined : prefix(root).wrap?.blob
    return wrap === undefined ? driver : wrap(driver)
  }
  const blob = withS3Extras(engine ?? rooted(make({})), { client, root, make, rooted })
  return { blob, close: () => client.close() }
}
