/** A trigger as people read it in tables and drawings. */
import type { TriggerSpec } from './trigger.ts'

/** What kind of thing starts the flow, and which: `['PUT', '/notes/:id']`, `['queue', 'orders']`, `['manual', '']`. */
export function triggerColumns(trigger: TriggerSpec): readonly [kind: string, which: string] {
  switch (trigger.kind) {
    case 'http':
      return [trigger.method, trigger.path]
    case 'queue':
      return ['queue', trigger.queue]
    case 'cron':
      return ['cron', trigger.timeZone === 'UTC' ? trigger.cron : `${trigger.cron} (${trigger.timeZone})`]
    case 'manual':
      return ['manual', '']
  }
}

/** The same in one text: `PUT /notes/:id`, `queue orders`, `manual`. */
export function triggerText(trigger: TriggerSpec): string {
  return triggerColumns(trigger).join(' ').trimEnd()
}
