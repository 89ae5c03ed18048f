/** Calls of drivers in the words of the linearizability models: which keys a call is about, and what its answer says. */
import type { DedupeDriver, DriverBegin, KvDriver, StoredKvEntry } from '@flowport/capabilities'
import type { DedupeInput, DedupeOutput, KvInput, KvOutput } from '@flowport/capabilities/probe'

/** What a call does with one key. */
export interface KeyCall<I, O> {
  readonly key: string
  readonly input: I
  readonly outputOf: (answer: unknown) => O
}

type Args<D, M extends keyof D> = Readonly<D[M] extends (...given: infer A) => unknown ? A : never>

/** `null` for a call that the model of a key does not know: the key is no longer judged. Empty for calls about no single key. */
export function kvCalls(
  operation: string,
  args: readonly unknown[],
): readonly KeyCall<KvInput, KvOutput>[] | null {
  switch (operation) {
    case 'get': {
      const [key] = args as Args<KvDriver, 'get'>
      return [{ key, input: { call: 'get' }, outputOf: (entry) => readAs(entry as StoredKvEntry | null) }]
    }
    case 'getMany': {
      const [keys] = args as readonly [readonly string[]]
      const entryOf = (answer: unknown, key: string) =>
        readAs((answer as ReadonlyMap<string, StoredKvEntry>).get(key) ?? null)
      return keys.map((key) => ({ key, input: { call: 'get' }, outputOf: (answer) => entryOf(answer, key) }))
    }
    case 'put': {
      const [key, value, { expiresAt, ifAbsent = false, ifVersion }] = args as Args<KvDriver, 'put'>
      if (expiresAt !== undefined) return null
      const condition = ifVersion === undefined ? {} : { ifVersion }
      const input = { call: 'put', value: textOf(value), ifAbsent, ...condition } as const
      const outputOf = (version: unknown) =>
        ({ answer: 'written', version: typeof version === 'string' ? version : null }) as const
      return [{ key, input, outputOf }]
    }
    case 'delete':
      return deletions([String(args[0])])
    case 'deleteMany':
      return deletions((args as readonly [readonly string[]])[0])
    default:
      return []
  }
}

export function dedupeCalls(
  operation: string,
  args: readonly unknown[],
): readonly KeyCall<DedupeInput, DedupeOutput>[] | null {
  switch (operation) {
    case 'begin': {
      const [key, token, leaseMs, , { started = false, over }] = args as Args<DedupeDriver, 'begin'>
      const takeover = over === undefined ? {} : { over }
      const input = { call: 'begin', token, leaseMs, started, ...takeover } as const
      return [{ key, input, outputOf: (answer) => begunAs(answer as DriverBegin, token) }]
    }
    case 'complete': {
      const [key, token, result, ttlMs] = args as Args<DedupeDriver, 'complete'>
      return [{ key, input: { call: 'complete', token, result, ttlMs }, outputOf: yesOrNo }]
    }
    case 'release': {
      const [key, token] = args as Args<DedupeDriver, 'release'>
      return [{ key, input: { call: 'release', token }, outputOf: yesOrNo }]
    }
    case 'renew': {
      const [key, token, leaseMs, { started = false }] = args as Args<DedupeDriver, 'renew'>
      return [{ key, input: { call: 'renew', token, leaseMs, started }, outputOf: yesOrNo }]
    }
    case 'forget':
      return [{ key: String(args[0]), input: { call: 'forget' }, outputOf: () => ({ answer: 'forgotten' }) }]
    case 'reserve':
    case 'commit':
    case 'takeOver':
      return null
    default:
      return []
  }
}

function deletions(keys: readonly string[]): readonly KeyCall<KvInput, KvOutput>[] {
  return keys.map((key) => ({ key, input: { call: 'delete' }, outputOf: () => ({ answer: 'deleted' }) }))
}

function readAs(entry: StoredKvEntry | null): KvOutput {
  if (entry === null) return { answer: 'value', value: null, version: null }
  return { answer: 'value', value: textOf(entry.value), version: entry.version ?? null }
}

/** Equal for equal values. Bytes become text one for one. */
function textOf(value: string | Uint8Array): string {
  if (typeof value === 'string') return `t:${value}`
  let text = 'b:'
  for (const byte of value) text += String.fromCharCode(byte)
  return text
}

function begunAs(begun: DriverBegin, token: string): DedupeOutput {
  switch (begun.state) {
    case 'fresh':
      return { answer: 'fresh', token, fence: begun.fence }
    case 'in_flight':
      return { answer: 'in_flight' }
    case 'unknown':
      return { answer: 'unknown', fence: begun.fence }
    case 'done':
      return { answer: 'done', result: begun.result }
  }
}

function yesOrNo(isSo: unknown): DedupeOutput {
  return { answer: isSo === true ? 'yes' : 'no' }
}
