/** One key of a strongly consistent key-value store, as a model for `checkLinearizable`. */
import type { Model, Operation } from './model.ts'

export type KvInput =
  | { readonly call: 'get' }
  | {
      readonly call: 'put'
      readonly value: string
      readonly ifAbsent?: boolean
      readonly ifVersion?: string
    }
  | { readonly call: 'delete' }

export type KvOutput =
  /** `value` is `null` for an absent key; `version` is `null` where the store keeps none. */
  | { readonly answer: 'value'; readonly value: string | null; readonly version: string | null }
  | { readonly answer: 'written'; readonly version: string | null }
  | { readonly answer: 'refused' }
  | { readonly answer: 'deleted' }

export type KvOperation = Operation<KvInput, KvOutput>

/** `version` is `null` while no answer has named it. */
export interface KvState {
  readonly value: string | null
  readonly version: string | null
}

const absent: KvState = { value: null, version: null }

export const kvModel: Model<KvState, KvInput, KvOutput> = {
  initial: absent,
  step(state, { input, output }) {
    switch (input.call) {
      case 'get':
        return output === null ? [state] : read(state, output)
      case 'delete':
        return [absent]
      case 'put':
        return put(state, input, output)
    }
  },
  textOf: ({ value, version }) => (value === null ? '' : `${JSON.stringify(value)}@${version ?? '?'}`),
  isRemovable({ input, output }, rest) {
    if (input.call === 'get' || output?.answer === 'refused') return true
    // A refused condition is an observation, too: of a value that is there, or of another version.
    if (rest.some((other) => other.output?.answer === 'refused')) return false
    return input.call === 'delete'
      ? !rest.some(seesAbsence)
      : !rest.some((other) => sees(other, input.value, output))
  },
  restart({ input, output }) {
    if (input.call === 'delete') return 'before'
    const isPlain = input.call === 'put' && input.ifAbsent !== true && input.ifVersion === undefined
    return isPlain && output?.answer === 'written' ? 'before' : null
  },
  describe: ({ input, output }) => `${described(input)} → ${answered(output)}`,
}

function read(state: KvState, output: KvOutput): readonly KvState[] {
  if (output.answer !== 'value' || output.value !== state.value) return []
  if (output.value === null || output.version === null) return [state]
  if (state.version !== null && state.version !== output.version) return []
  return [{ ...state, version: output.version }]
}

function put(
  state: KvState,
  { value, ifAbsent = false, ifVersion }: KvInput & { readonly call: 'put' },
  output: KvOutput | null,
): readonly KvState[] {
  const isAbsent = state.value === null
  // A version that no answer has named may be any: both outcomes of a condition are possible.
  const mayMatch =
    ifVersion === undefined || (!isAbsent && (state.version === null || state.version === ifVersion))
  const mustMatch = ifVersion === undefined || (!isAbsent && state.version === ifVersion)
  if (output?.answer === 'refused') return (ifAbsent && !isAbsent) || !mustMatch ? [state] : []
  if ((ifAbsent && !isAbsent) || !mayMatch) return []
  const version = output?.answer === 'written' ? output.version : null
  // Versions are never used again while the key is there.
  if (version !== null && version === state.version) return []
  return [{ value, version }]
}

/** Whether the operation saw the key absent. */
function seesAbsence({ input, output }: KvOperation): boolean {
  return (
    (output?.answer === 'value' && output.value === null) || (input.call === 'put' && input.ifAbsent === true)
  )
}

/** Whether the operation saw a value, or the version that was written with it. */
function sees({ input, output }: KvOperation, value: string, written: KvOutput | null): boolean {
  const version = written?.answer === 'written' ? written.version : null
  if (input.call === 'put' && input.ifVersion !== undefined)
    return version === null || input.ifVersion === version
  if (output?.answer === 'written' && version !== null) return output.version === version
  return (
    output?.answer === 'value' && (output.value === value || (version !== null && output.version === version))
  )
}

function described(input: KvInput): string {
  if (input.call !== 'put') return input.call
  const condition =
    input.ifVersion === undefined
      ? input.ifAbsent === true
        ? ' ifAbsent'
        : ''
      : ` ifVersion ${JSON.stringify(input.ifVersion)}`
  return `put ${JSON.stringify(input.value)}${condition}`
}

function answered(output: KvOutput | null): string {
  if (output === null) return 'no answer'
  if (output.answer === 'refused' || output.answer === 'deleted') return output.answer
  const version = output.version === null ? '' : `, version ${JSON.stringify(output.version)}`
  if (output.answer === 'written') return `written${version}`
  return output.value === null ? 'absent' : `${JSON.stringify(output.value)}${version}`
}
