/** Runs the checks of a probe one after another under a prefix of their own, within a time, and cleans up whatever comes. */
import { after } from '../clock/after.ts'
import type { Clock } from '../clock/contract.ts'
import { CapabilityError, isKind } from '../error.ts'
import { systemClock } from '../system/clock.ts'
import { systemRng } from '../system/rng.ts'
import {
  describeError,
  finding,
  type Observation,
  type ProbeCheck,
  type ProbeTools,
  unmeasured,
} from './check.ts'
import { checkedSettings, type ProbeOptions } from './options.ts'
import { assertTruthful, type ProbedDomain, type ProbeFinding, type ProbeReport } from './report.ts'

/** How a probe of one domain works on its store. */
export interface ProbeDomain<S> {
  readonly domain: ProbedDomain
  readonly provider: string
  readonly checks: readonly ProbeCheck<S>[]
  subject(tools: ProbeTools): S
  /** Every key under the prefix, or `null` where the store cannot list. */
  list(prefix: string, signal: AbortSignal): Promise<readonly string[] | null>
  remove(key: string, signal: AbortSignal): Promise<void>
}

export async function runProbe<S>(domain: ProbeDomain<S>, options: ProbeOptions): Promise<ProbeReport> {
  const { clock = systemClock, rng = systemRng, timeoutMs = 120_000, cleanUpMs = 30_000 } = options
  const settings = checkedSettings(domain.domain, domain.checks, options)
  // Random also within a prefix that was given: cleaning up must not find what somebody else keeps there.
  const prefix = `${options.prefix ?? ''}flowport-probe-${rng.uuid()}/`
  const written = new Set<string>()
  const timeUp = new AbortController()
  const stopTimer = after(clock, timeoutMs, () => timeUp.abort())
  const signal = options.signal ? AbortSignal.any([options.signal, timeUp.signal]) : timeUp.signal
  const key = (name: string) => {
    const full = prefix + name
    written.add(full)
    return full
  }
  const start = clock.monotonic()
  const findings: ProbeFinding[] = []
  let leftovers: readonly string[] = []
  try {
    const subject = domain.subject({ clock, rng, signal, prefix, key, ...settings.tools })
    for (const check of settings.checks) {
      if (options.signal?.aborted) break
      const run = () => ended(check.run(subject), signal, clock, Math.min(graceMs, cleanUpMs))
      findings.push(...(await observed(check.name, run, timeUp.signal)))
    }
  } finally {
    stopTimer()
    leftovers = await cleanUp(domain, prefix, written, clock, cleanUpMs)
  }
  if (options.signal?.aborted) throw cancelledProbe(domain, options.signal, leftovers)
  if (leftovers.length > 0) {
    const evidence = `${leftovers.length} keys, such as ${JSON.stringify(leftovers[0])}`
    findings.push(
      finding('clean up', unmeasured('contract', 'delete', 'keys of the probe are left', evidence)),
    )
  }
  const report: ProbeReport = {
    ok: findings.every(({ severity }) => severity !== 'error' && severity !== 'unmeasured'),
    domain: domain.domain,
    provider: domain.provider,
    prefix,
    findings,
    leftovers,
    durationMs: clock.monotonic() - start,
  }
  if (options.throwOnFalseClaim === true) assertTruthful(report)
  return report
}

/** The findings of one check. An error nobody expected says that nothing can be said. */
async function observed(
  name: string,
  run: () => Promise<readonly Observation[]>,
  timeUp: AbortSignal,
): Promise<readonly ProbeFinding[]> {
  if (timeUp.aborted) return [finding(name, unmeasured('contract', null, 'time was up'))]
  try {
    return (await run()).map((observation) => finding(name, observation))
  } catch (error) {
    const why = timeUp.aborted ? 'time was up' : 'the check could not be finished'
    return [finding(name, unmeasured('contract', null, why, describeError(error)))]
  }
}

/** How long a store that does not heed the signal may go on with what it has begun, so that it does not undo cleaning up. */
const graceMs = 5_000

/** What `work` comes to; after the signal has fired it has `ms` milliseconds left. */
function ended<T>(work: Promise<T>, signal: AbortSignal, clock: Clock, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let stopTimer: (() => void) | undefined
    const onAbort = () => {
      stopTimer = after(clock, ms, () => reject(signal.reason as Error))
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    const settle = () => {
      signal.removeEventListener('abort', onAbort)
      stopTimer?.()
    }
    work.then(resolve, reject).finally(settle)
  })
}

/** Removes what was written, and whatever a listing still shows under the prefix; resolves what could not be removed. */
async function cleanUp<S>(
  domain: ProbeDomain<S>,
  prefix: string,
  written: ReadonlySet<string>,
  clock: Clock,
  cleanUpMs: number,
): Promise<readonly string[]> {
  const timeUp = new AbortController()
  const stopTimer = after(clock, cleanUpMs, () => timeUp.abort())
  const { signal } = timeUp
  try {
    const listed = await ended(domain.list(prefix, signal), signal, clock, 0).catch(() => null)
    const keys = [...new Set([...written, ...(listed ?? [])])].filter((key) => key.startsWith(prefix))
    const left: string[] = []
    for (let at = 0; at < keys.length; at += 8) {
      await Promise.all(
        keys.slice(at, at + 8).map((key) =>
          ended(domain.remove(key, signal), signal, clock, 0).catch((error: unknown) => {
            // A key the store refuses was never written.
            if (!isKind(error, 'InvalidInput', 'LimitExceeded')) left.push(key)
          }),
        ),
      )
    }
    return left
  } finally {
    stopTimer()
  }
}

function cancelledProbe<S>(
  { domain }: ProbeDomain<S>,
  signal: AbortSignal,
  leftovers: readonly string[],
): CapabilityError {
  return new CapabilityError(
    'Cancelled',
    leftovers.length === 0
      ? 'the probe was cancelled; what it wrote is removed'
      : `the probe was cancelled; ${leftovers.length} of its keys could not be removed`,
    {
      capability: domain,
      operation: 'probe',
      cause: signal.reason,
      ...(leftovers.length > 0 && { details: { leftovers } }),
    },
  )
}
