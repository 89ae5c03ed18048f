/** Opens the ledger of a bucket, once the endpoint has proven that it can carry one. */
import type { Clock, DedupeDriver, Logger } from '@flowport/capabilities'
import { S3BlobDriver } from '../blob-driver.ts'
import type { S3Client } from '../client.ts'
import { misconfigured, type S3Config } from '../config.ts'
import { S3DedupeDriver } from './driver.ts'
import { s3DedupeInfo } from './info.ts'
import { proveConditionalWrites } from './prove.ts'
import { LedgerRecords } from './records.ts'

export interface OpenS3DedupeOptions {
  readonly client: S3Client
  readonly config: S3Config
  /** Folder of the ledger's objects, below the root; ends in a slash. */
  readonly prefix: string | undefined
  readonly log: Pick<Logger, 'warn'>
  readonly clock: Pick<Clock, 'now'>
}

/** Closes the client when it fails. */
export async function openS3Dedupe({
  client,
  config,
  prefix,
  log,
  clock,
}: OpenS3DedupeOptions): Promise<DedupeDriver> {
  try {
    const blobs = new S3BlobDriver({ client, profile: config.profile, log })
    const records = new LedgerRecords(client, blobs, config.root + checkedPrefix(prefix))
    await proveConditionalWrites(records)
    return new S3DedupeDriver({ info: s3DedupeInfo, records, check: (call) => blobs.check(call), clock })
  } catch (error) {
    await client.close()
    throw error
  }
}

function checkedPrefix(prefix = '.flowport/dedupe/'): string {
  const segments = prefix.split('/').slice(0, -1)
  const isFolder = prefix.endsWith('/') && segments.every((one) => one !== '' && one !== '.' && one !== '..')
  if (isFolder && prefix.length <= 256) return prefix
  throw misconfigured('prefix must be a folder of at most 256 characters, such as "ledger/"')
}
