/** Asks what is at a path, where a folder, or a path beneath an object, is no object. */
import type { Metadata, Operator } from 'opendal'
import { isKind } from '@flowport/capabilities'
import { native } from './native.ts'
import type { Place } from './place.ts'

/** The metadata of a path, or `null` when no object is there. A folder is not an object. */
export async function statOf(
  operator: Operator,
  path: string,
  where: Place,
  signal: AbortSignal | undefined,
): Promise<Metadata | null> {
  try {
    const metadata = await native(() => operator.stat(path), where, signal)
    return metadata.isDirectory() ? null : metadata
  } catch (error) {
    // "a/b" where "a" is an object of a file system: there is nothing, and can be nothing.
    if (isKind(error, 'NotFound') || isBeneath(error)) return null
    throw error
  }
}

/** Whether a file system refused a path because of a file or folder at it or above it. */
export function isBeneath(error: unknown): boolean {
  return (
    isKind(error, 'Unsupported') &&
    error.cause instanceof Error &&
    /os error (?:20|21|39)\)$/.test(error.cause.message)
  )
}
