/** Deletes one path. */
import type { Operator } from 'opendal'
import { isKind } from '@flowport/capabilities'
import { overTries } from './applied.ts'
import { native } from './native.ts'
import type { Place } from './place.ts'
import { isBeneath } from './stat.ts'

/** Removes the object or empty folder at the path. Does nothing when it is absent, or a folder with content. */
export async function removeObject(
  operator: Operator,
  path: string,
  where: Place,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await overTries(operator, 1, () => native(() => operator.delete(path), where, signal))
  } catch (error) {
    if (!isKind(error, 'NotFound') && !isBeneath(error)) throw error
  }
}
