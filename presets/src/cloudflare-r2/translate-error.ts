/** Errors of the R2 binding as `CapabilityError`s. R2 writes its code at the end of the message. */
import {
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  isCapabilityError,
} from '@flowport/capabilities'

/** What the binding threw, as an error callers can branch on. */
export function translateError(error: unknown): unknown {
  if (isCapabilityError(error) || !(error instanceof Error)) return error
  const code = codeOf(error)
  if (code !== undefined) {
    const known = kinds[code]
    if (known === undefined) return error
    const [kind, reason, options] = known
    return new CapabilityError(kind, reason, { ...options, details: { r2: code }, cause: error })
  }
  if (/network connection lost|internal error|client disconnected/i.test(error.message)) {
    return new CapabilityError('Unavailable', 'the connection to R2 failed', { cause: error })
  }
  return error
}

/** Runs a driver's method with its errors translated. */
export async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw translateError(error)
  }
}

/** R2's own code, such as 10007; `undefined` for errors that have none. */
export function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  const match = /\((\d+)\)$/.exec(error.message)
  return match === null ? undefined : Number(match[1])
}

/** The range starts at or after the end. */
export const invalidRange = 10_039

type Known = readonly [ErrorKind, string, CapabilityErrorOptions?]

const failing: Known = ['Unavailable', 'R2 failed; try again later']
const rights: Known = [
  'PermissionDenied',
  'the Worker may not do this to the bucket; check the binding and bucket locks',
]
const parts: Known = [
  'Unavailable',
  'the multipart upload was ended or changed by somebody else; put the object again',
  { applied: 'no' },
]

/** https://developers.cloudflare.com/r2/api/error-codes/ */
const kinds: Readonly<Record<number, Known>> = {
  0: failing,
  10001: failing,
  10002: ['Unauthenticated', 'R2 does not accept the binding; deploy the Worker again'],
  10003: rights,
  10006: ['Misconfigured', 'the bucket of the binding does not exist; create it, or correct the binding'],
  10007: ['NotFound', 'there is no such object'],
  10011: ['Unexpected', 'R2 found a part too small; the driver is at fault', { applied: 'no' }],
  10012: ['LimitExceeded', 'the metadata is larger than R2 takes'],
  10013: failing,
  10014: ['InvalidInput', 'a checksum is 64 hexadecimal digits'],
  10020: ['InvalidInput', 'the key is one R2 does not take'],
  10022: ['InvalidInput', 'R2 lists 1 to 1000 objects at a time'],
  10024: parts,
  10025: parts,
  10031: ['ConditionNotMatch', 'the object has another version; read it again'],
  // Altered on its way, or not the body the checksum is of: the same call will tell.
  10037: [
    'Corrupt',
    'the bytes that arrived do not have the checksum given; nothing was stored',
    { applied: 'no' },
  ],
  [invalidRange]: ['RangeNotSatisfied', 'the range starts at or after the end of the object'],
  10042: rights,
  10043: failing,
  10048: ['Unexpected', 'R2 found parts of different sizes; the driver is at fault', { applied: 'no' }],
  10054: failing,
  // One write a second to the same key: https://developers.cloudflare.com/r2/platform/limits/
  10058: [
    'RateLimited',
    'R2 takes one write a second to the same key',
    { retryAfterMs: 1000, applied: 'no' },
  ],
  10069: rights,
  100100: ['LimitExceeded', 'the object is larger than R2 takes'],
}
