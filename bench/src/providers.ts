/** Opens one provider as a host does, and provides temporary directories for measurements. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openProviders, type Provider, type ResourceBag, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'

/** Opens the provider's resources, with its preset's layers. */
export function openBag(provider: Provider): Promise<ResourceBag> {
  const host = { clock: systemClock, others: new Map() }
  return openProviders([provider], host, { env: {}, log: silentLogger, bindings: {} })
}

/** Calls `work` with a new directory, and always removes the directory afterwards. */
export async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'flowport-bench-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
