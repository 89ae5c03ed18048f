/** Whether a service can serve, for readiness checks. */
import type { Operator } from 'opendal'
import type { Place } from './place.ts'
/** Rejects when the service cannot be reached, or does not have what the operator is made of, such as its bucket. */
export declare function checkService(
  operator: Operator,
  where: Place,
  signal: AbortSignal | undefined,
): Promise<void>
//# sourceMappingURL=check.d.ts.map
