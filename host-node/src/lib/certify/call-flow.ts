/** Calls the flow until no other holder has its key, and returns how the last call ended. */
import { type AnyFlow, HttpProblem, RunError, type Runtime } from '@flowport/flow'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from './messages.ts'

/** Codes after which the caller should retry. */
const comeBack: ReadonlySet<string> = new Set(['IDEM_IN_FLIGHT', 'IDEM_STALE'])
const pauseMs = 100
/** Maximum number of items read from a stream. */
const maxItems = 10_000

export async function callFlow(
  runtime: Runtime,
  flow: AnyFlow,
  { input, patienceMs }: { readonly input: unknown; readonly patienceMs: number },
): Promise<Outcome> {
  const giveUpAt = performance.now() + patienceMs
  for (;;) {
    const outcome = await callOnce(runtime, flow, input)
    if (outcome.kind !== 'error' || !comeBack.has(outcome.text) || performance.now() > giveUpAt)
      return outcome
    await sleep(pauseMs)
  }
}

export async function callOnce(runtime: Runtime, flow: AnyFlow, input: unknown): Promise<Outcome> {
  try {
    const answer = await runtime.start(flow, input).answer
    return { kind: 'done', text: JSON.stringify(isStream(answer) ? await itemsOf(answer) : answer) ?? '' }
  } catch (error) {
    const cause = error instanceof RunError ? error.cause : error
    if (cause instanceof HttpProblem && cause.status < 500) return { kind: 'problem', text: cause.code }
    return { kind: 'error', text: codeOf(cause) ?? (error instanceof RunError ? error.code : 'INTERNAL') }
  }
}

function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined
  if ('code' in cause && typeof cause.code === 'string') return cause.code
  return 'kind' in cause && typeof cause.kind === 'string' ? cause.kind : undefined
}

export function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}

async function itemsOf(stream: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const items: unknown[] = []
  for await (const item of stream) {
    items.push(item)
    if (items.length === maxItems) break
  }
  return items
}
