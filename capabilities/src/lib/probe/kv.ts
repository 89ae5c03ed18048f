/** `probeKv`: what a live key-value store does, beside what its `info` claims. The checks are in `kv/`. */
import type { KvCapabilityInfo, KvFeatures } from '../guarantees/info.ts'
import type { KeyValue } from '../kv/contract.ts'
import type { KvDriver } from '../kv/driver.ts'
import { createKeyValue } from '../kv/key-value.ts'
import type { ProbeCheck } from './check.ts'
import { conditional } from './kv/conditional.ts'
import { consistency } from './kv/consistency.ts'
import { bulk, content, keys, limits } from './kv/content.ts'
import { history } from './kv/history.ts'
import { listing } from './kv/listing.ts'
import type { KvProbeSubject } from './kv/subject.ts'
import { ttl } from './kv/ttl.ts'
import type { ProbeReport } from './report.ts'
import type { ProbeOptions } from './options.ts'
import { runProbe } from './run.ts'

export type ProbeKvOptions = ProbeOptions

/** The checks, in the order they run; their names are what `only` takes. */
export const kvProbeChecks: readonly ProbeCheck<KvProbeSubject>[] = [
  content,
  consistency,
  conditional,
  history,
  listing,
  keys,
  bulk,
  limits,
  ttl,
]

/**
 * Measures a live store and compares with its `info`. Given a driver instead of a store, it also tries what `info` does
 * not claim: a power that is there comes back as a note.
 *
 * It writes some hundred small entries, all under a random prefix, and removes them again, also when it fails or is
 * aborted. Rejects with `Cancelled` when the caller's signal fires; what else goes wrong is a finding.
 */
export async function probeKv(
  target: KeyValue | KvDriver,
  options: ProbeKvOptions = {},
): Promise<ProbeReport> {
  const { clock } = options
  const kv = isStore(target) ? target : createKeyValue(withAllFeatures(target), clock && { clock })
  const { info } = target
  return runProbe(
    {
      domain: 'kv',
      provider: info.provider,
      checks: kvProbeChecks,
      subject: (tools) => ({
        ...tools,
        kv,
        info,
        tries: (feature) => info.features[feature] || (!isStore(target) && kv.info.features[feature]),
      }),
      async list(prefix, signal) {
        if (!kv.info.features.list) return null
        const found: string[] = []
        for await (const { key } of kv.keys({ prefix, signal })) found.push(key)
        return found
      },
      remove: (key, signal) => kv.delete(key, { signal }),
    },
    options,
  )
}

function isStore(target: KeyValue | KvDriver): target is KeyValue {
  return 'getWithMetadata' in target
}

/** The driver, said to have every feature that can be tried, so that the portable type lets it be. */
function withAllFeatures(driver: KvDriver): KvDriver {
  const list = driver.list?.bind(driver)
  const getMany = driver.getMany?.bind(driver)
  const deleteMany = driver.deleteMany?.bind(driver)
  const features: KvFeatures = {
    ...driver.info.features,
    list: list !== undefined,
    metadata: true,
    conditional: true,
  }
  const info: KvCapabilityInfo = { ...driver.info, features }
  return {
    info,
    get: (key, call) => driver.get(key, call),
    put: (key, value, put) => driver.put(key, value, put),
    delete: (key, call) => driver.delete(key, call),
    ...(list && { list }),
    ...(getMany && { getMany }),
    ...(deleteMany && { deleteMany }),
  }
}
