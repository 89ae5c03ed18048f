/** What OpenDAL's errors say of a write: by the service's answer, and by whether OpenDAL sent it more than once. */
import type { Operator } from 'opendal'
import { type Applied, type ErrorKind } from '@flowport/capabilities'
/** What is read from OpenDAL's text. */
export interface Failure {
  readonly flag: string | null
  readonly status: number | null
  readonly osError: number | null
}
/** What one failed try says of its write. `undefined` when the error's kind decides, as for a file system or a database. */
export declare function appliedOfFailure(
  { status, osError, flag }: Failure,
  kind: ErrorKind,
): Applied | undefined
/**
 * Runs a write of one or more paths on an operator. What fails says `unknown` where OpenDAL may have sent it more than once,
 * or may have done some of the paths.
 */
export declare function overTries<T>(operator: Operator, paths: number, run: () => Promise<T>): Promise<T>
//# sourceMappingURL=applied.d.ts.map
