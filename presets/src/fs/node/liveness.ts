/**
 * Whether another opener of the directory is gone, without asking for process ids: they mean nothing in another container,
 * and are given out again. The kernel's word counts where it is the same kernel and the same mount: a socket whose process
 * has ended refuses. Everywhere else, and for processes that stand still, an owner is gone when it has given no sign of
 * life for `stuckAfterMs` by this process's monotonic clock.
 *
 * A wrong answer costs the other process a failed write, never data: see `claim.ts`.
 */
import { connect } from 'node:net'
import type { Kernel } from './identity.ts'
import { codeOf } from './io.ts'
import { Observed } from './observed.ts'
import { readOwner, socketFile, stuckAfterMs } from './owner.ts'

/** An owner that answered is not asked again within this time. */
const trustedMs = 100

export class Liveness {
  readonly observed: Observed
  readonly #staging: string
  readonly #self: string
  readonly #kernel: Kernel
  readonly #now: () => number
  readonly #answeredAt = new Map<string, number>()

  constructor(staging: string, self: string, kernel: Kernel, now: () => number) {
    this.#staging = staging
    this.#self = self
    this.#kernel = kernel
    this.#now = now
    this.observed = new Observed(now)
  }

  /** Whether the owner is gone: for certain, or by its silence. */
  async isGone(id: string): Promise<boolean> {
    if (id === this.#self) return false
    const seen = readOwner(this.#staging, id)
    const isSilent = this.observed.unchangedMs(id, seen?.stamp) >= stuckAfterMs
    if (isSilent) return true
    if (seen === null || !seen.owner.listens) return false
    if (seen.owner.boot !== this.#kernel.boot || seen.owner.device !== this.#kernel.device) return false
    const answeredAt = this.#answeredAt.get(id)
    if (answeredAt !== undefined && this.#now() - answeredAt < trustedMs) return false
    const isRefused = await refuses(socketFile(this.#staging, id))
    this.#answeredAt.delete(id)
    if (!isRefused) this.#answeredAt.set(id, this.#now())
    return isRefused
  }

  /** Drops what is remembered of an owner whose files have been removed. */
  forget(id: string): void {
    this.observed.forget(id)
    this.#answeredAt.delete(id)
  }

  /** Whether the same claim has stood for so long that its owner, dead or alive, is stuck with it. */
  isOverdue(claim: string): boolean {
    return this.observed.unchangedMs(claim) >= stuckAfterMs
  }
}

/**
 * ECONNREFUSED: no process holds the socket, as after a crash. ENOENT: the process removed it as it exited; owners that
 * lose their socket otherwise say so in the owner file. Any other failure proves nothing.
 */
const goneCodes: readonly string[] = ['ECONNREFUSED', 'ENOENT']

function refuses(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', (error) => resolve(goneCodes.includes(codeOf(error) ?? '')))
  })
}
