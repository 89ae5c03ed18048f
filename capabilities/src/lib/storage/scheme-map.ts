/** Schemes by name, and what to do about one that is not among them. */
import { CapabilityError } from '../error.ts'
import type { StorageScheme } from './scheme.ts'

/** `Misconfigured` when a scheme is there twice. */
export function schemeMap(schemes: readonly StorageScheme[]): ReadonlyMap<string, StorageScheme> {
  const map = new Map<string, StorageScheme>()
  for (const scheme of schemes) {
    if (map.has(scheme.scheme))
      throw new CapabilityError(
        'Misconfigured',
        `the scheme "${scheme.scheme}" is given twice; leave one out`,
      )
    map.set(scheme.scheme, scheme)
  }
  return map
}

/** Lists what is supported, and names the import that adds a scheme this project has. */
export function unsupportedScheme(scheme: string, supported: readonly string[]): CapabilityError {
  const known = Object.hasOwn(imports, scheme) ? imports[scheme] : undefined
  const advice = known === undefined ? '' : `; to add it, import ${known} and pass it in schemes`
  return new CapabilityError(
    'Unsupported',
    `unsupported scheme "${scheme}". Supported: ${supported.length === 0 ? 'none' : supported.join(', ')}${advice}`,
    { code: 'UNSUPPORTED_SCHEME', details: { scheme, supported } },
  )
}

const own = (name: string) => `${name} from @flowport/capabilities/storage`
const preset = (name: string, path: string) => `${name} from @flowport/presets/${path}/storage`

const imports: Readonly<Record<string, string>> = {
  memory: own('memoryScheme'),
  kv: own('kvScheme'),
  s3: preset('s3Scheme', 's3'),
  gs: preset('gsScheme', 'gcs'),
  az: preset('azScheme', 'azblob'),
  http: preset('httpScheme', 'http'),
  https: preset('httpsScheme', 'http'),
  opfs: preset('opfsScheme', 'opfs-browser'),
  file: preset('fileScheme', 'fs'),
  r2: preset('r2Scheme', 'cloudflare-r2'),
}
