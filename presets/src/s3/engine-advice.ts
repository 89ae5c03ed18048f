/** Gives errors of the engine `opendal` the kinds that `S3BlobDriver` gives them. */
import { type BlobDriver, CapabilityError, isCapabilityError, isKind } from '@flowport/capabilities'
import type { S3Client } from './client.ts'
import { errorOfCode } from './translate-error.ts'

/**
 * The driver with reasons for refused reads. OpenDAL sends `HEAD` before it reads, and answers to `HEAD` name no reason: where a
 * `get` is refused, `client` asks again with `GET`.
 * @param root Put in front of every key; ends in a slash, or is empty.
 */
export function withReasons(driver: BlobDriver, client: S3Client, root: string): BlobDriver {
  return {
    ...driver,
    async get(key, get) {
      try {
        return await driver.get(key, get)
      } catch (error) {
        throw await reasonFor(error, client, root + key, get.signal)
      }
    },
  }
}

/** The error by S3's code, where OpenDAL passed the code on under another kind. */
export function asS3(error: unknown): unknown {
  if (!isCapabilityError(error)) return error
  const { serviceCode, status } = error.details ?? {}
  if (typeof serviceCode !== 'string' || typeof status !== 'number') return error
  const told = errorOfCode(serviceCode, status)
  if (told === null || told.kind === error.kind) return error
  const { applied, capability, operation, key, retryAfterMs, cause, details } = error
  return new CapabilityError(told.kind, told.reason, {
    applied,
    capability,
    operation,
    key,
    retryAfterMs,
    cause,
    retryable: told.retryable,
    details: { ...details, s3: serviceCode },
  })
}

/** Asks for the reason of a refusal: in an answer to `HEAD`, a wrong secret and missing rights look alike. */
async function reasonFor(
  error: unknown,
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  if (!isKind(error, 'PermissionDenied') || error.details?.['serviceCode'] !== undefined) return error
  try {
    await client.sendForHeaders({ method: 'GET', key, headers: { range: 'bytes=0-0' }, signal })
    return error
  } catch (reason) {
    return isKind(reason, 'Unauthenticated', 'Misconfigured') ? reason : error
  }
}
