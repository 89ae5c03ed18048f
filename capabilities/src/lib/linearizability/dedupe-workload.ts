/** Random concurrent calls to a dedupe store, recorded for `checkLinearizable`. */
import type { BeginResult, DedupeStore } from '../dedupe/contract.ts'
import { checkNumbers, lifeRule } from '../numbers.ts'
import { type DedupeInput, type DedupeOperation, type DedupeOutput, seenAs } from './dedupe-model.ts'
import { type WorkloadOptions, workloadRules } from './kv-workload.ts'
import { randomTurns } from './pause.ts'
import { HistoryRecorder } from './recorder.ts'

export interface DedupeWorkloadOptions extends WorkloadOptions {
  /** Shorter of the two leases the callers ask for, and the time to live of results, in milliseconds. */
  readonly shortMs: number
  /** Longer one; it need not end during the workload. */
  readonly longMs: number
  /** Lets time pass now and then, so that leases end: on a manual clock at once. Default: time passes by itself. */
  readonly pass?: (ms: number) => Promise<void>
}

const fingerprint = 'sha-256:linearizability'

/** Resolves the history when every call has ended. */
export async function runDedupeWorkload(
  dedupe: DedupeStore,
  options: DedupeWorkloadOptions,
): Promise<readonly DedupeOperation[]> {
  const { rng, clock, keys, clients = 4, operations = 400, signal, shortMs, longMs, pass } = options
  const rules = { ...workloadRules, shortMs: lifeRule, longMs: lifeRule }
  checkNumbers('runDedupeWorkload', { clients, operations, shortMs, longMs }, rules)
  const recorder = new HistoryRecorder<DedupeInput, DedupeOutput>(clock)
  const call = signal === undefined ? {} : { signal }
  /** Tokens every caller knows, also of former holders: a store must refuse those. */
  const tokens = new Map<string, string[]>(keys.map((key) => [key, []]))
  const fences = new Map<string, number>()
  let left = operations

  async function make(key: string, input: DedupeInput): Promise<DedupeOutput> {
    switch (input.call) {
      case 'putIfAbsent':
        return yesOrNo(await dedupe.putIfAbsent(key, input.ttlMs, call))
      case 'begin': {
        const { leaseMs, started, over } = input
        const begun = await dedupe.begin(key, {
          ...call,
          leaseMs,
          fingerprint,
          started,
          ...(over === undefined ? {} : { over }),
        })
        return begunAs(begun)
      }
      case 'complete':
        return yesOrNo(await dedupe.complete(key, input.token, JSON.parse(input.result), input.ttlMs, call))
      case 'release':
        return yesOrNo(await dedupe.release(key, input.token, call))
      case 'renew': {
        const { token, leaseMs, started } = input
        return yesOrNo(await dedupe.renew(key, token, leaseMs, { ...call, started }))
      }
      case 'takeOver': {
        const taken = await dedupe.takeOver(key, { ...call, fence: input.fence, leaseMs: input.leaseMs })
        return taken === null ? { answer: 'no' } : { answer: 'fresh', ...taken }
      }
      case 'look':
        return seenAs(await dedupe.look(key, call))
      case 'forget':
        await dedupe.forget(key, call)
        return { answer: 'forgotten' }
    }
  }

  /** Makes up to three calls. All callers make their first call at the same time. */
  async function work(client: number): Promise<void> {
    for (let calls = rng.int(1, 3); calls > 0 && left > 0 && signal?.aborted !== true; calls--) {
      left -= 1
      await randomTurns(rng)
      const key = keys[rng.int(0, keys.length - 1)] ?? ''
      const input = next(key)
      const output = await recorder.record({ client, key, input, run: () => make(key, input) })
      if (output?.answer === 'fresh') {
        tokens.get(key)?.push(output.token)
        fences.set(key, output.fence)
      } else if (output?.answer === 'unknown') fences.set(key, output.fence)
    }
  }

  function next(key: string): DedupeInput {
    const dice = rng.float()
    const known = tokens.get(key) ?? []
    // Mostly the last holder's token, sometimes one of an earlier holder.
    const token = known.at(rng.float() < 0.7 ? -1 : -Math.min(known.length, rng.int(1, 3)))
    const leaseMs = rng.float() < 0.8 ? shortMs : longMs
    const started = rng.float() < 0.6
    // Mostly the last fence that was seen, sometimes an older one.
    const lastFence = fences.get(key)
    const fence =
      lastFence === undefined ? undefined : Math.max(0, lastFence - (rng.float() < 0.3 ? rng.int(1, 3) : 0))
    if (dice < 0.06) return { call: 'putIfAbsent', ttlMs: shortMs }
    if (dice < 0.08) return { call: 'forget' }
    if (dice < 0.5 || token === undefined) {
      const takesOver = fence !== undefined && rng.float() < 0.3
      return { call: 'begin', leaseMs, started, ...(takesOver ? { over: fence } : {}) }
    }
    if (dice < 0.6) return { call: 'complete', token, result: String(left), ttlMs: shortMs }
    if (dice < 0.68) return { call: 'release', token }
    if (dice < 0.82 || dedupe.info.features?.unknowns !== true)
      return { call: 'renew', token, leaseMs, started }
    if (dice < 0.88 || fence === undefined) return { call: 'look' }
    return { call: 'takeOver', fence, leaseMs }
  }

  while (left > 0 && signal?.aborted !== true) {
    await Promise.all(Array.from({ length: clients }, (_, client) => work(client)))
    if (pass !== undefined && rng.float() < 0.6) await pass(rng.int(1, 2 * shortMs))
  }
  return recorder.operations
}

function begunAs(begun: BeginResult): DedupeOutput {
  switch (begun.state) {
    case 'fresh':
      return { answer: 'fresh', token: begun.token, fence: begun.fence }
    case 'in_flight':
      return { answer: 'in_flight' }
    case 'unknown':
      return { answer: 'unknown', fence: begun.fence }
    case 'done':
      return { answer: 'done', result: JSON.stringify(begun.result) }
  }
}

function yesOrNo(isSo: boolean): DedupeOutput {
  return { answer: isSo ? 'yes' : 'no' }
}
