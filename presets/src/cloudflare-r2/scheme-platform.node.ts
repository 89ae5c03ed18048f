/** Opens `r2://` on Node, through a binding where the scheme is given one, else through the S3 endpoint. */
import { nodeS3Client } from '../s3/node/client.ts'
import { throughBinding } from './storage-binding.ts'
import { throughS3 } from './storage-s3.ts'
import type { OpenR2 } from './storage.ts'

const overS3 = throughS3((client) => nodeS3Client(client))

export const openOnPlatform: OpenR2 = (bucket, options, context) =>
  throughBinding(bucket, options, context) ?? overS3(bucket, options, context)
