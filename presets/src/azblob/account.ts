/** The account of `az://` and its authorization, from credentials, a connection string, and options. */
import { CapabilityError } from '@flowport/capabilities'
import type { Credentials, SchemeContext } from '@flowport/capabilities/storage'
import { plainEndpoint } from '../object-http/service-config.ts'
import type { AccessTokenProvider } from '../object-http/held-token.ts'
import { type AzureAuthorization, azureMisconfigured } from './client.ts'

/** Credentials of the provider `azblob`: a connection string; or an account with a key, a signature or a token. */
export const azFields = {
  connectionString: { env: ['AZURE_STORAGE_CONNECTION_STRING'] },
  account: { env: ['AZURE_STORAGE_ACCOUNT'] },
  accountKey: { env: ['AZURE_STORAGE_KEY'] },
  sasToken: { env: ['AZURE_STORAGE_SAS_TOKEN'] },
  accessToken: {},
  // A setting, no secret: its variable counts beside credentials that are set.
  endpoint: {},
} as const

export type AzField = keyof typeof azFields

export interface AzureAccount {
  readonly account: string
  /** Of the blob service, without a slash at its end. */
  readonly endpoint: string
  readonly authorization: AzureAuthorization
}

export interface AzureAccountOptions {
  readonly accessToken?: AccessTokenProvider
  readonly account?: string
  readonly endpoint?: string
  readonly anonymous?: boolean
}

/** Credentials win over options. Errors name missing or wrong fields, never their values. */
export function azureAccount(
  options: AzureAccountOptions,
  credentials: Credentials<AzField>,
  env: SchemeContext['env'],
): AzureAccount {
  // A connection string is complete: it is not mixed with other variables.
  const given: Given =
    credentials.connectionString === undefined ? credentials : fromString(credentials.connectionString)
  const account = given.account ?? options.account
  const authorization = authorizationOf(given, options)
  const variable: unknown = env['AZURE_BLOB_ENDPOINT']
  const endpoint =
    given.endpoint ??
    options.endpoint ??
    (typeof variable === 'string' && variable !== '' ? variable : undefined)
  // A connection string with a signature may name its endpoint only.
  const isNamed = account !== undefined || (endpoint !== undefined && given.accountKey === undefined)
  const missing = [...(isNamed ? [] : ['account']), ...(authorization === null ? ['accountKey'] : [])]
  if (missing.length > 0 || authorization === null) throw missingOf(missing)
  const plain = plainEndpoint(endpoint ?? `https://${checkedAccount(account ?? '')}.blob.core.windows.net`)
  if (plain === null)
    throw azureMisconfigured('the endpoint must be an http or https URL without user, query or fragment')
  return { account: account === undefined ? '' : checkedAccount(account), endpoint: plain, authorization }
}

type Given = Omit<Credentials<AzField>, 'connectionString'>

function authorizationOf(
  { accountKey, sasToken, accessToken }: Given,
  options: AzureAccountOptions,
): AzureAuthorization | null {
  const count = [accountKey, sasToken, accessToken].filter((each) => each !== undefined).length
  if (count > 1) throw azureMisconfigured('give one of accountKey, sasToken and accessToken, not several')
  if (accountKey !== undefined) return { accountKey: checkedKey(accountKey) }
  if (sasToken !== undefined) return { sasToken: checkedSas(sasToken) }
  if (accessToken !== undefined) return { accessToken }
  if (options.accessToken !== undefined) return { accessToken: options.accessToken }
  return options.anonymous === true ? 'anonymous' : null
}

/** https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string */
function fromString(text: string): Given {
  const fields = new Map(
    text.split(';').flatMap((part): [string, string][] => {
      const at = part.indexOf('=')
      return at < 0 ? [] : [[part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()]]
    }),
  )
  if (fields.get('usedevelopmentstorage') === 'true') return azurite
  const account = fields.get('accountname')
  const accountKey = fields.get('accountkey')
  const sasToken = fields.get('sharedaccesssignature')
  const protocol = fields.get('defaultendpointsprotocol') ?? 'https'
  const suffix = fields.get('endpointsuffix') ?? 'core.windows.net'
  const endpoint =
    fields.get('blobendpoint') ??
    (account === undefined ? undefined : `${protocol}://${account}.blob.${suffix}`)
  if (endpoint === undefined)
    throw azureMisconfigured('the connection string has neither AccountName nor BlobEndpoint; copy it again')
  return {
    endpoint,
    ...(account === undefined ? {} : { account }),
    ...(accountKey === undefined ? {} : { accountKey }),
    ...(sasToken === undefined ? {} : { sasToken }),
  }
}

/** The emulator's account, which everybody knows: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite#well-known-storage-account-and-key */
const azurite: Given = {
  account: 'devstoreaccount1',
  accountKey: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  endpoint: 'http://127.0.0.1:10000/devstoreaccount1',
}

function missingOf(missing: readonly string[]): CapabilityError {
  return new CapabilityError(
    'Unauthenticated',
    `az:// needs credentials: ${missing.join(', ')} missing; call setCredentials('azblob', { account, accountKey }), with sasToken or accessToken instead of the key, or { connectionString }; or set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, in the environment the storage is given`,
    { code: 'MISSING_CREDENTIALS', details: { provider: 'azblob', missing } },
  )
}

function checkedAccount(account: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(account)) return account
  throw azureMisconfigured('the account is a name of lower-case letters and digits')
}

function checkedKey(key: string): string {
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(key) && key.length % 4 === 0) return key
  throw azureMisconfigured('accountKey is no base64; copy it again from the access keys of the account')
}

function checkedSas(token: string): string {
  const query = token.replace(/^\?/, '')
  const parameters = new URLSearchParams(query)
  if (/^[\x21-\x7e]+$/.test(query) && !query.includes('#') && parameters.has('sig') && parameters.has('sv'))
    return query
  throw azureMisconfigured(
    'sasToken must be the query of a shared access signature, with sv and sig; not a URL',
  )
}
