/** The `gcs` preset: blobs in a bucket of Google Cloud Storage, over Google's XML API. */
import { platform as machine } from '#gcs/platform'
import { platformTransport } from '#object-http/transport'
import { platform as openDal } from '#opendal/engine'
import { gcsOn } from './on.ts'

export type { HttpDispatcher, S3HttpOptions } from '../object-http/http-options.ts'
export type { GcsOptions } from './declaration.ts'

/** Provides `blob`. The next stop is `S3BlobDriver`, over `googleTransport`. */
export const gcs = gcsOn({ transport: platformTransport, openDal, machine })
