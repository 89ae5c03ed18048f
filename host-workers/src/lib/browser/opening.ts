/** Opens a profile once in a page or a service worker, and closes it. What asks meanwhile waits for the same opening. */
import type { Logger } from '@flowport/capabilities'
import { type App, chooseProfile, formatDiagnostic, type Hook } from '@flowport/flow'
import type { SweepOption } from '@flowport/flow/http'
import { consoleLogger } from '../console-logger.ts'
import type { WorkerEnv } from '../environment.ts'
import { type Opened, type Opener, openNamed } from '../opened.ts'
import { type HostWarning, warningsOf } from './warnings.ts'

export interface BrowserOpenOptions extends SweepOption {
  /** Default `'browser'`. */
  readonly profile?: string
  /** Variables and secrets by name, as text: a page has no environment of its own. Default none. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What presets ask for as bindings of the platform, by name. Default none. */
  readonly bindings?: Readonly<Record<string, unknown>>
  /** Default: JSON lines on the console, warnings and worse. */
  readonly log?: Logger
  /** In order around every run. */
  readonly hooks?: readonly Hook[]
  /**
   * Run flows with queue triggers: in a page while it is there, in a service worker after each answer until the queues are
   * empty. Default true.
   */
  readonly queues?: boolean
}

/** An opened profile with what is worth a look: it serves, but less well than it states. */
export interface OpenedInBrowser extends Opened {
  readonly notes: readonly HostWarning[]
}

export interface BrowserOpening extends Opener {
  /** A profile that cannot be opened is a `DiagnosticsError`; it is tried again by the next call. */
  open(): OpenedInBrowser | Promise<OpenedInBrowser>
  /** What is open, or `undefined`. */
  readonly current: OpenedInBrowser | undefined
  /** Ends the runs and closes the stores. What is asked afterwards fails. */
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
