/** What a host decides for all its routes. */
import { lifeRule, numberFault } from '@flowport/capabilities'
import type { AnswerHeaders } from './answer-headers.ts'
import { checkCrossSite, type CrossSite } from './cross-site.ts'

export interface HandleOptions {
  /** Milliseconds a caller waits at most, where the route does not say. Default 30 000. */
  readonly deadlineMs?: number
  /** Headers that the answers of routes get. */
  readonly answerHeaders?: AnswerHeaders
  /**
   * What to do with a cross-site POST that no preflight precedes, where the route does not say: `'refuse'` it with 403,
   * `'allow'` it, or allow it from the origins of a list. Default `'refuse'`.
   */
  readonly crossSite?: CrossSite
}

/** @throws RangeError for a malformed deadline. Hosts call it once, when they start. */
export function checkHandleOptions({ deadlineMs = 30_000, crossSite }: HandleOptions): void {
  checkCrossSite(crossSite)
  const fault = numberFault(deadlineMs, lifeRule)
  if (fault !== null) throw new RangeError(`deadlineMs ${fault}`)
}
