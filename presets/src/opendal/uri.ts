/** A service as one URI, such as `s3://bucket/root?region=eu-west-1`: which scheme and config it means. */
import type { CapabilityError } from '@flowport/capabilities'
import { misconfigured as misconfiguredAt } from '../platform/misconfigured.ts'

export interface SchemeAndConfig {
  readonly scheme: string
  readonly config: Readonly<Record<string, string>>
}

/**
 * Reads the URI apart. Its query holds further keys of the config. `Misconfigured` when it is not a URI, or its service has no
 * rule; the message never holds the URI, which may hold a password.
 */
export function parseServiceUri(uri: string): SchemeAndConfig {
  let url: URL
  try {
    url = new URL(uri)
  } catch {
    // The parser's error would show the text.
    throw misconfigured('it is no URI; write scheme://name/root?key=value')
  }
  const given = url.protocol.slice(0, -1).toLowerCase()
  const scheme = Object.hasOwn(sameService, given) ? (sameService[given] ?? given) : given
  const rule = Object.hasOwn(rules, scheme) ? rules[scheme] : undefined
  if (rule === undefined && (url.host !== '' || url.pathname.length > 1)) {
    throw misconfigured(`there is no rule for "${scheme}://": give scheme and config instead`)
  }
  const config: Record<string, string> = { ...rule?.(url, given) }
  for (const [key, value] of url.searchParams) {
    if (Object.hasOwn(config, key)) throw misconfigured(`it says ${key} twice`)
    config[key] = value
  }
  if (url.hash !== '') throw misconfigured('a "#" must be written as %23')
  return { scheme, config }
}

type Rule = (url: URL, given: string) => Record<string, string>

const sameService: Readonly<Record<string, string>> = {
  https: 'http',
  rediss: 'redis',
  webdavs: 'webdav',
  gs: 'gcs',
  az: 'azblob',
  file: 'fs',
}

function named(key: string): Rule {
  return (url) => {
    noUser(url)
    return { [key]: decoded(url.host), ...rootOf(url) }
  }
}

const inProcess: Rule = (url) => {
  if (url.host !== '') throw misconfigured('a store in memory has no host: write memory:///root')
  return rootOf(url)
}

const rules: Readonly<Record<string, Rule>> = {
  s3: named('bucket'),
  gcs: named('bucket'),
  oss: named('bucket'),
  obs: named('bucket'),
  cos: named('bucket'),
  b2: named('bucket'),
  azblob: named('container'),
  azdls: named('filesystem'),
  memory: inProcess,
  moka: inProcess,
  'mini-moka': inProcess,
  dashmap: inProcess,
  fs: (url) => {
    if (url.host !== '') throw misconfigured('a directory has no host: write fs:///directory')
    return { root: decoded(url.pathname) }
  },
  http: (url, given) => ({ endpoint: `${given}://${url.host}`, ...userOf(url), ...rootOf(url) }),
  webdav: (url, given) => ({
    endpoint: `${given === 'webdavs' ? 'https' : 'http'}://${url.host}`,
    ...userOf(url),
    ...rootOf(url),
  }),
  redis: (url, given) => ({
    endpoint: `${given}://${url.host}`,
    ...userOf(url),
    ...(url.pathname.length > 1 ? { db: decoded(url.pathname.slice(1)) } : {}),
  }),
}

function rootOf({ pathname }: URL): Record<string, string> {
  return pathname.length > 1 ? { root: decoded(pathname) } : {}
}

function userOf({ username, password }: URL): Record<string, string> {
  return {
    ...(username === '' ? {} : { username: decoded(username) }),
    ...(password === '' ? {} : { password: decoded(password) }),
  }
}

function noUser({ username, password }: URL): void {
  if (username === '' && password === '') return
  throw misconfigured('credentials do not belong before the "@": give them in the config')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw misconfigured('it has a "%" that is no escape; write %25')
  }
}

function misconfigured(reason: string): CapabilityError {
  return misconfiguredAt('the URI of the service is wrong', reason, { code: 'OPENDAL_CONFIG' })
}
