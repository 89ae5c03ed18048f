/** The option `engine` of object stores: whether the driver of this package makes the requests, or OpenDAL. */
import type { BlobDriver } from '@flowport/capabilities'
import type { OpenDalEngine, OpenDalSeam } from '../opendal/seam.ts'
import { misconfigured } from '../platform/misconfigured.ts'
import type { MakeTransport } from './transport.ts'

/** `'fetch'` is the driver of this package, over `fetch` or on Node over undici. `'opendal'` runs on Node only. */
export type EngineName = (typeof engineNames)[number]

export const engineNames = ['fetch', 'opendal'] as const

/** The runtime-specific parts of object stores. */
export interface ObjectPlatform {
  readonly transport: MakeTransport
  /** `null` on runtimes other than Node. */
  readonly openDal: OpenDalEngine | null
}

/** Opens OpenDAL behind the seam. Throws `Misconfigured` on runtimes other than Node. */
export async function openDalOn(engine: OpenDalEngine | null, seam: OpenDalSeam): Promise<BlobDriver> {
  if (engine !== null) return engine(seam)
  throw misconfigured(
    `preset "${seam.scheme}"`,
    'the engine "opendal" runs on Node only; use the engine "fetch" here',
  )
}

/** Checks `engine` and `uploadConcurrency` together. Throws `Misconfigured`. */
export function checkedEngine(
  preset: string,
  { engine = 'fetch', uploadConcurrency }: { readonly engine?: string; readonly uploadConcurrency?: number },
): EngineName {
  const known = engineNames.find((name) => name === engine)
  if (known === undefined)
    throw misconfigured(`preset "${preset}"`, `engine must be one of ${engineNames.join(', ')}`)
  if (known === 'opendal' && (uploadConcurrency ?? 1) > 1) {
    throw misconfigured(
      `preset "${preset}"`,
      'the engine "opendal" sends one part at a time; leave uploadConcurrency out',
    )
  }
  return known
}
