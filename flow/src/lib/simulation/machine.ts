/** A simulated process: its clocks, and whether it works, is stopped or has crashed. */
import { type CallOptions, CapabilityError, type Clock } from '@flowport/capabilities'
import type { RunRng } from '../runtime/run-view.ts'
import type { Choices } from './choices.ts'
import type { Scheduler, Stoppable } from './scheduler.ts'

/** Where simulated clocks begin, in milliseconds since the epoch: the start of 2030. */
const epochMs = Date.UTC(2030, 0, 1)

export class Machine implements Stoppable {
  readonly name: string
  readonly clock: Clock
  /** Jitter comes from the recorded choices; ids are counted, so that they use up no choices. */
  readonly rng: RunRng
  isCrashed = false
  /** Nothing of it happens before this moment of the schedule. */
  stoppedUntil = 0
  /** Milliseconds by which its wall clock was set. */
  wallOffsetMs = 0
  /** Milliseconds its monotonic clock stood still. */
  sleptMs = 0

  constructor(name: string, scheduler: Scheduler<Machine>, choices: Choices) {
    this.name = name
    this.clock = {
      now: () => epochMs + scheduler.now + this.wallOffsetMs,
      monotonic: () => scheduler.now - this.sleptMs,
      sleep: (ms, options) => this.#sleep(ms, options, scheduler),
    }
    let ids = 0
    this.rng = {
      float: () => choices.float(),
      uuid: () => `${hex(name)}-0000-4000-8000-${(ids++).toString(16).padStart(12, '0')}`,
    }
  }

  #sleep(ms: number, { signal }: CallOptions = {}, scheduler: Scheduler<Machine>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!Number.isFinite(ms))
        return reject(
          new CapabilityError('InvalidInput', 'a sleep takes a finite number of milliseconds', {
            capability: 'clock',
            operation: 'sleep',
          }),
        )
      if (signal?.aborted) return reject(signal.reason as Error)
      const onAbort = () => {
        event.isCancelled = true
        reject(signal?.reason as Error)
      }
      const event = scheduler.on(this, ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}

/** Eight digits that differ for machines with different names. */
function hex(name: string): string {
  let sum = 0
  for (const letter of name) sum = (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0
  return sum.toString(16).padStart(8, '0')
}
