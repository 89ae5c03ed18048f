/** An object's one alarm, kept at the moment something in it becomes useless. */
import type { ObjectStorage } from '../durable/object-state.ts'

/** While something is left, an object sweeps at most this often: a sweep may read all of it. Ten minutes. */
export const sweepSpacingMs = 600_000

/** Alarms are set at most this far ahead: moments past the year 2262 do not fit the platform's clock. A year. */
const farthestMs = 365 * 86_400_000

export class ExpiryAlarm {
  readonly #storage: Pick<ObjectStorage, 'getAlarm' | 'setAlarm' | 'deleteAlarm' | 'deleteAll'>
  #at: number | null = null
  #notBefore = 0

  constructor(storage: Pick<ObjectStorage, 'getAlarm' | 'setAlarm' | 'deleteAlarm' | 'deleteAll'>) {
    this.#storage = storage
  }

  /** Reads what is set. Nothing else may happen before it is done. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm()
  }

  /**
   * Sees to it that the alarm fires soon after `due`, which may be never (`Infinity`). Sets it at once, so that it is
   * committed with what is written next. An urgent alarm does not wait until the pause between two sweeps is over.
   */
  async by(due: number, now: number, { isUrgent = false } = {}): Promise<void> {
    if (due === Infinity) return
    const at = Math.max(isUrgent ? 0 : this.#notBefore, Math.min(due, now + farthestMs))
    if (this.#at !== null && this.#at <= at) return
    this.#at = at
    await this.#storage.setAlarm(at)
  }

  /**
   * Call when it has fired, with when it is needed next, or `null` when nothing is left. `isUrgent`: at that very moment, also
   * if it is sooner than a sweep has to be.
   */
  async fired(now: number, next: number | null, { isUrgent = false } = {}): Promise<void> {
    this.#at = null
    if (next === null) {
      this.#notBefore = 0
      // Before compatibility date 2026-02-24 `deleteAll` leaves the alarm.
      await Promise.all([this.#storage.deleteAlarm(), this.#storage.deleteAll()])
      return
    }
    this.#notBefore = now + sweepSpacingMs
    await this.by(next, now, { isUrgent })
  }
}
