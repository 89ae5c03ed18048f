/** `s3://` over `fetch`. */
import { S3Client } from './client.ts'
import { openS3With } from './storage-store.ts'

export const openS3 = openS3With((options) => new S3Client(options))
