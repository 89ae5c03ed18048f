/** URLs that the service signs, which work as they are. */
import type { Operator } from 'opendal'
import { type BlobPresignOptions, CapabilityError } from '@flowport/capabilities'
import { native, toPlace } from './native.ts'
import type { Place } from './place.ts'

export async function presignedUrl(
  operator: Operator,
  path: string,
  { method, expiresInSeconds, signal }: BlobPresignOptions,
  where: Place,
): Promise<URL> {
  // OpenDAL takes anything here; signatures of more than a week are refused by the services.
  if (!Number.isSafeInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > 604_800) {
    const reason = 'expiresInSeconds must be a whole number from 1 to 604800'
    throw new CapabilityError('InvalidInput', reason, toPlace(where))
  }
  const { url, headers } = await native(
    () =>
      method === 'get'
        ? operator.presignRead(path, expiresInSeconds)
        : operator.presignWrite(path, expiresInSeconds),
    where,
    signal,
  )
  const needed = Object.keys(headers).filter((name) => name.toLowerCase() !== 'host')
  if (needed.length === 0) return new URL(url)
  const reason = `the URL would work only with headers of its own: ${needed.join(', ')}`
  throw new CapabilityError('Unsupported', reason, toPlace(where))
}
