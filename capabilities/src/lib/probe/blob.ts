/** `probeBlob`: what a live blob store does, beside what its `info` claims. The checks are in `blob/`. */
import type { BlobReader, BlobStore } from '../blob/contract.ts'
import { createBlobStore } from '../blob/blob-store.ts'
import type { BlobDriver } from '../blob/driver.ts'
import type { BlobCapabilityInfo, BlobFeatures } from '../guarantees/info.ts'
import { createOnly, compareAndSwap } from './blob/conditions.ts'
import { consistency } from './blob/consistency.ts'
import { content, serverCopy } from './blob/content.ts'
import { keys } from './blob/keys.ts'
import { limits } from './blob/limits.ts'
import { listing } from './blob/listing.ts'
import { presigned, wrongSecret } from './blob/presigned.ts'
import { ranges } from './blob/ranges.ts'
import type { BlobProbeSubject } from './blob/subject.ts'
import { type ProbeCheck, skipped } from './check.ts'
import type { ProbeReport } from './report.ts'
import type { ProbeOptions } from './options.ts'
import { runProbe } from './run.ts'

export interface ProbeBlobOptions extends ProbeOptions {
  /** Fetches presigned URLs. Default: the platform's. */
  readonly fetch?: typeof fetch
  /** The same store opened with a wrong secret: it must refuse. Default: not tried. */
  readonly wrongSecret?: BlobReader
}

/** The checks, in the order they run; their names are what `only` takes. */
export const blobProbeChecks: readonly ProbeCheck<BlobProbeSubject>[] = [
  content,
  consistency,
  createOnly,
  compareAndSwap,
  ranges,
  listing,
  keys,
  serverCopy,
  limits,
  presigned,
  wrongSecret,
]

/**
 * Measures a live store and compares with its `info`. Given a driver instead of a store, it also tries what `info` does
 * not claim, which a store refuses before the driver is asked: a power that is there comes back as a note.
 *
 * It writes some hundred small objects, all under a random prefix, and removes them again, also when it fails or is
 * aborted. Rejects with `Cancelled` when the caller's signal fires; what else goes wrong is a finding.
 */
export async function probeBlob(
  target: BlobStore | BlobDriver,
  options: ProbeBlobOptions = {},
): Promise<ProbeReport> {
  const blob = isStore(target) ? target : createBlobStore(withAllFeatures(target))
  const { info } = target
  return runProbe(
    {
      domain: 'blob',
      provider: info.provider,
      checks: info.features.write === false ? blobProbeChecks.map(notWritable) : blobProbeChecks,
      subject: (tools) => ({
        ...tools,
        blob,
        info,
        tries: (feature) => info.features[feature] === true || !isStore(target),
        fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
        wrongSecret: options.wrongSecret ?? null,
      }),
      async list(prefix, signal) {
        const found: string[] = []
        for await (const { key } of blob.entries({ prefix, signal })) found.push(key)
        return found
      },
      remove: (key, signal) => blob.delete(key, { signal }),
    },
    options,
  )
}

/** Nothing that a probe could measure can be put there. */
function notWritable({ name }: ProbeCheck<BlobProbeSubject>): ProbeCheck<BlobProbeSubject> {
  return { name, run: async () => [skipped('features.write', false, 'the store only reads')] }
}

function isStore(target: BlobStore | BlobDriver): target is BlobStore {
  return 'entries' in target
}

/** The driver, said to have every feature whose method it has, so that the portable type lets them be tried. */
function withAllFeatures(driver: BlobDriver): BlobDriver {
  const copy = driver.copy?.bind(driver)
  const presign = driver.presign?.bind(driver)
  const features: BlobFeatures = {
    ...driver.info.features,
    createOnly: true,
    compareAndSwap: true,
    ranges: true,
    metadata: true,
    contentType: true,
    serverCopy: copy !== undefined,
    presign: presign !== undefined,
  }
  const info: BlobCapabilityInfo = { ...driver.info, features }
  return {
    info,
    head: (key, call) => driver.head(key, call),
    get: (key, get) => driver.get(key, get),
    put: (key, body, put) => driver.put(key, body, put),
    delete: (key, call) => driver.delete(key, call),
    list: (list) => driver.list(list),
    ...(copy && { copy }),
    ...(presign && { presign }),
    ...(driver.returnsBytes && { returnsBytes: true }),
  }
}
