/** Random concurrent calls to a key-value store, recorded for `checkLinearizable`. */
import type { Clock } from '../clock/contract.ts'
import { isKind } from '../error.ts'
import type { KeyValue } from '../kv/contract.ts'
import { checkNumbers, countRule } from '../numbers.ts'
import type { Rng } from '../rng/contract.ts'
import type { KvInput, KvOperation, KvOutput } from './kv-model.ts'
import { randomTurns } from './pause.ts'
import { HistoryRecorder } from './recorder.ts'

export interface WorkloadOptions {
  readonly rng: Rng
  readonly clock: Pick<Clock, 'monotonic'>
  /** Keys the callers contend for. */
  readonly keys: readonly string[]
  /** Callers at once, 1 to 64. Default 4: a history with many more is expensive to check. */
  readonly clients?: number
  /** Calls of all callers together, 1 to 100 000. Default 400. */
  readonly operations?: number
  /** Fires to end the workload early. Default never. */
  readonly signal?: AbortSignal
}

export interface KvWorkloadOptions extends WorkloadOptions {
  /** Whether puts carry conditions. Default what the store's `info` claims. */
  readonly conditional?: boolean
}

export const workloadRules = { clients: countRule(1, 64), operations: countRule(1, 100_000) }

/** Resolves the history when every call has ended. Values are never used twice. */
export async function runKvWorkload(
  kv: KeyValue,
  {
    rng,
    clock,
    keys,
    clients = 4,
    operations = 400,
    signal,
    conditional = kv.info.features.conditional,
  }: KvWorkloadOptions,
): Promise<readonly KvOperation[]> {
  checkNumbers('runKvWorkload', { clients, operations }, workloadRules)
  const recorder = new HistoryRecorder<KvInput, KvOutput>(clock)
  const options = signal === undefined ? {} : { signal }
  let left = operations

  async function call(client: number, key: string, input: KvInput): Promise<KvOutput | null> {
    return recorder.record({
      client,
      key,
      input,
      run: async () => {
        if (input.call === 'delete') {
          await kv.delete(key, options)
          return { answer: 'deleted' }
        }
        if (input.call === 'get') {
          const entry = await kv.getWithMetadata(key, options)
          return { answer: 'value', value: entry?.value ?? null, version: entry?.version ?? null }
        }
        const { value, ifAbsent, ifVersion } = input
        const condition = ifVersion === undefined ? (ifAbsent === true ? { ifAbsent } : {}) : { ifVersion }
        const { version } = await kv.put(key, value, { ...options, ...condition })
        return { answer: 'written', version }
      },
      answerOf: (error) =>
        isKind(error, 'AlreadyExists', 'ConditionNotMatch') ? { answer: 'refused' } : null,
    })
  }

  async function work(client: number): Promise<void> {
    const versions = new Map<string, string | null>()
    while (left > 0 && signal?.aborted !== true) {
      left -= 1
      const key = keys[rng.int(0, keys.length - 1)] ?? ''
      const output = await call(client, key, next(client, versions.get(key) ?? null))
      if (output?.answer === 'value' || output?.answer === 'written') versions.set(key, output.version)
      await randomTurns(rng)
    }
  }

  function next(client: number, version: string | null): KvInput {
    const value = `${client}.${left}`
    const dice = rng.float()
    if (dice < 0.35) return { call: 'get' }
    if (dice < 0.45) return { call: 'delete' }
    if (!conditional || dice < 0.6) return { call: 'put', value }
    if (dice < 0.75 || version === null) return { call: 'put', value, ifAbsent: true }
    return { call: 'put', value, ifVersion: version }
  }

  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)))
  return recorder.operations
}
