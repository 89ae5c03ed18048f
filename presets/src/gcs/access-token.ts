/** Access tokens of Google for the requests OpenDAL cannot make: one that was given, one for a service account's key, or the machine's. */
import { CapabilityError } from '@flowport/capabilities'
import type { GcsConfig } from './config.ts'
import { tokenAnswer } from './token-answer.ts'

/** A token, or `null` where none is needed. */
export async function accessToken(config: GcsConfig, signal: AbortSignal): Promise<string | null> {
  const { token, credential, allow_anonymous: anonymous } = config
  if (anonymous === true) return null
  if (token !== undefined) return token
  return credential === undefined ? machineToken(signal) : accountToken(credential, signal)
}

interface AccountKey {
  readonly type: string
  readonly client_email: string
  readonly private_key: string
  readonly token_uri?: string
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
async function accountToken(credential: string, signal: AbortSignal): Promise<string> {
  const key = JSON.parse(Buffer.from(credential, 'base64').toString()) as AccountKey
  if (key.type !== 'service_account')
    throw new CapabilityError('Unsupported', `no token can be had here for a credential of type ${key.type}`)
  const { token_uri: audience = 'https://oauth2.googleapis.com/token' } = key
  // Loaded when the first is needed: most processes never have anything to clean up.
  const { importPKCS8, SignJWT } = await import('jose')
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(key.client_email)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(await importPKCS8(key.private_key, 'RS256'))
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
  return tokenFrom(await fetch(audience, { method: 'POST', body, signal, redirect: 'error' }))
}

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
async function machineToken(signal: AbortSignal): Promise<string> {
  const url = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token'
  return tokenFrom(await fetch(url, { headers: { 'metadata-flavor': 'Google' }, signal, redirect: 'error' }))
}

async function tokenFrom(response: Response): Promise<string> {
  const answer = await tokenAnswer(response)
  const token = (answer as { readonly access_token?: unknown } | null)?.access_token
  if (response.ok && typeof token === 'string') return token
  throw new CapabilityError('Unauthenticated', `Google gave no access token (status ${response.status})`)
}

const scope = 'https://www.googleapis.com/auth/devstorage.read_write'
