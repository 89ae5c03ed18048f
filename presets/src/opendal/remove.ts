/** Deletes one path. */
import type { Operator } from 'opendal'
import { isKind } from '@flowport/capabilities'
import { overTries } from './applied.ts'
import { native } from './native.ts'
import type { Place } from './place.ts'
import { isBeneath } from './stat.ts'

/** Removes what is at the path; what is absent, or a folder with something in it, is left as it is without an error. */
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
