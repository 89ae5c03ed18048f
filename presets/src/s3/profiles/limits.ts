/** Limits that S3 stores share, as Amazon set them. */

export const kibibyte = 1024
export const mebibyte = 1024 ** 2
export const gibibyte = 1024 ** 3
export const tebibyte = 1024 ** 4

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const multipart = { minPartBytes: 5 * mebibyte, maxPartBytes: 5 * gibibyte, maxParts: 10_000 } as const

/**
 * Keys of 1024 bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html. Pages of 1000 keys:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html. Deletes of 1000 keys:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html. Metadata of 2 KB, names and values together:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
export const common = {
  maxKeyBytes: 1024,
  maxMetadataBytes: 2 * kibibyte,
  maxListKeys: 1000,
  maxBulkKeys: 1000,
  multipart,
} as const

/** Features of every S3 store. Profiles of stores without conditions on writes override those two. */
export const features = {
  createOnly: true,
  compareAndSwap: true,
  ranges: true,
  metadata: true,
  contentType: true,
  serverCopy: true,
  presign: true,
} as const
