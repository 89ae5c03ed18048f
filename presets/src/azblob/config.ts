/** Options and environment of the `azblob` preset, complete and checked. Errors name what is missing or wrong, never its value. */
import { checkNumbers } from '@flowport/capabilities'
import type { Static } from 'typebox'
import { checkedEngine, type EngineName } from '../object-http/engine.ts'
import { s3HttpNumbers } from '../object-http/http-options.ts'
import { given, plainEndpoint, plainRoot } from '../object-http/service-config.ts'
import { misconfigured as misconfiguredAt } from '../platform/misconfigured.ts'
import type { AzblobOptions, azblobEnv } from './declaration.ts'

export interface AzblobConfig {
  readonly account: string
  readonly container: string
  /** Without a slash at its end. */
  readonly endpoint: string
  /** `/`, or `/<folder>`. */
  readonly root: string
  readonly authorization: { readonly accountKey: string } | { readonly sasToken: string }
  readonly engine: EngineName
}

export function azblobConfig(options: AzblobOptions, env: Static<typeof azblobEnv>): AzblobConfig {
  const account = given(options.account, env.AZURE_STORAGE_ACCOUNT)
  const container = given(options.container, env.AZURE_BLOB_CONTAINER)
  const { key, sas } = credentials(options, env)
  const missing = [
    ...(isName(account) ? [] : ['account (AZURE_STORAGE_ACCOUNT)']),
    ...(isName(container) ? [] : ['container (AZURE_BLOB_CONTAINER)']),
    ...(key === undefined && sas === undefined
      ? ['accountKey (AZURE_STORAGE_KEY) or sasToken (AZURE_STORAGE_SAS_TOKEN)']
      : []),
  ]
  if (missing.length > 0 || !isName(account) || !isName(container))
    throw misconfigured(`${missing.join(', ')} is missing`)
  if (key !== undefined && sas !== undefined) throw misconfigured('give accountKey or sasToken, not both')
  checkNumbers('preset "azblob": http', { ...options.http }, s3HttpNumbers)
  return {
    account,
    container,
    endpoint: checked(
      'endpoint',
      plainEndpoint(
        given(options.endpoint, env.AZURE_BLOB_ENDPOINT) ?? `https://${account}.blob.core.windows.net`,
      ),
      'an http or https URL without user, query or fragment; a SAS goes into sasToken',
    ),
    root: checked(
      'root',
      plainRoot(given(options.root, env.AZURE_BLOB_ROOT) ?? ''),
      'a path of plain segments, such as media/2024',
    ),
    authorization: key === undefined ? { sasToken: checkedSas(sas ?? '') } : { accountKey: checkedKey(key) },
    engine: checkedEngine('azblob', options),
  }
}

/** The same with OpenDAL's names. */
export function openDalConfig({ account, container, endpoint, root, authorization }: AzblobConfig) {
  return {
    account_name: account,
    container,
    endpoint,
    root,
    ...('accountKey' in authorization
      ? { account_key: authorization.accountKey }
      : { sas_token: authorization.sasToken }),
  }
}

function misconfigured(reason: string) {
  return misconfiguredAt('preset "azblob"', reason)
}

/** Takes all credentials from the options, or all from the environment: never a mixture. */
function credentials({ accountKey, sasToken }: AzblobOptions, env: Static<typeof azblobEnv>) {
  if (accountKey !== undefined || sasToken !== undefined) return { key: accountKey, sas: sasToken }
  const { AZURE_STORAGE_KEY: key, AZURE_STORAGE_SAS_TOKEN: sas } = env
  return { key: key === '' ? undefined : key, sas: sas === '' ? undefined : sas }
}

function isName(name: string | undefined): name is string {
  return name !== undefined && name !== ''
}

function checked(name: string, value: string | null, what: string): string {
  if (value === null) throw misconfigured(`${name} must be ${what}`)
  return value
}

function checkedKey(key: string): string {
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(key) && key.length % 4 === 0) return key
  throw misconfigured('accountKey is no base64; copy it again from the access keys of the account')
}

function checkedSas(token: string): string {
  const query = token.replace(/^\?/, '')
  const parameters = new URLSearchParams(query)
  if (!/\s/.test(query) && parameters.has('sig') && parameters.has('sv')) return query
  throw misconfigured('sasToken must be the query of a shared access signature, with sv and sig; not a URL')
}
