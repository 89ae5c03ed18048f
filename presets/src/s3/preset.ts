/** The `s3` preset: blobs in a bucket of Amazon S3 or any S3-compatible store, and a dedupe ledger there. */
import { platform as openDal } from '#opendal/engine'
import { connectS3 } from '#s3/connect'
import { s3DedupeOn, s3On } from './on.ts'

export * from './public.ts'

/** Provides `blob`. The next stop is `S3BlobDriver`. */
export const s3 = s3On({ connect: connectS3, openDal })

/** Provides `dedupe`: a ledger of conditional writes. Opening it proves that the endpoint keeps them. The next stop is `S3DedupeDriver`. */
export const s3Dedupe = s3DedupeOn({ connect: connectS3 })
