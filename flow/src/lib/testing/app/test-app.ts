/** `testApp` runs an app inside a test: memory stores, a manual clock, no server and no network. Works with any test runner. */
import { asyncDispose, type Clock, createHttp, createSecrets, type ResourceBag } from '@flowport/capabilities'
import { ManualClock, memorySecretsDriver, seededRng } from '@flowport/capabilities/memory'
import type { AnyFlow, Flow } from '../../flow.ts'
import { type App, checkApp, type Profiles } from '../../app.ts'
import { chooseProfile, openProfile } from '../../open-profile.ts'
import type { Hook } from '../../runtime/hooks.ts'
import { createRuntime, type InvokeOptions } from '../../runtime/runtime.ts'
import type { CronTrigger, QueueTrigger, Sent, TriggerSpec } from '../../trigger.ts'
import { type DeliveredForTest, deliverInTest } from './deliver.ts'
import { fetchFrom } from './fetch.ts'
import { callRecorder, logRecorder, type LoggedRecord, type RecordedCall } from './records.ts'
import { type AnswerHttp, answeringDriver, bindQueues, memoryStores } from './stores.ts'
import { type TickedRun, tickFlow, tickUntil } from './tick.ts'

export interface TestAppOptions<Profile extends string = string, C extends Clock = ManualClock> {
  /** The profile whose guarantees the memory stores state. Default: the app's first. */
  readonly profile?: Profile
  /** Default: a `ManualClock` at the start of 2030, which moves only by `clock.advance(ms)`. */
  readonly clock?: C
  /** Secrets by the names in the app's `secrets`. Default none: `secrets.get` of the others is `NotFound`. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Answers the requests that nodes send with `http`. Default: every request is `Misconfigured`. Nothing reaches the network. */
  readonly http?: AnswerHttp
  /** In order around every run, as on a host; `request` is the web `Request`. Default none. */
  readonly hooks?: readonly Hook<Request>[]
}

/** An app that runs inside a test. */
export interface TestApp<C extends Clock = ManualClock> {
  /** Runs a flow and resolves its answer: a value, or an async iterable for a streaming flow. Rejects with `RunError`. */
  invoke<I, O, N, T extends TriggerSpec>(
    flow: Flow<I, O, N, T>,
    input: Sent<I, T>,
    options?: InvokeOptions,
  ): Promise<O>
  /** Answers a request over the HTTP bridge of the hosts. A path such as `/notes/1` is sent to `http://localhost`. */
  fetch(request: Request | string, init?: RequestInit): Promise<Response>
  /**
   * Sends the messages to the flow's queue, then delivers everything that is ready in it once. An array is a list of
   * messages. Without messages it delivers what flows have sent. A retried message is ready again once the clock has
   * advanced by its `delayMs`.
   */
  deliver<I, O, N, T extends QueueTrigger>(
    flow: Flow<I, O, N, T>,
    messages?: Sent<I, T> | readonly Sent<I, T>[],
  ): Promise<readonly DeliveredForTest[]>
  /** Advances the clock to the next moment the flow is due, and runs it. */
  tick<I, O, N, T extends CronTrigger>(flow: Flow<I, O, N, T>): Promise<readonly TickedRun[]>
  /** Advances the clock to `until`, and runs every cron flow at each moment it is due on the way. */
  tick(until: Date): Promise<readonly TickedRun[]>
  /** Log records, oldest first. */
  readonly logged: readonly LoggedRecord[]
  /** Calls that runs made to stores and to `http`, in order, including the calls of the ledger. */
  readonly called: readonly RecordedCall[]
  readonly clock: C
  /** The stores, for arranging and checking data. Calls made through it are not in `called`. */
  readonly resources: ResourceBag
  /** Cancels running flows and closes the stores. */
  close(): Promise<void>
  [asyncDispose](): Promise<void>
}

/**
 * Opens an app for a test. Each store of the profile is replaced by one in memory that states the same guarantees, features
 * and limits, so preflight compares flows with the guarantees of the profile. A memory store is always up to date: a store that
 * states `eventual` consistency is never stale here.
 * @throws DiagnosticsError where the profile cannot run the flows.
 */
export async function testApp<
  const F extends readonly AnyFlow[],
  P extends Profiles,
  C extends Clock = ManualClock,
>(app: App<F, P>, options: TestAppOptions<keyof P & string, C> = {}): Promise<TestApp<C>> {
  checkApp(app)
  const profile = chooseProfile(app, options.profile ?? Object.keys(app.profiles)[0] ?? '')
  const clock = (options.clock ?? new ManualClock()) as C
  const rng = seededRng()
  const { log, logged } = logRecorder()
  const { layer, called } = callRecorder()
  const httpDriver = answeringDriver(options.http)
  const secretsDriver = memorySecretsDriver(options.secrets ?? {})
  const stores = memoryStores(profile, app.profiles[profile] ?? [], { clock, httpDriver })
  const memoryApp: App = { ...app, profiles: { ...app.profiles, [profile]: stores.providers } }
  const { bag } = await openProfile({
    app: memoryApp,
    profile,
    readVariables: () => ({ values: {}, faults: [] }),
    // Every secret counts as set: a test supplies only those that it reads.
    env: Object.fromEntries(app.secrets.map((name) => [name, 'set'])),
    log,
    clock,
    layers: [layer],
    others: new Map<string, object>([
      ['rng', rng],
      ['http', createHttp(httpDriver, { layers: [layer] })],
      ['secrets', createSecrets(secretsDriver, { layers: [layer] })],
    ]) as ReadonlyMap<'rng' | 'http' | 'secrets', object>,
  })
  const hooks = options.hooks ?? []
  const runtime = createRuntime(bag, { log, clock, rng, hooks: hooks as readonly Hook[], drainMs: 0 })
  const resources = bindQueues(app.flows, stores.resources, clock)
  const known = new Set<AnyFlow>(app.flows)
  const schedules = { runtime, clock, log }

  function checkFlow(flow: AnyFlow): void {
    if (!known.has(flow)) throw new TypeError(`flow "${flow.name}" is not one of the app's flows`)
  }

  let closing: Promise<void> | undefined
  async function closeAll(): Promise<void> {
    const drained = runtime.close()
    // The runtime waits on the clock for runs that do not end.
    if (clock instanceof ManualClock) await clock.advance(2_000)
    await drained
    await bag.close()
  }
  const close = () => (closing ??= closeAll())

  return {
    async invoke<I, O, N, T extends TriggerSpec>(
      flow: Flow<I, O, N, T>,
      input: Sent<I, T>,
      invokeOptions: InvokeOptions = {},
    ): Promise<O> {
      checkFlow(flow)
      return runtime.invoke(flow, { input, ...invokeOptions })
    },
    fetch: (request, init) => fetchFrom(app, runtime, log, toRequest(request, init)),
    async deliver(flow, messages) {
      checkFlow(flow)
      const bodies = messages === undefined ? [] : Array.isArray(messages) ? messages : [messages]
      const queue = resources.require(`queue:${flow.trigger.queue}`)
      return deliverInTest({ runtime, queue, log, rng, clock }, { flow, trigger: flow.trigger }, bodies)
    },
    async tick(what: Date | Flow<never, unknown, unknown, CronTrigger>) {
      if (what instanceof Date) return tickUntil(schedules, app, what)
      checkFlow(what)
      return tickFlow(schedules, { flow: what, trigger: what.trigger })
    },
    logged,
    called,
    clock,
    resources,
    close,
    [asyncDispose]: close,
  }
}

function toRequest(request: Request | string, init?: RequestInit): Request {
  return typeof request === 'string'
    ? new Request(new URL(request, 'http://localhost'), init)
    : new Request(request, init)
}
