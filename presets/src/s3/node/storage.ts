/** `s3://` over undici and `node:crypto`. */
import { openS3With } from '../storage-store.ts'
import { nodeS3Client } from './client.ts'

export const openS3 = openS3With((options, http) => nodeS3Client(options, http))
