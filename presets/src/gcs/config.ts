/** Options and environment of the `gcs` preset, complete and checked. Errors name what is missing or wrong, never its value. */
import { type CapabilityError, checkNumbers } from '@flowport/capabilities'
import type { Static } from 'typebox'
import { fromBase64, toBase64 } from '../object-http/encode.ts'
import { checkedEngine, type EngineName } from '../object-http/engine.ts'
import { s3HttpNumbers } from '../object-http/http-options.ts'
import { given, plainEndpoint, plainRoot } from '../object-http/service-config.ts'
import { misconfigured as misconfiguredAt } from '../platform/misconfigured.ts'
import type { GcsOptions, gcsEnv } from './declaration.ts'
import type { GcsMachine } from './machine.ts'

export interface GcsConfig {
  readonly bucket: string
  /** `/`, or `/<folder>`. */
  readonly root: string
  /** Default Google's. */
  readonly endpoint?: string
  readonly anonymous: boolean
  /** At most one of the two; with neither, the identity of the machine. */
  readonly token?: string
  /** A key file in base64. */
  readonly credential?: string
  readonly storageClass?: string
  readonly predefinedAcl?: string
  readonly engine: EngineName
}

/** @param machine Reads a file of credentials; `null` on runtimes without files. */
export function gcsConfig(
  options: GcsOptions,
  env: Static<typeof gcsEnv>,
  machine: GcsMachine | null,
): GcsConfig {
  const bucket = given(options.bucket, env.GCS_BUCKET)
  if (bucket === undefined) throw misconfigured('bucket (GCS_BUCKET) is missing')
  const endpoint = given(options.endpoint, env.GCS_ENDPOINT)
  const { credential, token } = credentials(options, env, machine)
  const { anonymous = false, storageClass, predefinedAcl } = options
  const engine = checkedEngine('gcs', options)
  checkNumbers('preset "gcs": http', { ...options.http }, s3HttpNumbers)
  return {
    bucket,
    root: checkedRoot(given(options.root, env.GCS_ROOT) ?? ''),
    anonymous,
    engine,
    ...(endpoint === undefined ? {} : { endpoint: checkedEndpoint(endpoint) }),
    ...(credential === undefined ? {} : { credential: checkedCredential(credential, engine) }),
    ...(token === undefined ? {} : { token: checkedToken(token) }),
    ...(storageClass === undefined ? {} : { storageClass: checkedWord('storageClass', storageClass) }),
    ...(predefinedAcl === undefined ? {} : { predefinedAcl: checkedWord('predefinedAcl', predefinedAcl) }),
  }
}

/** The same with OpenDAL's names. It looks for no credentials but these, or else the identity of the machine. */
export function openDalConfig(config: GcsConfig) {
  const { bucket, root, endpoint, anonymous, token, credential, storageClass, predefinedAcl } = config
  return {
    bucket,
    root,
    endpoint,
    token,
    credential,
    disable_config_load: true,
    disable_vm_metadata: anonymous || credential !== undefined || token !== undefined,
    allow_anonymous: anonymous ? true : undefined,
    default_storage_class: storageClass,
    predefined_acl: predefinedAcl,
  }
}

/** Whether the credential is one of workload identity federation, which OpenDAL exchanges for tokens. */
export function isFederated(credential: string): boolean {
  const text = new TextDecoder().decode(fromBase64(credential) ?? new Uint8Array())
  return (JSON.parse(text) as { readonly type?: unknown }).type === 'external_account'
}

export function misconfigured(reason: string): CapabilityError {
  return misconfiguredAt('preset "gcs"', reason)
}

/** Takes all credentials from the options, or all from the environment: never a mixture. */
function credentials(
  { credential, credentialPath, token, anonymous = false }: GcsOptions,
  env: Static<typeof gcsEnv>,
  machine: GcsMachine | null,
): { readonly credential?: string | undefined; readonly token?: string | undefined } {
  const own = credential !== undefined || credentialPath !== undefined || token !== undefined || anonymous
  const chosen = own
    ? { credential, credentialPath, token }
    : {
        credential: given(undefined, env.GCS_CREDENTIAL),
        credentialPath: given(undefined, env.GOOGLE_APPLICATION_CREDENTIALS),
        token: given(undefined, env.GCS_TOKEN),
      }
  const count = Object.values(chosen).filter((each) => each !== undefined).length + (anonymous ? 1 : 0)
  if (count > 1)
    throw misconfigured('give one of credential, credentialPath, token and anonymous, not several')
  const { credentialPath: path } = chosen
  return path === undefined ? chosen : { credential: contentOf(path, machine) }
}

function contentOf(path: string, machine: GcsMachine | null): string {
  if (machine === null)
    throw misconfigured('there are no files here; give the key as credential (GCS_CREDENTIAL)')
  try {
    return machine.readFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw misconfigured(`the file of credentialPath (GOOGLE_APPLICATION_CREDENTIALS) cannot be read: ${code}`)
  }
}

/** The key file in base64, as OpenDAL takes it. */
function checkedCredential(credential: string, engine: EngineName): string {
  const text = credential.trimStart().startsWith('{')
    ? credential
    : new TextDecoder().decode(fromBase64(credential) ?? new Uint8Array())
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw misconfigured('the credential is no JSON, nor JSON in base64')
  }
  const { type, client_email: email, private_key: key } = (parsed ?? {}) as Readonly<Record<string, unknown>>
  if (type === 'service_account' && typeof email === 'string' && typeof key === 'string')
    return toBase64(new TextEncoder().encode(text))
  if (type === 'external_account') {
    if (engine === 'opendal') return toBase64(new TextEncoder().encode(text))
    throw misconfigured(
      'credentials of workload identity federation (external_account) need the engine "opendal"; or give the key of a service account, or a token',
    )
  }
  throw misconfigured(
    'the credential is no key of a service account: it needs type, client_email and private_key',
  )
}

function checkedToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw misconfigured('the token must be printable ASCII without spaces')
}

function checkedWord(name: string, value: string): string {
  if (/^[A-Za-z_]+$/.test(value)) return value
  throw misconfigured(`${name} must be one word, as Google writes it`)
}

function checkedEndpoint(endpoint: string): string {
  const plain = plainEndpoint(endpoint)
  if (plain !== null) return plain
  throw misconfigured('endpoint must be an http or https URL without user, query or fragment')
}

/** OpenDAL sends the root of a listing unencoded, where a `&` would begin another parameter. */
function checkedRoot(root: string): string {
  const plain = plainRoot(root)
  if (plain !== null && /^[\w.~/\u0080-\u{10ffff}-]*$/u.test(plain)) return plain
  throw misconfigured('root must be a path of letters, digits and "-._~", such as media/2024')
}
