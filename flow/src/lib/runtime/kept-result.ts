/** Results as the ledger keeps them, JSON, and what they were: whoever asks again gets what the first one got. */
import { CapabilityError } from '@flowport/capabilities'
import { asBlobRef, isBlobRef } from '../blob-ref.ts'
import { HttpProblem, type ProblemOptions } from '../http/http-problem.ts'
import { isReply, reply } from '../reply.ts'

/** Marks what JSON alone would not bring back. */
const mark = '$flowport.kept'

/** In place of a result that could not be kept. */
export const lostResult = { [mark]: 'lost' } as const

export function encodeResult(result: unknown): unknown {
  if (result === undefined) return { [mark]: 'nothing' }
  if (isBlobRef(result)) return { [mark]: 'blob', value: result }
  if (isReply(result)) {
    const { status, headers, body } = result
    return { [mark]: 'reply', status, headers, body: encodeResult(body) }
  }
  return isMarked(result) ? { [mark]: 'value', value: result } : result
}

/** The encoded result, with a digest of the caller it was made for. */
export function owned(owner: string, value: unknown): unknown {
  return { [mark]: 'owned', owner, value }
}

/** What `owned` put together; `null` for a result without an owner. */
export function ownedParts(kept: unknown): { readonly owner: unknown; readonly value: unknown } | null {
  return isMarked(kept) && kept[mark] === 'owned' ? { owner: kept['owner'], value: kept['value'] } : null
}

/** The problem a node decided on, as its result. */
export function encodeProblem({ status, code, title, detail, details, headers }: HttpProblem): unknown {
  return {
    [mark]: 'problem',
    problem: {
      status,
      code,
      title,
      headers,
      ...(detail === undefined ? {} : { detail }),
      ...(details === undefined ? {} : { details }),
    } satisfies ProblemOptions,
  }
}

/**
 * @throws HttpProblem when the node decided on a problem.
 * @throws CapabilityError `IDEM_RESULT_LOST` for a result that was too large to keep, or no JSON.
 */
export function decodeResult(kept: unknown): unknown {
  if (!isMarked(kept)) return kept
  switch (kept[mark]) {
    case 'nothing':
      return undefined
    case 'blob':
      return asBlobRef(kept['value'])
    case 'reply': {
      const { status, headers, body } = kept as unknown as {
        status: number
        headers: Record<string, string>
        body: unknown
      }
      return reply({ ...(status === 0 ? {} : { status }), headers, body: decodeResult(body) })
    }
    case 'problem':
      throw new HttpProblem(kept['problem'] as ProblemOptions)
    case 'value':
      return kept['value']
    default:
      throw new CapabilityError('Unexpected', 'this was done before, but its result could not be kept', {
        capability: 'dedupe',
        operation: 'begin',
        code: 'IDEM_RESULT_LOST',
        retryable: 'never',
      })
  }
}

function isMarked(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isBlobRef(value) && Object.hasOwn(value, mark)
}
