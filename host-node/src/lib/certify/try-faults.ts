/** Applies the faults to the flow, one after the other. */
import type { Difference } from './messages.ts'
import type { CertifyOptions, Fault, Settings } from './options.ts'
import type { Certification } from './report.ts'
import { expiry, forget, kill, repeat, stop, storm, type Tried, type World } from './vectors.ts'

type Skipped = Certification['skipped'][number]

/** The results of all faults. */
export interface Results {
  readonly tried: readonly Tried[]
  readonly skipped: readonly Skipped[]
  readonly differences: readonly Difference[]
}

/** Number of attempts that run concurrently, so that they wait for leases together. Storms run alone. */
export const attemptsAtOnce = 4

const vectors = { repeat, storm, kill, stop, expiry, forget } as const

export async function tryFaults<I>(
  world: World,
  {
    settings: { faults, attempts },
    options,
    end,
  }: { settings: Settings; options: CertifyOptions<I>; end: AbortSignal },
): Promise<Results> {
  const tried: Tried[] = []
  const skipped: Skipped[] = []
  let differences: readonly Difference[] = []
  for (const fault of faults) {
    end.throwIfAborted()
    if (fault === 'determinism') differences = await world.one.compareRuns(world.next().input)
    else if (fault === 'stop' && process.platform === 'win32')
      skipped.push({ fault, reason: 'this platform cannot stop a process' })
    else {
      const before = tried.length
      const most = fault === 'storm' ? 1 : attemptsAtOnce
      for (let made = 0; made < attempts; made += most) {
        end.throwIfAborted()
        const group = Array.from({ length: Math.min(most, attempts - made) }, () => vectors[fault](world))
        tried.push(...(await Promise.all(group)).flat())
      }
      if (tried.length === before) skipped.push({ fault, reason: reasonOf(fault) })
    }
    options.onFault?.(fault)
  }
  return { tried, skipped, differences }
}

function reasonOf(fault: Fault): string {
  return fault === 'kill' || fault === 'stop'
    ? 'the flow made no resource calls'
    : 'no node of the flow has an idempotency key'
}
