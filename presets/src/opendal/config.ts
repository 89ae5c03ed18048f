/** The configs of the common services, as types and as a check: OpenDAL silently ignores unknown keys. */
import type { CapabilityError } from '@flowport/capabilities'
import { misconfigured as misconfiguredAt } from '../platform/misconfigured.ts'

/** A value of the config. OpenDAL takes text; numbers and booleans are converted. */
export type ConfigValue = string | number | boolean

type Keys<Required extends string, Optional extends string> = { readonly [K in Required]: ConfigValue } & {
  readonly [K in Optional]?: ConfigValue | undefined
}

/** The config of each common service, by scheme. */
export interface OpenDalConfigs {
  readonly s3: Keys<'bucket', S3Key>
  readonly fs: Keys<'root', 'atomic_write_dir'>
  readonly memory: Keys<never, 'root'>
  readonly http: Keys<'endpoint', 'username' | 'password' | 'token' | 'root'>
  readonly gcs: Keys<'bucket', GcsKey>
  readonly azblob: Keys<'container', AzblobKey>
  readonly webdav: Keys<'endpoint', 'username' | 'password' | 'token' | 'root' | 'disable_copy'>
  readonly redis: Keys<never, RedisKey>
}

/** The config of a service; of one that is not among the common ones, any keys. */
export type OpenDalConfig<S extends string = string> = S extends keyof OpenDalConfigs
  ? OpenDalConfigs[S]
  : Readonly<Record<string, ConfigValue | undefined>>

type S3Key = (typeof s3Keys)[number]
type GcsKey = (typeof gcsKeys)[number]
type AzblobKey = (typeof azblobKeys)[number]
type RedisKey = (typeof redisKeys)[number]

const s3Keys = [
  'root',
  'endpoint',
  'region',
  'profile',
  'access_key_id',
  'secret_access_key',
  'session_token',
  'role_arn',
  'external_id',
  'role_session_name',
  'assume_role_duration_seconds',
  'assume_role_session_tags',
  'disable_config_load',
  'disable_ec2_metadata',
  'skip_signature',
  'allow_anonymous',
  'server_side_encryption',
  'server_side_encryption_aws_kms_key_id',
  'server_side_encryption_customer_algorithm',
  'server_side_encryption_customer_key',
  'server_side_encryption_customer_key_md5',
  'default_storage_class',
  'enable_virtual_host_style',
  'checksum_algorithm',
  'disable_list_objects_v2',
  'enable_request_payer',
  'default_acl',
  'enable_versioning',
  'batch_max_operations',
  'delete_max_size',
  'disable_stat_with_override',
  'disable_write_with_if_match',
  'enable_write_with_append',
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'aws_region',
  'aws_endpoint_url',
] as const

const gcsKeys = [
  'root',
  'endpoint',
  'scope',
  'service_account',
  'credential',
  'credential_path',
  'token',
  'predefined_acl',
  'default_storage_class',
  'skip_signature',
  'allow_anonymous',
  'disable_vm_metadata',
  'disable_config_load',
] as const

const azblobKeys = [
  'root',
  'endpoint',
  'account_name',
  'account_key',
  'sas_token',
  'encryption_key',
  'encryption_key_sha256',
  'encryption_algorithm',
  'skip_signature',
  'batch_max_operations',
] as const

const redisKeys = [
  'endpoint',
  'cluster_endpoints',
  'username',
  'password',
  'root',
  'db',
  'default_ttl',
  'connection_pool_max_size',
] as const

interface ConfigShape {
  readonly required: readonly string[]
  readonly optional: readonly string[]
}

/** https://docs.rs/opendal/latest/opendal/services/ (one page for each service). */
const shapes: Readonly<Record<string, ConfigShape>> = {
  s3: { required: ['bucket'], optional: s3Keys },
  fs: { required: ['root'], optional: ['atomic_write_dir'] },
  memory: { required: [], optional: ['root'] },
  http: { required: ['endpoint'], optional: ['username', 'password', 'token', 'root'] },
  gcs: { required: ['bucket'], optional: gcsKeys },
  azblob: { required: ['container'], optional: azblobKeys },
  webdav: {
    required: ['endpoint'],
    optional: ['username', 'password', 'token', 'root', 'disable_copy'],
  },
  redis: { required: [], optional: redisKeys },
}

/** Whether keys of this service's config are checked. */
export function hasKnownConfig(scheme: string): boolean {
  return Object.hasOwn(shapes, scheme)
}

/**
 * The config as OpenDAL takes it: text under text. `Misconfigured` names unknown and missing keys of the common services,
 * and never says a value.
 */
export function checkedConfig(
  scheme: string,
  config: Readonly<Record<string, ConfigValue | undefined>>,
): Record<string, string> {
  const checked: Record<string, string> = {}
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw misconfigured(scheme, `${key} must be text, a number or a boolean`)
    }
    const text = String(value)
    if (text.includes('\0')) throw misconfigured(scheme, `${key} holds NUL`)
    checked[key] = text
  }
  const shape = Object.hasOwn(shapes, scheme) ? shapes[scheme] : undefined
  if (shape === undefined) return checked
  const known = [...shape.required, ...shape.optional]
  const unknown = Object.keys(checked).filter((key) => !known.includes(key))
  if (unknown.length > 0) {
    throw misconfigured(
      scheme,
      `it has no ${unknown.join(', ')}; OpenDAL would ignore that. It has: ${known.join(', ')}`,
    )
  }
  const missing = shape.required.filter((key) => (checked[key] ?? '') === '')
  if (missing.length > 0) throw misconfigured(scheme, `it needs ${missing.join(', ')}`)
  return checked
}

/** The values of the config that must never be seen, longest first. */
export function secretsOf(config: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(config)
    .filter(([key, value]) => !plainKeys.has(key) && value.length >= 4 && !/^(?:true|false|\d+)$/.test(value))
    .map(([, value]) => value)
    .toSorted((a, b) => b.length - a.length)
}

/** Keys whose values may be seen; the value of any other may be a secret. */
const plainKeys = new Set(
  (
    'root bucket container filesystem region endpoint profile name scope db datadir table database account_name ' +
    'atomic_write_dir default_ttl default_storage_class default_acl predefined_acl checksum_algorithm ' +
    'server_side_encryption encryption_algorithm'
  ).split(' '),
)

function misconfigured(scheme: string, reason: string): CapabilityError {
  return misconfiguredAt(`the config of the service "${scheme}" is wrong`, reason, {
    code: 'OPENDAL_CONFIG',
    details: { scheme },
  })
}
