/** `r2://` over `fetch`. */
import { S3Client } from '../s3/client.ts'
import { throughS3 } from './storage-s3.ts'

export const openR2 = throughS3((client) => new S3Client(client))
