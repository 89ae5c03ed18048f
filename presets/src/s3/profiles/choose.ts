/** Chooses the profile of a store by its provider, else by its endpoint. */
import type { S3Profile } from '../profile.ts'
import { awsProfile } from './aws.ts'
import { cephProfile } from './ceph.ts'
import { gcsProfile } from './gcs.ts'
import { genericProfile } from './generic.ts'
import { minioProfile } from './minio.ts'
import { r2Profile } from './r2.ts'

export const s3Providers = ['aws', 'r2', 'minio', 'ceph', 'gcs'] as const

export type S3Provider = (typeof s3Providers)[number]

/** Without a provider the endpoint tells those that have hosts of their own; others are taken for a careful generic one. */
export function s3ProfileOf(provider: S3Provider | undefined, endpoint: string | undefined): S3Profile {
  return profiles[provider ?? providerAt(endpoint)]
}

function providerAt(endpoint: string | undefined): S3Provider | 'generic' {
  if (endpoint === undefined) return 'aws'
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : ''
  if (/(?:^|\.)amazonaws\.com(?:\.cn)?$/.test(host)) return 'aws'
  if (host.endsWith('.r2.cloudflarestorage.com')) return 'r2'
  return host === 'storage.googleapis.com' || host.endsWith('.storage.googleapis.com') ? 'gcs' : 'generic'
}

const profiles: Readonly<Record<S3Provider | 'generic', S3Profile>> = {
  aws: awsProfile,
  r2: r2Profile,
  minio: minioProfile,
  ceph: cephProfile,
  gcs: gcsProfile,
  generic: genericProfile,
}
