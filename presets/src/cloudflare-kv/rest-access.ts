/** Whom the REST API is asked as, and for which namespace: options first, then variables. */
import { CapabilityError } from '@flowport/capabilities'
import type { CloudflareKvOptions } from './declaration.ts'

export interface RestAccess {
  readonly accountId: string
  readonly namespaceId: string
  readonly apiToken: string
}

const variables = {
  accountId: 'CLOUDFLARE_ACCOUNT_ID',
  namespaceId: 'CLOUDFLARE_KV_NAMESPACE_ID',
  apiToken: 'CLOUDFLARE_API_TOKEN',
} as const satisfies Record<keyof RestAccess, string>

/** Refuses some of the three. With none, the profile may be one for Workers, which have a binding. */
export function checkRestAccess(...given: Parameters<typeof restAccess>): void {
  const [options, env] = given
  const names = Object.keys(variables) as (keyof RestAccess)[]
  if (names.some((name) => (options[name] ?? env[variables[name]] ?? '') !== '')) restAccess(...given)
}

/** All three, or `Misconfigured` naming every one that is missing. */
export function restAccess(
  options: Pick<CloudflareKvOptions, keyof RestAccess>,
  env: Readonly<Partial<Record<(typeof variables)[keyof RestAccess], string>>>,
): RestAccess {
  const valueOf = (name: keyof RestAccess) => options[name] ?? env[variables[name]] ?? ''
  const names = Object.keys(variables) as (keyof RestAccess)[]
  const missing = names.filter((name) => valueOf(name) === '')
  if (missing.length === 0) {
    return {
      accountId: valueOf('accountId'),
      namespaceId: valueOf('namespaceId'),
      apiToken: valueOf('apiToken'),
    }
  }
  const list = missing.map((name) => `${variables[name]} (option ${name})`).join(', ')
  throw new CapabilityError('Misconfigured', `cloudflare-kv: set ${list}`, {
    details: { missing: missing.map((name) => variables[name]) },
  })
}
