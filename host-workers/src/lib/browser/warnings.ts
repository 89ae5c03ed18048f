/** Warnings about an open profile: stores that give less than their preset states, and schedules that nothing runs. */
import type { App, OpenedProfile } from '@flowport/flow'
import { cronJobs } from '@flowport/flow/delivery'
import { guaranteesOf } from '@flowport/flow/http'

export interface HostWarning {
  /** Kind of the warning. */
  readonly code: 'weaker_than_stated' | 'schedule_not_run'
  readonly message: string
  /** Name of the resource or flow. */
  readonly name: string
}

/** Returns warnings about resources first, then about flows. */
export function warningsOf(app: App, opened: OpenedProfile): readonly HostWarning[] {
  return [...weakerThanStated(app, opened), ...schedulesNotRun(app)]
}

/**
 * Compares each store with its preset. A preset states its best guarantees; if a browser refuses storage, the open store states
 * less.
 */
function weakerThanStated(app: App, { name: profile, bag }: OpenedProfile): readonly HostWarning[] {
  const stated = new Map(
    (app.profiles[profile] ?? []).flatMap(({ provides }) => Object.entries(provides as object)),
  )
  return bag.describe().flatMap(({ name, provider, info }) => {
    const opened = guaranteesOf(info)
    return Object.entries(guaranteesOf(stated.get(name))).flatMap(([field, level]) => {
      const got = opened[field]
      if (got === level || got === undefined) return []
      const message = `${name} is ${got}, not ${level} as its preset states (${field}; opened as "${provider}")`
      return [{ code: 'weaker_than_stated' as const, message, name }]
    })
  })
}

/**
 * Returns warnings about URI schemes whose files are in a fallback store. A fallback is known only after the first use of its
 * scheme, so it is read each time.
 */
export function keptElsewhere({ bag }: OpenedProfile): readonly HostWarning[] {
  return bag.describe().flatMap(({ name, info }) => {
    const { extensions } = info as { readonly extensions?: Readonly<Record<string, unknown>> }
    const fallbacks = extensions?.['dev.flowport.storage.fallbacks']
    if (!Array.isArray(fallbacks)) return []
    return (fallbacks as readonly Record<string, unknown>[]).map(({ scheme, provider, reason }) => ({
      code: 'weaker_than_stated' as const,
      message: `${name} keeps the files of ${String(scheme)}:// in ${String(provider)}: ${String(reason)}`,
      name,
    }))
  })
}

function schedulesNotRun(app: App): readonly HostWarning[] {
  return cronJobs(app).map(({ flow, trigger }) => ({
    code: 'schedule_not_run' as const,
    message: `nothing runs the schedule "${trigger.cron}" of ${flow.name} in a browser: invoke the flow yourself, or serve the app on another host`,
    name: flow.name,
  }))
}
