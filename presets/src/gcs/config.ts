/** What the preset is told of the bucket, checked, in OpenDAL's words: names what is missing, and never what is there. */
import type { OpenDalConfigs } from '../opendal/driver.ts'
import type { Static } from 'typebox'
import { fromBase64, toBase64 } from '../object-http/encode.ts'
import { given, plainEndpoint, plainRoot } from '../object-http/service-config.ts'
import { type GcsOptions, type gcsEnv, misconfigured } from './declaration.ts'

export type GcsConfig = OpenDalConfigs['gcs'] & {
  readonly bucket: string
  readonly root: string
  readonly endpoint?: string
  readonly token?: string
  readonly credential?: string
  readonly default_storage_class?: string
  readonly predefined_acl?: string
}

/** `readFile` is given the path of a file of credentials. */
export function gcsConfig(
  options: GcsOptions,
  env: Static<typeof gcsEnv>,
  readFile: (path: string) => string,
): GcsConfig {
  const bucket = given(options.bucket, env.GCS_BUCKET)
  if (bucket === undefined) throw misconfigured('bucket (GCS_BUCKET) is missing')
  const endpoint = given(options.endpoint, env.GCS_ENDPOINT)
  const { credential, token } = credentials(options, env, readFile)
  const { anonymous = false, storageClass, predefinedAcl } = options
  return {
    bucket,
    root: checkedRoot(given(options.root, env.GCS_ROOT) ?? ''),
    // Nothing but what is given here, and the machine's own identity where nothing is.
    disable_config_load: true,
    disable_vm_metadata: anonymous || credential !== undefined || token !== undefined,
    ...(endpoint === undefined ? {} : { endpoint: checkedEndpoint(endpoint) }),
    ...(anonymous ? { allow_anonymous: true } : {}),
    ...(credential === undefined ? {} : { credential: checkedCredential(credential) }),
    ...(token === undefined ? {} : { token: checkedToken(token) }),
    ...(storageClass === undefined
      ? {}
      : { default_storage_class: checkedWord('storageClass', storageClass) }),
    ...(predefinedAcl === undefined ? {} : { predefined_acl: checkedWord('predefinedAcl', predefinedAcl) }),
  }
}

/** Those of the options, or those of the environment: never a mixture of both. */
function credentials(
  { credential, credentialPath, token, anonymous = false }: GcsOptions,
  env: Static<typeof gcsEnv>,
  readFile: (path: string) => string,
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
  return path === undefined ? chosen : { credential: readFile(path) }
}

/** The key in base64, as OpenDAL takes it, which says no more of a bad one than that it has none. */
function checkedCredential(credential: string): string {
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
  if (type === 'external_account') return toBase64(new TextEncoder().encode(text))
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

/** Listings of OpenDAL send the root as it is, where a `&` would begin another parameter. */
function checkedRoot(root: string): string {
  const plain = plainRoot(root)
  if (plain !== null && /^[\w.~/\u0080-\u{10ffff}-]*$/u.test(plain)) return plain
  throw misconfigured('root must be a path of letters, digits and "-._~", such as media/2024')
}
