/** What each check of a key-value probe is given. */
import type { KeyValue } from '../../kv/contract.ts'
import type { KvCapabilityInfo, KvFeatures } from '../../guarantees/info.ts'
import type { ProbeTools } from '../check.ts'

export interface KvProbeSubject extends ProbeTools {
  readonly kv: KeyValue
  /** What the store claims. */
  readonly info: KvCapabilityInfo
  /** Whether the feature can be tried: it is claimed, or the probe has the driver itself. */
  tries(feature: keyof KvFeatures): boolean
}

/** Resolves what `read` gives once it is `wanted`, or the last thing when a store that may be late has had its time. */
export async function settled<T>(
  { clock, info, signal, maxWaitMs }: Pick<KvProbeSubject, 'clock' | 'info' | 'signal' | 'maxWaitMs'>,
  read: () => Promise<T>,
  wanted: (value: T) => boolean,
): Promise<T> {
  const start = clock.monotonic()
  for (let pauseMs = 20; ; pauseMs = Math.min(500, pauseMs * 2)) {
    const value = await read()
    const over = info.consistency === 'strong' || clock.monotonic() - start >= maxWaitMs
    if (wanted(value) || over) return value
    await clock.sleep(pauseMs, { signal })
  }
}
