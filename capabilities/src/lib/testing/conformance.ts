/** What the conformance suites share: cases as data, stores opened per case, and their registration with vitest. */
import { describe, expect, it } from 'vitest'
import { type CapabilityError, isCapabilityError, type ErrorKind } from '../error.ts'
import { control, type Resource } from '../resource/resource.ts'
import { ManualClock } from './manual-clock.ts'

/** One promise of a contract, as a function that rejects when it is broken. */
export interface ConformanceCase<S extends Subject> {
  readonly name: string
  /** Why this store need not keep the promise, or `null` when it must. */
  readonly skip?: (subject: S) => string | null
  readonly run: (subject: S) => Promise<void>
}

/** Cases about one thing. */
export interface ConformanceGroup<S extends Subject> {
  readonly name: string
  readonly cases: readonly ConformanceCase<S>[]
}

/** What a harness gets to open a store with. */
export interface OpenContext {
  /** Give it to drivers and portable types that take a clock; matters only to a harness with `clock: 'manual'`. */
  readonly clock: ManualClock
}

/** How a suite is to treat a store. */
export interface HarnessOptions {
  /** `'manual'` when the store lives by the clock given to `open`, `'real'` when it has its own. */
  readonly clock: 'manual' | 'real'
  /** With a real clock: the longest a case may wait for an entry to expire. Default 0: such cases are skipped. */
  readonly maxTtlWaitMs?: number
  /** How long a store that is not strongly consistent may take to show a write. Default 5000. */
  readonly settleMs?: number
  /** Cases that do not hold, by name, each with the reason. A name that is no case fails the suite. */
  readonly skip?: Readonly<Record<string, string>>
  /** Milliseconds one case may take. Default 60000. */
  readonly timeoutMs?: number
  /**
   * Runs `work` while the store does what it is asked and its answers are lost on their way, as by a proxy that resets
   * connections. Proves that no error says `applied: 'no'` of a write that was made. Default: those cases are skipped.
   */
  readonly loseAnswers?: LoseAnswers
}

export type LoseAnswers = <T>(work: () => Promise<T>) => Promise<T>

/** What every case is given; the suites add the store. */
export interface Subject {
  /** Lets time pass: on the manual clock at once, else by waiting. */
  pass(ms: number): Promise<void>
  /** The clock of the store, when the suite moves it. */
  readonly clock: ManualClock | null
  readonly maxTtlWaitMs: number
  /** Runs work while the store's answers are lost, where the harness can. */
  readonly loseAnswers: LoseAnswers | null
  /** Asserts at once on a strongly consistent store, and until it holds or `settleMs` are over on others. */
  eventually(assertion: () => Promise<void>): Promise<void>
}

export function openSubject(harness: HarnessOptions, clock: ManualClock, consistency: string): Subject {
  const { maxTtlWaitMs = 0, settleMs = 5000, loseAnswers = null } = harness
  const manual = harness.clock === 'manual'
  return {
    clock: manual ? clock : null,
    maxTtlWaitMs,
    loseAnswers,
    pass: (ms) => (manual ? clock.advance(ms) : wait(ms)),
    eventually: (assertion) => (consistency === 'strong' ? assertion() : until(assertion, settleMs)),
  }
}

/** Runs one case on a fresh store. Resolves the reason when the case does not apply. */
export async function runCase<S extends Subject>(
  { skip, run }: ConformanceCase<S>,
  open: (clock: ManualClock) => Promise<{ subject: S; close(): Promise<void> }>,
): Promise<string | null> {
  const { subject, close } = await open(new ManualClock())
  try {
    const reason = skip?.(subject) ?? null
    if (reason === null) await run(subject)
    return reason
  } finally {
    await close()
  }
}

/** Registers the groups with vitest. */
export function register<S extends Subject>(
  name: string,
  groups: readonly ConformanceGroup<S>[],
  { skip = {}, timeoutMs = 60_000 }: HarnessOptions,
  open: (clock: ManualClock) => Promise<{ subject: S; close(): Promise<void> }>,
): void {
  const names = new Set(groups.flatMap(({ cases }) => cases.map((one) => one.name)))
  describe(name, () => {
    for (const excused of Object.keys(skip)) {
      if (!names.has(excused))
        it(`has the case "${excused}" that is skipped`, () => expect.fail('no case has this name'))
    }
    for (const group of groups) {
      describe(group.name, () => {
        for (const one of group.cases) {
          it(one.name, { timeout: timeoutMs }, async (context) => {
            const excuse = Object.hasOwn(skip, one.name) ? skip[one.name] : undefined
            const reason = excuse ?? (await runCase(one, open))
            if (reason !== null) context.skip(reason)
          })
        }
      })
    }
  })
}

/** Asserts that a call is refused with this kind of error, and gives the error. */
export async function refused(
  call: Promise<unknown>,
  ...kinds: readonly ErrorKind[]
): Promise<CapabilityError> {
  const outcome = await call.then(
    () => ({ error: undefined, done: true }),
    (error: unknown) => ({ error, done: false }),
  )
  if (outcome.done) return expect.fail(`expected ${kinds.join(' or ')}, but the call succeeded`)
  const { error } = outcome
  if (!isCapabilityError(error)) return expect.fail(`expected ${kinds.join(' or ')}, got ${String(error)}`)
  expect(kinds, error.message).toContain(error.kind)
  return error
}

/** The resource as a node with this access sees it, or `null` for a store that was not made by this package. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the access decides the type, the caller names it
export function viewOf<T>(resource: object, access: string, signal?: AbortSignal): T | null {
  if (!(control in resource)) return null
  return (resource as Resource)[control].view(access, { signal }) as T
}

/** All of an async iterable. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** Does `work` for every item, `width` at a time. */
export async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  width = 16,
): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}

async function until(assertion: () => Promise<void>, ms: number): Promise<void> {
  const end = performance.now() + ms
  for (;;) {
    try {
      return await assertion()
    } catch (error) {
      if (performance.now() >= end) throw error
      await wait(Math.min(100, ms / 10))
    }
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
