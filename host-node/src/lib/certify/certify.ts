/** `certify` makes a flow's real effects under real faults, counts them at the sink, and reports which promises held. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type AnyFlow, effectVerdicts, type Flow } from '@flowport/flow'
import { loadApp } from '../cli/load-app.ts'
import { chooseProfile } from '../profile.ts'
import { AppProcess, CertifyError } from './app-process.ts'
import { reportOf } from './assemble.ts'
import { longestLeaseMs } from './declared.ts'
import type { BoundResource } from './messages.ts'
import { type CertifyOptions, type Settings, settingsOf } from './options.ts'
import { payloads } from './payloads.ts'
import type { Certification } from './report.ts'
import { attemptsAtOnce, tryFaults } from './try-faults.ts'
import type { World } from './vectors.ts'

/**
 * Certifies one flow of an app on a profile. Its stores and effects are real: use a profile and sinks meant for testing.
 * @throws CertifyError when the app or the profile cannot be opened, or the time limit passes. TypeError for options outside
 * their limits.
 */
export async function certify<I, O, N>(
  flow: Flow<I, O, N>,
  options: CertifyOptions<I>,
): Promise<Certification> {
  const settings = settingsOf(options)
  const { env = process.env } = options
  const path = pathOf(options.app)
  const app = await loadApp(path, process.cwd())
  const profile = chooseProfile(app, options.profile, env)
  const found = app.flows.find(({ name }) => name === flow.name)
  if (found === undefined) throw new CertifyError(`the app at ${path} has no flow "${flow.name}"`)
  checkLease(longestLeaseMs(found, settings.leaseMs), settings)
  const derived = effectVerdicts([found], app.profiles[profile] ?? [])
  const limit = AbortSignal.timeout(settings.timeLimitMs)
  const over = new AbortController()
  const end = AbortSignal.any([limit, over.signal, ...(options.signal === undefined ? [] : [options.signal])])
  const processes = new Set<AppProcess>()
  const start = async () => {
    end.throwIfAborted()
    const { leaseMs } = settings
    const started = await AppProcess.start({ app: path, profile, flow: flow.name, leaseMs, env, end })
    processes.add(started)
    return started
  }
  const endAll = () => Promise.all([...processes].map((each) => each.signal('SIGKILL')))
  // Ends the started processes, even stopped ones, however this process exits.
  const endNow = () => void endAll()
  process.once('exit', endNow)
  try {
    const one = await start()
    let second: Promise<AppProcess> | undefined
    const other = () => (second ??= start())
    const pause = (ms: number) => sleep<void>(ms, undefined, { signal: end })
    const next = payloads(derived, options, pause)
    const world = { ...worldOf(found, one, settings), other, start, next, sleep: pause }
    const results = await tryFaults(world, { settings, options, end })
    return reportOf({ app, flow: found, profile, derived, settings, bindings: one.bindings }, results)
  } catch (error) {
    if (limit.aborted)
      throw new CertifyError(`the certification took longer than its ${settings.timeLimitMs} ms`, {
        cause: error,
      })
    options.signal?.throwIfAborted()
    throw error
  } finally {
    process.off('exit', endNow)
    over.abort()
    await endAll()
  }
}

/** Checks the time limit: killed and stopped holders keep their keys until their leases end. */
function checkLease(leaseMs: number, { faults, attempts, timeLimitMs }: Settings): void {
  const waiting = faults.filter((fault) => fault === 'kill' || fault === 'stop').length
  const leastMs = leaseMs * waiting * Math.ceil(attempts / attemptsAtOnce)
  if (leastMs < timeLimitMs) return
  throw new TypeError(
    `the lease of a key is ${leaseMs} ms, and the certification waits for its end: set a time limit above ${leastMs} ms, or a shorter lease`,
  )
}

function worldOf(
  flow: AnyFlow,
  one: AppProcess,
  { concurrency, maxPoints, leaseMs }: Settings,
): Omit<World, 'other' | 'start' | 'next' | 'sleep'> {
  const limits = limitsOf(one.bindings.find(({ binding }) => binding === 'dedupe'))
  return {
    one,
    concurrency,
    maxPoints,
    leaseMs: longestLeaseMs(flow, leaseMs),
    minTtlMs: limits === null ? null : Number(limits['minTtlMs'] ?? 1),
    expirySlackMs: Number(limits?.['expirySlackMs'] ?? 0),
  }
}

function limitsOf(ledger: BoundResource | undefined): Readonly<Record<string, unknown>> | null {
  if (ledger === undefined) return null
  return (ledger.info as { readonly limits?: Readonly<Record<string, unknown>> } | null)?.limits ?? {}
}

function pathOf(app: string | URL): string {
  return resolve(app instanceof URL || app.startsWith('file:') ? fileURLToPath(app) : app)
}
