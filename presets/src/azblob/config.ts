/** What OpenDAL is told of the account, checked: names what is missing, and never what is there. */
import type { OpenDalConfigs } from '../opendal/driver.ts'
import type { Static } from 'typebox'
import { given, plainEndpoint, plainRoot } from '../object-http/service-config.ts'
import { type AzblobOptions, type azblobEnv, misconfigured } from './declaration.ts'

export type AzblobConfig = OpenDalConfigs['azblob'] & {
  readonly container: string
  readonly account_name: string
  readonly endpoint: string
  readonly root: string
  readonly account_key?: string
  readonly sas_token?: string
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
  return {
    container,
    account_name: account,
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
    ...(key === undefined ? {} : { account_key: checkedKey(key) }),
    ...(sas === undefined ? {} : { sas_token: checkedSas(sas) }),
  }
}

/** The same, for requests beside OpenDAL. */
export function requestsOptions({
  endpoint,
  account_name,
  container,
  root,
  account_key,
  sas_token,
}: AzblobConfig) {
  return { endpoint, account: account_name, container, root, accountKey: account_key, sasToken: sas_token }
}

/** Those of the options, or those of the environment: never a mixture of both. */
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
