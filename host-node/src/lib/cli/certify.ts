/**
 * `flowport certify`: makes a flow's real effects under real faults, counts them at the sink, and reports which promises held.
 */
import type { AnyFlow, App } from '@flowport/flow'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CertifyError } from '../certify/app-process.ts'
import { certify } from '../certify/certify.ts'
import type { CertificationOverrides, DefinedCertification } from '../certify/define.ts'
import { countAt, payloadFrom } from '../certify/from-text.ts'
import { type Fault, faults, isFault } from '../certify/options.ts'
import { type Certification, certificationText, formatCertification } from '../certify/report.ts'
import { CommandError, type Console, exitCodes } from './console.ts'
import { findFlow } from './graph.ts'
import { findApp } from './load-app.ts'
import { loadDefined } from './load-defined.ts'
import { oneProfile } from './profiles.ts'

export interface CertifyCommandOptions {
  readonly effects?: boolean
  readonly with?: string
  readonly input?: string
  readonly count?: string
  readonly profile?: string
  readonly attempts?: number
  readonly concurrency?: number
  readonly faults?: string
  readonly maxPoints?: number
  readonly lease?: number
  readonly timeLimit?: number
  readonly report?: string
  readonly strict?: boolean
  readonly json?: boolean
}

export async function certifyFlow(
  { app, path }: { readonly app: App; readonly path: string | undefined },
  name: string,
  options: CertifyCommandOptions,
  out: Console,
): Promise<number> {
  const flow = findFlow(app, name)
  const profile = oneProfile(app, options.profile, out.host.env)
  if (options.effects !== true) throw new CommandError(exitCodes.usage, refusal(flow, profile, options))
  const interrupted = new AbortController()
  const interrupt = () =>
    interrupted.abort(new CommandError(exitCodes.findings, 'interrupted; every process was ended'))
  const overrides = {
    app: findApp(path, out.host.cwd()),
    profile,
    env: out.host.env,
    ...given('attempts', options.attempts),
    ...given('concurrency', options.concurrency),
    ...given('maxPoints', options.maxPoints),
    ...given('leaseMs', options.lease),
    ...given('timeLimitMs', options.timeLimit === undefined ? undefined : options.timeLimit * 1_000),
    ...given('faults', options.faults === undefined ? undefined : faultsIn(options.faults)),
    signal: interrupted.signal,
    onFault: (fault: Fault) => out.note(`${fault}: done`),
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)
  try {
    return show(await runWith(flow, options, overrides, out), options, out)
  } catch (error) {
    if (error instanceof CertifyError)
      throw new CommandError(exitCodes.cannotLoad, error.message, { cause: error })
    if (error instanceof TypeError) throw new CommandError(exitCodes.usage, error.message, { cause: error })
    throw error
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt)
  }
}

function show(
  report: Certification,
  { json = false, strict = false, report: file }: CertifyCommandOptions,
  out: Console,
): number {
  const text = certificationText(report)
  if (file !== undefined) writeFileSync(resolve(out.host.cwd(), file), text)
  out.result(json ? text : formatCertification(report))
  const isFine = report.ok && !(strict && report.diagnostics.some(({ severity }) => severity === 'warning'))
  return isFine ? exitCodes.ok : exitCodes.findings
}

/** Describes what the command would do, and asks for `--effects`. */
function refusal(
  { name }: AnyFlow,
  profile: string,
  { attempts = 1, concurrency = 64 }: CertifyCommandOptions,
): string {
  return (
    `certify makes the effects of "${name}" for real, on the stores of profile "${profile}": it calls the flow with generated payloads, ` +
    `each up to ${concurrency} times concurrently, in ${attempts} ${attempts === 1 ? 'round' : 'rounds'}, kills and stops the processes it starts, ` +
    'and does not undo its writes and messages. Add --effects to allow that'
  )
}

async function runWith(
  flow: AnyFlow,
  { with: file, input, count }: CertifyCommandOptions,
  overrides: CertificationOverrides & { readonly app: string },
  out: Console,
): Promise<Certification> {
  if (input === undefined) {
    const defined = await loadDefined<DefinedCertification>({
      flow: flow.name,
      what: 'certification',
      definition: 'defineCertification(flow, { input, count })',
      file,
      cwd: out.host.cwd(),
    })
    return defined.run(overrides)
  }
  return certify(flow, {
    ...overrides,
    input: payloadFrom(input) as (key: string) => never,
    ...given('count', count === undefined ? undefined : countAt(count)),
  })
}

function faultsIn(text: string): readonly Fault[] {
  return text.split(',').map((name) => {
    if (isFault(name)) return name
    throw new CommandError(
      exitCodes.usage,
      `there is no fault "${name}"; the faults are: ${faults.join(', ')}`,
    )
  })
}

function given<K extends string, V>(name: K, value: V | undefined): { readonly [N in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in K]?: V }
}
