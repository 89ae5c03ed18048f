/** What a cron flow is handed: when it was due, and by which expression. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { name, type SchemaIssue } from './schema.ts'

export interface CronMessage {
  /** The moment the run was due, as ISO 8601 in UTC: `2030-01-01T03:00:00.000Z`. */
  readonly scheduledAt: string
  /** The expression of the trigger. */
  readonly cron: string
}

/** The schema of a `CronMessage`. */
export const cronMessage: StandardSchemaV1<CronMessage, CronMessage> = name('CronMessage', {
  '~standard': {
    version: 1,
    vendor: 'flowport',
    validate(value) {
      const { scheduledAt, cron } = (typeof value === 'object' && value !== null ? value : {}) as Record<
        string,
        unknown
      >
      const faults: readonly (SchemaIssue | false)[] = [
        !(typeof scheduledAt === 'string' && !Number.isNaN(Date.parse(scheduledAt))) && {
          pointer: 'scheduledAt',
          message: 'must be a date and time as ISO 8601 text',
        },
        typeof cron !== 'string' && { pointer: 'cron', message: 'must be a text' },
      ]
      const issues = faults.flatMap((fault) =>
        fault === false ? [] : { path: [fault.pointer], message: fault.message },
      )
      return issues.length > 0 ? { issues } : { value: { scheduledAt, cron } as CronMessage }
    },
  },
})
