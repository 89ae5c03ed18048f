/** Access tokens for a key file of Google: a service account's, or a user's as `gcloud` keeps it. */
import { CapabilityError, type Clock } from '@flowport/capabilities'
import type { AccessToken, AccessTokenProvider } from '../object-http/held-token.ts'
import { misconfigured as misconfiguredAt } from '../platform/misconfigured.ts'
import { tokenFrom } from './token-answer.ts'

/** Gets tokens for a key, given as JSON or in base64. Throws `Misconfigured` when it is not a key. */
export function googleKeyTokens(credential: string, clock: Pick<Clock, 'now'>): AccessTokenProvider {
  const key = parsed(credential)
  const { token_uri: uri = 'https://oauth2.googleapis.com/token' } = key
  if (!isSafe(uri)) throw misconfigured('token_uri must be an https URL')
  if (key.type === 'service_account') {
    const { client_email: email, private_key: pem } = key
    if (email === undefined || pem === undefined)
      throw misconfigured('the key of a service account has client_email and private_key')
    return async () =>
      exchanged(clock, uri, {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: await assertionOf(email, pem, uri, clock),
      })
  }
  if (key.type === 'authorized_user') {
    const { client_id, client_secret, refresh_token } = key
    if (client_id === undefined || client_secret === undefined || refresh_token === undefined)
      throw misconfigured('the key of a user has client_id, client_secret and refresh_token')
    return () =>
      exchanged(clock, uri, { grant_type: 'refresh_token', client_id, client_secret, refresh_token })
  }
  throw misconfigured(
    'the credential is a key of neither a service account nor a user; give tokens with the option accessToken instead',
  )
}

type KeyField =
  | 'type'
  | 'client_email'
  | 'private_key'
  | 'token_uri'
  | 'client_id'
  | 'client_secret'
  | 'refresh_token'

function parsed(credential: string): Partial<Record<KeyField, string>> {
  let key: unknown = null
  try {
    const text = credential.trimStart().startsWith('{') ? credential : utf8(atob(credential.trim()))
    key = JSON.parse(text)
  } catch {
    // The error does not repeat the text: it may be a secret in another form.
  }
  if (typeof key !== 'object' || key === null)
    throw misconfigured('the credential is no JSON, nor JSON in base64')
  return Object.fromEntries(Object.entries(key).filter(([, value]) => typeof value === 'string'))
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
async function assertionOf(
  email: string,
  pem: string,
  audience: string,
  clock: Pick<Clock, 'now'>,
): Promise<string> {
  // Loaded when it is first needed: most pages have tokens from elsewhere.
  const [{ importPKCS8 }, { SignJWT }] = await Promise.all([
    import('jose/key/import'),
    import('jose/jwt/sign'),
  ])
  let key: CryptoKey
  try {
    key = await importPKCS8(pem, 'RS256')
  } catch {
    // The platform's own error may repeat what it could not read.
    throw misconfigured('private_key is no key in PEM; copy the file again')
  }
  const seconds = Math.floor(clock.now() / 1000)
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(email)
    .setAudience(audience)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 600)
    .sign(key)
}

async function exchanged(
  clock: Pick<Clock, 'now'>,
  uri: string,
  form: Readonly<Record<string, string>>,
): Promise<AccessToken> {
  let response: Response
  try {
    response = await fetch(uri, { method: 'POST', body: new URLSearchParams(form), redirect: 'error' })
  } catch (error) {
    throw new CapabilityError('Unavailable', "the connection to Google's token service failed", {
      cause: error,
    })
  }
  return tokenFrom(response, clock)
}

function isSafe(uri: string): boolean {
  const url = URL.canParse(uri) ? new URL(uri) : null
  return url?.protocol === 'https:' || url?.hostname === '127.0.0.1' || url?.hostname === 'localhost'
}

function utf8(binary: string): string {
  return new TextDecoder().decode(Uint8Array.from(binary, (unit) => unit.charCodeAt(0)))
}

function misconfigured(reason: string): CapabilityError {
  return misconfiguredAt('gs', reason)
}

const scope = 'https://www.googleapis.com/auth/devstorage.read_write'
