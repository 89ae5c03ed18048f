/**
 * One key of a ledger, as a model for `checkLinearizable`. Leases are judged by the caller's clock: an answer is refused only
 * where no moment between its call and its return, and no length of the lease within the store's slack, explains it.
 */
import type { KeyState } from '../dedupe/contract.ts'
import { checkNumbers, timerRule } from '../numbers.ts'
import type { Model, Operation } from './model.ts'

export type DedupeInput =
  | { readonly call: 'putIfAbsent'; readonly ttlMs: number }
  | {
      readonly call: 'begin'
      readonly leaseMs: number
      readonly started: boolean
      readonly over?: number
      /** The token that the call brings, where a driver is called. A repeated call with it changes nothing. */
      readonly token?: string
    }
  | { readonly call: 'complete'; readonly token: string; readonly result: string; readonly ttlMs: number }
  | { readonly call: 'release'; readonly token: string }
  | { readonly call: 'renew'; readonly token: string; readonly leaseMs: number; readonly started: boolean }
  | { readonly call: 'takeOver'; readonly fence: number; readonly leaseMs: number }
  | { readonly call: 'look' }
  | { readonly call: 'forget' }

export type DedupeOutput =
  | { readonly answer: 'yes' | 'no' | 'forgotten' | 'in_flight' | 'free' }
  | { readonly answer: 'fresh'; readonly token: string; readonly fence: number }
  | { readonly answer: 'unknown'; readonly fence: number }
  | { readonly answer: 'done'; readonly result: string }

export type DedupeOperation = Operation<DedupeInput, DedupeOutput>

export interface DedupeModelOptions {
  /** How much longer than asked the store may keep a record, in milliseconds: `info.limits.expirySlackMs`. Default 0. */
  readonly slackMs?: number
  /** How far the caller's clock and the store's may drift apart during the history, in milliseconds. Default 0. */
  readonly driftMs?: number
}

interface Held {
  /** `null` when the answer that named it was lost. */
  readonly token: string | null
  readonly fence: number | null
  readonly started: boolean
  /** `null` while in flight. */
  readonly result: string | null
  /** The earliest and the latest moment at which the lease or time to live may end. */
  readonly endsFrom: number
  readonly endsBy: number
}

export interface DedupeState {
  readonly held: Held | null
  /** The highest fence an answer has named. */
  readonly fence: number
}

type Span = Pick<DedupeOperation, 'startMs' | 'endMs'>

export function dedupeModel({
  slackMs = 0,
  driftMs = 0,
}: DedupeModelOptions = {}): Model<DedupeState, DedupeInput, DedupeOutput> {
  checkNumbers('dedupeModel', { slackMs, driftMs }, { slackMs: timerRule(), driftMs: timerRule() })
  const mayHaveEnded = (held: Held, { endMs }: Span) => endMs + driftMs >= held.endsFrom
  const mayBeLive = (held: Held, { startMs }: Span) => startMs - driftMs < held.endsBy
  const mayBeUnknown = (held: Held, span: Span) =>
    held.result === null && held.started && mayHaveEnded(held, span)
  const mayBeFree = (held: Held | null, span: Span) =>
    held === null || (mayHaveEnded(held, span) && !(held.result === null && held.started))
  const lasting = ({ startMs, endMs }: Span, ms: number) => ({
    endsFrom: startMs + ms,
    endsBy: endMs + ms + slackMs,
  })

  function taken(
    { held, fence }: DedupeState,
    span: Span,
    leaseMs: number,
    started: boolean,
    output: DedupeOutput | null,
    brought: string | null = null,
  ): readonly DedupeState[] {
    const named = output?.answer === 'fresh' ? output : null
    if (named !== null && named.fence <= Math.max(fence, held?.fence ?? 0)) return []
    return [
      {
        held: {
          token: named?.token ?? brought,
          fence: named?.fence ?? null,
          started,
          result: null,
          ...lasting(span, leaseMs),
        },
        fence: named?.fence ?? fence,
      },
    ]
  }

  function begin(state: DedupeState, operation: DedupeOperation & { input: { call: 'begin' } }) {
    const { input, output } = operation
    const { held } = state
    const { token = null } = input
    if (output === null || output.answer === 'fresh') {
      if (held !== null && token !== null && held.token === token && held.result === null)
        return again(state, held, output)
      const takesOver =
        held !== null &&
        input.over !== undefined &&
        mayBeUnknown(held, operation) &&
        (held.fence === null || held.fence === input.over)
      if (takesOver) return taken(state, operation, input.leaseMs, true, output, token)
      if (!mayBeFree(held, operation)) return []
      return taken(state, operation, input.leaseMs, input.started, output, token)
    }
    return held === null ? [] : seen(state, held, operation)
  }

  /** A repeated `begin` by the holder. */
  function again(
    state: DedupeState,
    held: Held,
    output: (DedupeOutput & { answer: 'fresh' }) | null,
  ): readonly DedupeState[] {
    if (output === null) return [state]
    if (held.fence !== null && held.fence !== output.fence) return []
    return [{ held: { ...held, fence: output.fence }, fence: Math.max(state.fence, output.fence) }]
  }

  /** The states in which an answer that changes nothing is true. */
  function seen(
    state: DedupeState,
    held: Held,
    { output, ...span }: DedupeOperation,
  ): readonly DedupeState[] {
    if (output?.answer === 'in_flight') return held.result === null && mayBeLive(held, span) ? [state] : []
    if (output?.answer === 'done')
      return held.result === output.result && mayBeLive(held, span) ? [state] : []
    if (output?.answer !== 'unknown' || !mayBeUnknown(held, span)) return []
    if (held.fence !== null && held.fence !== output.fence) return []
    return [{ held: { ...held, fence: output.fence }, fence: Math.max(state.fence, output.fence) }]
  }

  function putIfAbsent(state: DedupeState, operation: DedupeOperation, ttlMs: number) {
    const { held } = state
    if (operation.output?.answer === 'no')
      return held !== null && (mayBeLive(held, operation) || mayBeUnknown(held, operation)) ? [state] : []
    if (!mayBeFree(held, operation)) return []
    const reserved = { token: null, fence: null, started: true, result: 'null', ...lasting(operation, ttlMs) }
    return [{ ...state, held: reserved }]
  }

  function byHolder(
    state: DedupeState,
    operation: DedupeOperation,
    token: string,
    change: (held: Held) => Held | null,
    keepsResult: boolean,
  ): readonly DedupeState[] {
    const { held } = state
    const isHolder = held !== null && held.token === token && (held.result === null || keepsResult)
    if (operation.output?.answer === 'no')
      return !isHolder || (held.result !== null && mayHaveEnded(held, operation)) ? [state] : []
    if (!isHolder || (held.result !== null && !mayBeLive(held, operation))) return []
    return [{ ...state, held: change(held) }]
  }

  function takeOver(state: DedupeState, operation: DedupeOperation, over: number, leaseMs: number) {
    const { held } = state
    const { output } = operation
    if (output?.answer === 'no') {
      const mustBeUnknown = held !== null && mayBeUnknown(held, operation) && !mayBeLive(held, operation)
      return mustBeUnknown && held.fence === over ? [] : [state]
    }
    if (held === null || !mayBeUnknown(held, operation) || (held.fence !== null && held.fence !== over))
      return []
    return taken(state, operation, leaseMs, true, output)
  }

  return {
    initial: { held: null, fence: 0 },
    step(state, operation) {
      const { input } = operation
      switch (input.call) {
        case 'putIfAbsent':
          return putIfAbsent(state, operation, input.ttlMs)
        case 'begin':
          return begin(state, { ...operation, input })
        case 'complete':
          return byHolder(
            state,
            operation,
            input.token,
            (held) => ({ ...held, result: input.result, ...lasting(operation, input.ttlMs) }),
            true,
          )
        case 'release':
          return byHolder(state, operation, input.token, () => null, false)
        case 'renew':
          return byHolder(
            state,
            operation,
            input.token,
            (held) => ({
              ...held,
              started: held.started || input.started,
              ...lasting(operation, input.leaseMs),
            }),
            false,
          )
        case 'takeOver':
          return takeOver(state, operation, input.fence, input.leaseMs)
        case 'look':
          if (operation.output === null) return [state]
          if (operation.output.answer === 'free') return mayBeFree(state.held, operation) ? [state] : []
          return state.held === null ? [] : seen(state, state.held, operation)
        case 'forget':
          return [{ ...state, held: null }]
      }
    },
    textOf: ({ held, fence }) =>
      held === null
        ? String(fence)
        : [fence, held.token, held.fence, held.started, held.result, held.endsFrom, held.endsBy].join(),
    isRemovable: ({ input, output }) => input.call === 'look' || (output !== null && changesNothing(output)),
    restart({ input, output }) {
      if (input.call === 'forget') return 'before'
      return input.call === 'release' && output?.answer === 'yes' ? 'after' : null
    },
    describe: ({ input, output }) => `${described(input)} → ${answered(output)}`,
  }
}

/** An answer in the words of the model, for `look` and for a `begin` that was not `fresh`. */
export function seenAs(state: KeyState): DedupeOutput {
  switch (state.state) {
    case 'free':
      return { answer: 'free' }
    case 'in_flight':
      return { answer: 'in_flight' }
    case 'unknown':
      return { answer: 'unknown', fence: state.fence }
    case 'done':
      return { answer: 'done', result: JSON.stringify(state.result) }
  }
}

function changesNothing({ answer }: DedupeOutput): boolean {
  return answer === 'no' || answer === 'in_flight' || answer === 'unknown' || answer === 'done'
}

function described(input: DedupeInput): string {
  const { call, ...rest } = input
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => (value === true ? name : `${name} ${String(value)}`))
  return [call, ...facts].join(' ')
}

function answered(output: DedupeOutput | null): string {
  if (output === null) return 'no answer'
  if (output.answer === 'fresh') return `fresh, token ${output.token}, fence ${output.fence}`
  if (output.answer === 'unknown') return `unknown, fence ${output.fence}`
  return output.answer === 'done' ? `done, result ${output.result}` : output.answer
}
