/** Opens buckets for `s3://` with the client of the runtime. */
import { connectS3 } from '#s3/connect'
import { openS3With } from './storage-store.ts'

export const openS3 = openS3With(connectS3)
