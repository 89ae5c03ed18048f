/**
 * The process of the app that `certify` starts: opens a profile, then calls, pauses and compares runs of the flow on request.
 */
import { silentLogger } from '@flowport/capabilities'
import { type AnyFlow, type App, createRuntime, type Runtime } from '@flowport/flow'
import { loadApp } from '../cli/load-app.ts'
import { digest } from '../digest.ts'
import { type OpenedProfile, openProfile } from '../profile.ts'
import { callFlow } from './call-flow.ts'
import { compareRuns } from './compare-runs.ts'
import { nodesOf, withDeclared } from './declared.ts'
import type { BoundResource, CompareRuns, Forget, MakeCall, Open, Reply, Request } from './messages.ts'
import { Pausing } from './pausing.ts'
import { watchedBy, watchedCalls } from './watched-calls.ts'

interface Opened {
  readonly flow: AnyFlow
  readonly leaseMs: number | null
  readonly profile: OpenedProfile
  readonly runtime: Runtime
}

const say = (reply: Reply) => void process.send?.(reply)
const waiting = new Map<number, () => void>()
const flows = new Map<number | null, AnyFlow>()
let opened: Opened | undefined

async function open({ app: path, profile: name, flow: wanted, leaseMs }: Open): Promise<void> {
  try {
    const app: App = await loadApp(path, '/')
    const flow = app.flows.find((each) => each.name === wanted)
    if (flow === undefined) throw new Error(`the app has no flow "${wanted}"`)
    const profile = await openProfile({ app, profile: name, log: silentLogger, layers: [watchedCalls] })
    opened = { flow, leaseMs, profile, runtime: createRuntime(profile.bag, { digest }) }
    say({ kind: 'opened', bindings: bindingsOf(opened) })
  } catch (error) {
    say({ kind: 'refused', message: error instanceof Error ? error.message : String(error) })
  }
}

/** Returns the bindings that the flow's nodes use, including the ledger of their keys. */
function bindingsOf({ flow, profile: { bag } }: Opened): readonly BoundResource[] {
  const names = new Set(
    nodesOf(flow).flatMap(({ node: { uses, idempotency } }) => [
      ...uses.map(({ resource }): string => resource),
      ...(idempotency?.kind === 'keyed' ? ['dedupe'] : []),
    ]),
  )
  return bag
    .describe()
    .filter(({ name }) => names.has(name))
    .map(({ name, provider, info }) => ({
      binding: name,
      provider,
      info: JSON.parse(JSON.stringify(info)) as unknown,
    }))
}

/** Returns the flow with the call's time to live. */
function flowFor({ flow, leaseMs }: Opened, ttlMs: number | null): AnyFlow {
  const known = flows.get(ttlMs) ?? withDeclared(flow, { leaseMs, ttlMs })
  flows.set(ttlMs, known)
  return known
}

async function call(app: Opened, { id, input, pause, ttlMs, patienceMs }: MakeCall): Promise<void> {
  const watcher = new Pausing(pause, () => {
    const released = new Promise<void>((release) => waiting.set(id, release))
    say({ kind: 'paused', id })
    return released
  })
  const flow = flowFor(app, ttlMs)
  const outcome = await watchedBy(watcher, () => callFlow(app.runtime, flow, { input, patienceMs }))
  say({ kind: 'called', id, outcome, trace: watcher.trace })
}

async function forget({ profile }: Opened, { id, keys }: Forget): Promise<void> {
  const ledger = profile.bag.require('dedupe')
  for (const key of keys) await ledger.forget(key)
  say({ kind: 'forgotten', id })
}

async function compare(app: Opened, { id, input }: CompareRuns): Promise<void> {
  const differences = await compareRuns(app.profile.bag, flowFor(app, null), input)
  say({ kind: 'compared', id, differences })
}

async function answer(app: Opened, request: Exclude<Request, Open>): Promise<void> {
  switch (request.kind) {
    case 'call':
      return call(app, request)
    case 'forget':
      return forget(app, request)
    case 'compare runs':
      return compare(app, request)
    case 'ping':
      return say({ kind: 'pong', id: request.id })
    case 'go on':
      waiting.get(request.id)?.()
      waiting.delete(request.id)
  }
}

process.on('message', (request: Request) => {
  if (request.kind === 'open') return void open(request)
  const { id } = request
  if (opened === undefined) return say({ kind: 'failed', id, message: 'the profile is not open' })
  answer(opened, request).catch((error: unknown) => {
    say({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) })
  })
})
// The parent process is gone, so this process must end itself.
process.once('disconnect', () => process.exit(0))
if (!process.connected) process.exit(0)
// A terminal sends Ctrl+C to every process. The parent process ends this one.
process.on('SIGINT', () => undefined)
