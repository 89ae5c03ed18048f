/** Opens the providers of a profile into a bag; what was opened is closed again when one of them fails. */
import type { Clock } from '../clock/contract.ts'
import { CapabilityError } from '../error.ts'
import type { ResourceName } from '../guarantees/domains.ts'
import type { OpenContext, OpenedProvider, Provider } from '../preset/preset.ts'
import { ResourceBag } from './bag.ts'

/** What a host binds by itself. A provider that brings one of `others` takes its place. */
export interface HostResources {
  readonly clock: Clock
  readonly others: ReadonlyMap<ResourceName, object>
}

/** A bag with the host's resources and those of every provider, in order. */
export async function openProviders(
  providers: readonly Provider[],
  host: HostResources,
  context: Omit<OpenContext, 'clock'>,
): Promise<ResourceBag> {
  let bag: ResourceBag = ResourceBag.empty().with('clock', host.clock)
  const provided = new Set(providers.flatMap(({ provides }) => Object.keys(Object(provides))))
  for (const [name, resource] of host.others) if (!provided.has(name)) bag = bag.with(name, resource as never)
  try {
    for (const provider of providers) {
      const opened = await openOne(provider, { ...context, clock: host.clock })
      bag = bag.closing(() => opened.close())
      for (const [name, resource] of opened.resources) bag = bag.with(name, resource as never)
    }
    return bag
  } catch (error) {
    await bag.close().catch(() => undefined)
    throw error
  }
}

async function openOne(provider: Provider, context: OpenContext): Promise<OpenedProvider> {
  try {
    return await provider.open(context)
  } catch (cause) {
    if (cause instanceof CapabilityError) throw cause
    throw new CapabilityError('Misconfigured', `preset "${provider.preset}" could not be opened`, { cause })
  }
}
