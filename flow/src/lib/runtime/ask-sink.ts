/** Asks the sink whether an effect was made whose outcome nobody recorded. Anything but a clear answer is `'unknown'`. */
import type { Logger } from '@flowport/capabilities'
import type { UnknownAnswer } from '../idempotency.ts'

/** Never throws: a question that fails leaves the outcome unknown. */
export async function askSink(ask: () => unknown, key: string, log: Logger): Promise<UnknownAnswer<unknown>> {
  let answer: unknown
  try {
    answer = await ask()
  } catch (error) {
    log.warn({ key, err: error }, 'the sink could not be asked whether an effect was made')
    return 'unknown'
  }
  if (answer === 'unknown') return answer
  if (typeof answer === 'object' && answer !== null) {
    if ('done' in answer) return { done: answer.done }
    if ('notDone' in answer && (answer.notDone === 'fenced' || answer.notDone === 'closed'))
      return { notDone: answer.notDone }
  }
  log.error(
    { key },
    "idempotency.unknown answered none of { done }, { notDone: 'fenced' | 'closed' } and 'unknown'; the key stays unknown",
  )
  return 'unknown'
}
