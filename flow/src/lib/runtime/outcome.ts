/** How an attempt of a node with a key ended: not done, decided, or unknown. It counts every effect the attempt began. */
import { appliedByStatus, type Awaitable, isCapabilityError, operations } from '@flowport/capabilities'
import { HttpProblem } from '../http/http-problem.ts'
import { lostLease } from './lease.ts'

/**
 * `not done`: no effect began, or every one was refused; the key is free.
 * `decided`: every effect has ended and the node answers with a problem; the problem is the result.
 * `unknown`: an effect may have been made, and there is no result.
 */
export type Outcome = 'not done' | 'decided' | 'unknown'

export class Effects {
  readonly #begins: 'handler' | 'effect'
  #open = 0
  #made = 0
  #doubtful = 0
  #closed = false

  /** With `begins: 'handler'` the handler counts as one effect, beside those it makes. */
  constructor(begins: 'handler' | 'effect') {
    this.#begins = begins
  }

  /**
   * Counts an effect: as made, as refused (its error or the status of its response says that nothing was applied), or as
   * doubtful. Once the attempt has ended, its outcome stands, and no further effect of it is made.
   */
  async count<T>(effect: () => Awaitable<T>): Promise<T> {
    if (this.#closed) throw lostLease('the attempt that makes this effect has ended')
    this.#open++
    try {
      const result = await effect()
      if (!(result instanceof Response) || result.ok) this.#made++
      else if (appliedByStatus(result.status) === 'unknown') this.#doubtful++
      return result
    } catch (error) {
      if (isDecided(error)) this.#made++
      else if (!isRefusal(error)) this.#doubtful++
      throw error
    } finally {
      this.#open--
    }
  }

  /** Closes the attempt, whose handler threw `error`, with its outcome. */
  outcomeOf(error: unknown): Outcome {
    this.#closed = true
    if (this.#open > 0 || this.#doubtful > 0) return 'unknown'
    const isWhole = this.#begins === 'handler'
    if (isDecided(error)) return isWhole || this.#made > 0 ? 'decided' : 'not done'
    if (this.#made > 0) return 'unknown'
    return !isWhole || isRefusalOfAll(error) ? 'not done' : 'unknown'
  }
}

/** A problem the node decided on. 408, 425, 429 and 5xx ask to try again: they decide nothing. */
export function isDecided(error: unknown): error is HttpProblem {
  return error instanceof HttpProblem && error.status < 500 && !undecided.has(error.status)
}

const undecided = new Set([408, 425, 429])

/**
 * The handler says itself that it did nothing. The refusal of one call through a resource says that of this call alone:
 * before it, the handler may have made an effect that nobody counts, as with `fetch` or a client library.
 */
function isRefusalOfAll(error: unknown): boolean {
  return isCapabilityError(error) && error.applied === 'no' && error.capability === undefined
}

/** The write that failed was not made. A failed read says nothing about the effects beside it. */
function isRefusal(error: unknown): boolean {
  if (!isCapabilityError(error) || error.applied !== 'no') return false
  const domain = error.capability?.split(':', 1)[0] ?? ''
  if (!Object.hasOwn(operations, domain)) return true
  const table: Readonly<Record<string, { readonly effect: string }>> =
    operations[domain as keyof typeof operations]
  return table[error.operation ?? '']?.effect !== 'read'
}
