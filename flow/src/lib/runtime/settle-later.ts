/**
 * Settles a key in the background when its ledger was out of reach at the end of the node: the holder still knows how the node
 * ended, and nobody else does. Without it a short outage would leave the key unknown.
 */
import { after, isKind } from '@flowport/capabilities'
import type { RunView } from './run-view.ts'

export interface SettleLaterOptions {
  readonly key: string
  readonly leaseMs: number
  readonly run: RunView
  /** Why the ledger could not be told at once. */
  readonly failure: unknown
  /** Tells the ledger how the node ended. Resolves `false` when another holder has the key. */
  readonly settle: () => Promise<boolean>
}

/** Pauses before each try, in leases. A process that ends first leaves the key as a crash does. */
const pauses = [1 / 3, 2 / 3, 4 / 3, 8 / 3]

/** Tries again for five leases, where the failure may pass. The caller's answer does not wait for it. */
export function settleLater({ key, leaseMs, run, failure, settle }: SettleLaterOptions): void {
  if (!isTemporary(failure)) return
  const work = async () => {
    for (const pause of pauses) {
      // A process that has nothing else to do may end meanwhile.
      await new Promise<void>((resolve) => {
        after(run.clock, leaseMs * pause, resolve, { background: true })
      })
      try {
        await settle()
        return
      } catch (error) {
        if (!isTemporary(error)) return
        run.log.warn({ key, err: error }, 'an idempotency key could not be settled; it is tried again')
      }
    }
  }
  run.whenWorkEnds(work().catch(() => undefined))
}

/** By its kind: a retry layer below has given up, and says so. */
function isTemporary(error: unknown): boolean {
  return isKind(error, 'RateLimited', 'Unavailable', 'Timeout')
}
