/** Whether a service can serve, for readiness checks. */
import type { Operator } from 'opendal'
import { isKind } from '@flowport/capabilities'
import { native } from './native.ts'
import type { Place } from './place.ts'
import { statOf } from './stat.ts'

/** Rejects when the service cannot be reached, or does not have what the operator is made of, such as its bucket. */
export async function checkService(
  operator: Operator,
  where: Place,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (operator.capability().list) {
    try {
      const lister = await native(() => operator.lister('', { limit: 1 }), where, signal)
      await native(() => lister.next(), where, signal)
      return
    } catch (error) {
      // Credentials may read without being allowed to list.
      if (!isKind(error, 'PermissionDenied')) throw error
    }
  }
  await statOf(operator, 'flowport-check', where, signal)
}
