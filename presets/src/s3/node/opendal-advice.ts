/** Errors of the engine `opendal`, told as the driver of this package tells them. */
import { type BlobDriver, CapabilityError, isCapabilityError, isKind } from '@flowport/capabilities'
import { advisedBlobDriver } from '../../object-http/advised-blob-driver.ts'
import type { S3Client } from '../client.ts'
import { errorOfCode } from '../translate-error.ts'

/**
 * The driver with the error kinds of `S3BlobDriver`. OpenDAL asks for an object with `HEAD` before it reads it, and answers to
 * `HEAD` name no reason: where a `get` is refused, `client` asks again for the reason.
 * @param root Put in front of every key; ends in a slash, or is empty.
 */
export function advisedEngine(driver: BlobDriver, client: S3Client, root: string): BlobDriver {
  const advised = advisedBlobDriver(driver, { error: asS3, unsure: ['get'] })
  return {
    ...advised,
    async get(key, get) {
      try {
        return await advised.get(key, get)
      } catch (error) {
        throw await reasonFor(error, client, root + key, get.signal)
      }
    },
  }
}

/** The error as S3's code has it, where OpenDAL passed the code on and took it for something else. */
function asS3(error: unknown): unknown {
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

/** Why the store refuses to say anything of an object: a wrong secret and missing rights look alike in an answer to `HEAD`. */
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
