/** Opens a profile one time in a page or a service worker, and closes it. Concurrent callers share the same opening. */
import type { Logger } from '@flowport/capabilities'
import { type App, chooseProfile, formatDiagnostic, type Hook } from '@flowport/flow'
import type { SweepOption } from '@flowport/flow/http'
import { consoleLogger } from '../console-logger.ts'
import type { WorkerEnv } from '../environment.ts'
import { type Opened, type Opener, openNamed } from '../opened.ts'
import { type HostWarning, warningsOf } from './warnings.ts'

export interface BrowserOpenOptions extends SweepOption {
  /** Name of the profile. Default `'browser'`. */
  readonly profile?: string
  /** Variables and secrets by name, as text, because a page has no environment variables. Default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Platform bindings that presets need, by name. Default: none. */
  readonly bindings?: Readonly<Record<string, unknown>>
  /** Logger. Default: JSON lines on the console, from level `warn`. */
  readonly log?: Logger
  /** Hooks, in order, around every run. */
  readonly hooks?: readonly Hook[]
  /**
   * Whether to run flows with queue triggers: in a page while it is open, in a service worker after each answer until the
   * queues are empty. Default true.
   */
  readonly queues?: boolean
}

/** An open profile, with warnings about resources that give less than their preset states. */
export interface OpenedInBrowser extends Opened {
  readonly notes: readonly HostWarning[]
}

export interface BrowserOpening extends Opener {
  /** Opens the profile. Throws a `DiagnosticsError` if it cannot be opened; the next call tries again. */
  open(): OpenedInBrowser | Promise<OpenedInBrowser>
  /** The open profile, or `undefined`. */
  readonly current: OpenedInBrowser | undefined
  /** Ends running flows and closes the stores. Later calls fail. */
  close(): Promise<void>
}

export function openingOf(app: App, options: BrowserOpenOptions): BrowserOpening {
  const {
    profile = 'browser',
    env = {},
    bindings = {},
    hooks,
    queues = true,
    sweepUploadsAfterMs,
    log = consoleLogger('warn'),
  } = options
  const variables: WorkerEnv = { ...bindings, ...env }
  let current: OpenedInBrowser | undefined
  let opening: Promise<OpenedInBrowser> | undefined
  let closing: Promise<void> | undefined

  async function start(): Promise<OpenedInBrowser> {
    const name = chooseProfile(app, profile)
    const opened = await openNamed(app, name, variables, log, {
      queues: queues ? 'pulled' : 'pushed',
      ...(hooks === undefined ? {} : { hooks }),
      ...(sweepUploadsAfterMs === undefined ? {} : { sweepUploadsAfterMs }),
    })
    for (const warning of opened.warnings)
      log.warn({ code: warning.code, location: warning.location }, formatDiagnostic(warning))
    const notes = warningsOf(app, opened)
    for (const { code, message } of notes) log.warn({ code }, message)
    return { ...opened, notes }
  }

  async function remember(): Promise<OpenedInBrowser> {
    opening ??= start()
    try {
      return (current ??= await opening)
    } finally {
      opening = undefined
    }
  }

  async function end(): Promise<void> {
    const opened = await Promise.resolve(opening ?? current).catch(() => undefined)
    await opened?.runtime.close()
    await opened?.bag.close()
  }

  return {
    open() {
      if (closing !== undefined) throw new Error('the host is closed: create another one')
      return current ?? remember()
    },
    get current() {
      return current
    },
    log: () => log,
    close() {
      closing ??= end()
      return closing
    },
  }
}
