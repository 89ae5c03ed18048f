/** How a call of a simulated process ended, as its client sees it. */
import { describeThrown, RunError } from '../runtime/errors.ts'
import { isDecided } from '../runtime/outcome.ts'

/** `answer`: the flow has done its work. `problem`: the flow decided against it. `error`: anything else, by its code. */
export type Reply =
  | { readonly kind: 'answer' | 'problem'; readonly text: string }
  | { readonly kind: 'error'; readonly code: string }

export function replyOfError(error: unknown): Reply {
  const cause = error instanceof RunError ? error.cause : error
  if (isDecided(cause)) return { kind: 'problem', text: `problem ${cause.status} ${cause.code}` }
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string')
    return { kind: 'error', code: cause.code }
  return { kind: 'error', code: describeThrown(error) }
}
