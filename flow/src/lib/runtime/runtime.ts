/** `createRuntime` runs flows over a bag: hooks, deadline, cancellation, draining. The next stop is the run. */
import {
  type Awaitable,
  type Clock,
  countRule,
  lifeRule,
  LinkedList,
  type Logger,
  type ResourceBag,
  silentLogger,
  timerRule,
} from '@flowport/capabilities'
import { systemClock, systemRng } from '@flowport/capabilities/system'
import { checkNumber } from '../checked-number.ts'
import type { AnyFlow, Flow } from '../flow.ts'
import { validateMessage } from '../message.ts'
import type { Metadata } from '../node.ts'
import { SchemaError } from '../schema.ts'
import type { Sent, TriggerSpec } from '../trigger.ts'
import { sharedTimer, timerPerRun } from './deadlines.ts'
import { DeniedError, describeThrown, RunError } from './errors.ts'
import { guarded } from './guard.ts'
import { type Hook, type RunInfo, runInfo } from './hooks.ts'
import { compilePlan, type Plan } from './plan.ts'
import { Run } from './run.ts'
import type { HeldRun, RunHost, RunRequest } from './run-host.ts'
import type { AdmittedRun, Digest, RunRng } from './run-view.ts'

export interface RuntimeOptions {
  /** Default: nothing is logged. */
  readonly log?: Logger
  /** Default the system clock. */
  readonly clock?: Clock
  /** Jitter of retries, ids of runs and requests. Default the system's randomness. */
  readonly rng?: RunRng
  /** SHA-256 of the inputs of keyed nodes. Default WebCrypto's. */
  readonly digest?: Digest
  /** In order around every run. */
  readonly hooks?: readonly Hook[]
  /** Most nodes of one run that work at the same time. Default 64. */
  readonly maxConcurrency?: number
  /** Milliseconds until a run fails with `TIME015`, unless its caller says otherwise: up to 68 years. Default none. */
  readonly deadlineMs?: number
  /**
   * `'shared'`: one timer watches all runs, which is cheaper for a server. `'per_run'` works everywhere; on Workers a
   * timer belongs to its request. Default `'per_run'`.
   */
  readonly deadlineTimer?: 'per_run' | 'shared'
  /** Milliseconds `close` waits for running flows before it cancels them, up to 2 147 483 647. Default 10 000. */
  readonly drainMs?: number
}

export interface InvokeOptions {
  readonly metadata?: Metadata
  /** The moment an answer stops being of use. Default: the runtime's `deadlineMs` from now. */
  readonly deadline?: Date
  readonly signal?: AbortSignal
}

/** A request whose input is still to be read, as a body of HTTP is. */
export interface ReadRequest extends RunRequest {
  /**
   * Returns or resolves the validated input. Called after the hooks have admitted the run, so that the body of a refused
   * request is neither read nor stored. `Answered` instead of an input ends the run with that answer.
   */
  read(run: AdmittedRun): unknown
}

export interface Runtime {
  readonly bag: ResourceBag
  readonly clock: Clock
  readonly rng: RunRng
  readonly digest: Digest
  /** Runs a flow and resolves its answer: a value, or for a streaming flow an async iterable. Validates the input. */
  invoke<I, O, N, T extends TriggerSpec>(
    flow: Flow<I, O, N, T>,
    request: { readonly input: Sent<I, T> } & InvokeOptions,
  ): Promise<O>
  /** Starts a flow with an input, which is validated, and returns its run: for hosts, which cancel and time it. */
  start(flow: AnyFlow, input: unknown, request?: RunRequest): Run
  /** Starts a flow whose input `request.read` reads once the hooks have admitted the run. */
  startReading(flow: AnyFlow, request: ReadRequest): Run
  /** Does work that is no flow behind the hooks, which see it as a run of a flow named `name` and may refuse it. */
  guard<T>(name: string, request: RunRequest, work: (metadata: Metadata) => Awaitable<T>): Promise<T>
  /** Runs that have not ended, streams included. */
  readonly running: number
  readonly closing: boolean
  /** Takes no more runs, waits for the running ones up to `drainMs`, cancels the rest. Does not close the bag. */
  close(): Promise<void>
}

export function createRuntime(bag: ResourceBag, options: RuntimeOptions = {}): Runtime {
  const {
    log = silentLogger,
    clock = systemClock,
    rng = systemRng,
    digest = sha256,
    hooks = [],
    maxConcurrency = 64,
    drainMs = 10_000,
  } = options
  checkNumber('maxConcurrency', maxConcurrency, countRule())
  checkNumber('drainMs', drainMs, timerRule())
  if (options.deadlineMs !== undefined) checkNumber('deadlineMs', options.deadlineMs, lifeRule)
  if (!Array.isArray(hooks)) throw new TypeError('hooks must be a list, such as [{ name, before, after }]')
  const plans = new Map<AnyFlow, Plan>()
  const runs = new LinkedList<HeldRun>()
  const idle: (() => void)[] = []
  let closing: Promise<void> | undefined

  const deadlines =
    options.deadlineTimer === 'shared' ? sharedTimer(() => runs.copy(), clock) : timerPerRun(clock)
  const host: RunHost = {
    log,
    maxConcurrency,
    clock,
    rng,
    digest,
    deadlines,
    finished(run, error) {
      if (hooks.length === 0) return forget(run)
      void after(run, error).finally(() => forget(run))
    },
  }

  function planOf(flow: AnyFlow): Plan {
    let plan = plans.get(flow)
    if (plan === undefined) plans.set(flow, (plan = compilePlan(flow, bag)))
    return plan
  }

  function start(flow: AnyFlow, input: unknown, request: RunRequest = {}): Run {
    return startWith(flow, request, validateInput, input)
  }

  function startReading(flow: AnyFlow, request: ReadRequest): Run {
    return startWith(flow, request, readInput, request)
  }

  /** `admit` gives an admitted run its input, from `source`. */
  function startWith<S>(
    flow: AnyFlow,
    request: RunRequest,
    admit: (run: Run, source: S) => void,
    source: S,
  ): Run {
    const run = new Run(planOf(flow), host, request, request.deadlineMs ?? options.deadlineMs)
    runs.add(run)
    if (closing !== undefined) {
      run.fail(new RunError('Draining', 'the runtime is closing', { flow: flow.name }))
    } else if (hooks.length === 0) admit(run, source)
    else void before(run).then((allowed) => allowed && admit(run, source))
    // Many runs have ended by now: they need no timer.
    if (run.deadline !== undefined && !run.isSettled) deadlines.watch(run)
    return run
  }

  function validateInput(run: Run, input: unknown): void {
    if (run.isSettled) return
    try {
      const message = validateMessage(run.plan.flow.trigger, input)
      if (!(message instanceof Promise)) return run.start(message)
      message.then(
        (valid) => run.start(valid),
        (error: unknown) => refuse(run, error),
      )
    } catch (error) {
      refuse(run, error)
    }
  }

  function readInput(run: Run, request: ReadRequest): void {
    if (run.isSettled) return
    try {
      const message = request.read(run)
      if (!(message instanceof Promise)) return run.start(message)
      run.startWhenRead(message, (error) => refuse(run, error))
    } catch (error) {
      refuse(run, error)
    }
  }

  function refuse(run: Run, error: unknown): void {
    const { name } = run.plan.flow
    const failure =
      error instanceof SchemaError ? 'InvalidInput' : error instanceof DeniedError ? 'Denied' : 'NodeFailed'
    run.fail(new RunError(failure, describeThrown(error), { flow: name, cause: error }))
  }

  async function before(run: Run): Promise<boolean> {
    run.startedAt = clock.monotonic()
    try {
      for (const hook of hooks) {
        if (run.isSettled) return false
        const added = await hook.before?.(infoOf(run))
        if (added !== undefined) run.annotate(added)
      }
      return true
    } catch (error) {
      refuse(run, error)
      return false
    }
  }

  async function after(run: HeldRun, error: Error | undefined): Promise<void> {
    const info = infoOf(run)
    const durationMs = clock.monotonic() - run.startedAt
    const outcome =
      error === undefined ? ({ ok: true, durationMs } as const) : ({ ok: false, durationMs, error } as const)
    for (const hook of hooks.toReversed()) {
      try {
        await hook.after?.(info, outcome)
      } catch (failure) {
        log.error({ hook: hook.name, flow: info.flow, err: failure }, 'a hook failed after a run')
      }
    }
  }

  function forget(run: HeldRun): void {
    runs.remove(run)
    if (runs.size === 0 && idle.length > 0) for (const wake of idle.splice(0)) wake()
  }

  async function drain(): Promise<void> {
    if (runs.size === 0) return
    const drained = new Promise<void>((resolve) => idle.push(resolve))
    const bound = new AbortController()
    const waiting = clock.sleep(drainMs, { signal: bound.signal }).catch(() => undefined)
    await Promise.race([drained, waiting])
    bound.abort()
    if (runs.size === 0) return
    log.warn({ running: runs.size, drainMs }, 'cancelling runs that did not end in time')
    for (const run of runs.copy()) run.cancel(new Error('the runtime is closing'))
    const grace = new AbortController()
    await Promise.race([drained, clock.sleep(1_000, { signal: grace.signal }).catch(() => undefined)])
    grace.abort()
  }

  return {
    bag,
    clock,
    rng,
    digest,
    invoke<I, O, N, T extends TriggerSpec>(
      flow: Flow<I, O, N, T>,
      { input, metadata, deadline, signal }: { readonly input: Sent<I, T> } & InvokeOptions,
    ): Promise<O> {
      if (signal?.aborted) {
        return Promise.reject(
          new RunError('Cancelled', 'the signal had fired already', {
            flow: flow.name,
            cause: signal.reason,
          }),
        )
      }
      if (deadline !== undefined && Number.isNaN(deadline.getTime()))
        return Promise.reject(new TypeError('the deadline is an invalid Date'))
      const run = start(flow, input, {
        ...(metadata === undefined ? {} : { metadata: () => metadata }),
        ...(deadline === undefined ? {} : { deadlineMs: deadline.getTime() - clock.now() }),
      })
      if (signal === undefined) return run.answer as Promise<O>
      const cancel = () => run.cancel(signal.reason)
      signal.addEventListener('abort', cancel, { once: true })
      const stopListening = () => signal.removeEventListener('abort', cancel)
      run.whenFinished(stopListening)
      return run.answer as Promise<O>
    },
    start,
    startReading,
    guard: (name, request, work) => guarded(name, request, work, { hooks, clock, log, rng }),
    get running() {
      return runs.size
    },
    get closing() {
      return closing !== undefined
    },
    close() {
      closing ??= drain().finally(() => deadlines.close())
      return closing
    },
  }
}

function infoOf(run: HeldRun): RunInfo {
  const { flow } = run
  const { id, metadata, signal } = run
  return runInfo({ id, flow: flow.name, version: flow.version, metadata, signal }, run.request)
}

/** The default digest. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}
