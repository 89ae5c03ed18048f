/** S3 clients on Node: undici, and signatures and digests over `node:crypto`. */
export { nodeS3Client as connectS3 } from './node/client.ts'
