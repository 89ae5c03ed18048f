/** Google Cloud Storage's profiles for the S3 driver: with HMAC keys, and with tokens, which allow conditional writes. */
import { CapabilityError } from '@flowport/capabilities'
import type { S3Profile } from '../s3/profile.ts'
import { gcsProfile } from '../s3/profiles/gcs.ts'
import { gcsInfo, maxParts } from './info.ts'

/** https://cloud.google.com/storage/docs/objects#naming */
const refusedKeys = /[\r\n]|^\.well-known\/acme-challenge\//

const extensions = { 'dev.flowport.blob.refusedKeys': refusedKeys.source }

/** With HMAC keys: signed as for Amazon, where a request cannot carry Google's conditions. */
export const hmacProfile: S3Profile = {
  ...gcsProfile,
  info: { ...gcsProfile.info, extensions: { ...gcsProfile.info.extensions, ...extensions } },
  checkKey,
}

/** With tokens, or none: Google's own headers. */
export const tokenProfile: S3Profile = {
  ...hmacProfile,
  info: {
    ...gcsProfile.info,
    provider: 'gcs',
    // A URL is signed with a key, and a token is not one.
    features: { ...gcsProfile.info.features, createOnly: true, compareAndSwap: true, presign: false },
    extensions: { ...extensions, 'com.google.cloud.storage.etags': 'generation' },
  },
  // "Preconditions are not supported" of uploads in parts: https://cloud.google.com/storage/docs/multipart-uploads
  conditionalComplete: false,
}

/** The profile of the preset, whose `info` is the one it states. */
export function presetProfile(chunkBytes: number): S3Profile {
  const limits = { ...gcsInfo.limits, maxObjectBytes: Math.min(5 * 1024 ** 4, maxParts * chunkBytes) }
  return { ...tokenProfile, info: { ...gcsInfo, limits } }
}

function checkKey(key: string): void {
  if (!refusedKeys.test(key)) return
  throw new CapabilityError(
    'InvalidInput',
    'Google takes no name with a line break, and none below .well-known/acme-challenge/',
    { key },
  )
}
