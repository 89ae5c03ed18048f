/** Opens one provider as a host would, in a directory of its own that goes when the measurement ends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openProviders, type Provider, type ResourceBag, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'

/** The provider's resources, with the layers its preset gives them. */
export function openBag(provider: Provider): Promise<ResourceBag> {
  const host = { clock: systemClock, others: new Map() }
  return openProviders([provider], host, { env: {}, log: silentLogger, bindings: {} })
}

/** Calls `work` with a new directory, and removes it whatever happens. */
export async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'flowport-bench-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
