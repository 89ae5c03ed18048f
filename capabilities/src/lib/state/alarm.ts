/** The alarm of one object: moments checked, passed to the driver as milliseconds. */
import { CapabilityError } from '../error.ts'
import type { CallOptions } from '../kv/contract.ts'
import type { StateAlarm, StateAlarmReader } from './contract.ts'
import type { StateDriverAlarm } from './driver.ts'
import { at, type Seat } from './place.ts'

export class PortableAlarmReader implements StateAlarmReader {
  protected readonly seat: Seat

  constructor(seat: Seat) {
    this.seat = seat
  }

  async get(options?: CallOptions): Promise<Date | null> {
    const { pipeline, name, scope } = this.seat
    const alarm = this.driver('alarmGet')
    const due = await pipeline.run('alarmGet', name, options, scope, ({ signal }) =>
      alarm.get(name, { signal }),
    )
    return due === null ? null : new Date(due)
  }

  protected driver(operation: string): StateDriverAlarm {
    const { info, alarm } = this.seat.driver
    if (info.features.alarms && alarm !== undefined) return alarm
    throw new CapabilityError('Unsupported', `${info.provider} has no alarms`, at(this.seat, operation))
  }
}

export class PortableAlarm extends PortableAlarmReader implements StateAlarm {
  async set(moment: Date, options?: CallOptions): Promise<void> {
    const { pipeline, name, scope } = this.seat
    const alarm = this.driver('alarmSet')
    const due = moment instanceof Date ? moment.getTime() : Number.NaN
    if (!(due >= 0 && due < endOfAlarms)) {
      throw new CapabilityError(
        'InvalidInput',
        'an alarm is set to a valid Date from 1970 to 2199',
        at(this.seat, 'alarmSet'),
      )
    }
    await pipeline.run('alarmSet', name, options, scope, ({ signal }) => alarm.set(name, due, { signal }))
  }

  async delete(options?: CallOptions): Promise<void> {
    const { pipeline, name, scope } = this.seat
    const alarm = this.driver('alarmDelete')
    await pipeline.run('alarmDelete', name, options, scope, ({ signal }) => alarm.delete(name, { signal }))
  }
}

/** Platforms count nanoseconds in 64 bits, which end in 2262. */
const endOfAlarms = Date.UTC(2200, 0)
