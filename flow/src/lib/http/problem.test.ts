import { CapabilityError } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { RunError } from '../runtime/errors.ts'
import { unknownKey } from '../runtime/unknown-key.ts'
import { toProblem } from './problem.ts'

const failed = (cause: unknown) =>
  toProblem(new RunError('NodeFailed', 'failed', { flow: 'f', node: 'charge', cause }))

describe('an error of the ledger, over HTTP', () => {
  it('is a 409 without Retry-After for an unknown key: asking again changes nothing', () => {
    const { status, code, headers } = failed(unknownKey('f/charge:a'))
    expect({ status, code, headers }).toEqual({ status: 409, code: 'IDEM_UNKNOWN', headers: {} })
  })

  it.each(['IDEM_FENCED', 'IDEM_LEASE_LOST', 'IDEM_TAKEN', 'IDEM_RESULT_LOST'])('is a 409 for %s', (code) => {
    expect(failed(new CapabilityError('Unexpected', 'x', { code }))).toMatchObject({ status: 409, code })
  })

  it('is a 409 with Retry-After for a key in flight', () => {
    const busy = new CapabilityError('Unavailable', 'x', { code: 'IDEM_IN_FLIGHT', retryAfterMs: 1_500 })
    expect(failed(busy)).toMatchObject({ status: 409, headers: { 'retry-after': '2' } })
  })
})
