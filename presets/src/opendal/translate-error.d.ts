/** Makes a `CapabilityError` of whatever OpenDAL throws: kind, retries, and a text without secrets. The only place that reads it. */
import { CapabilityError } from '@flowport/capabilities'
import type { Place } from './place.ts'
/** What OpenDAL's text says, read apart. */
export interface OpenDalFailure {
  /** OpenDAL's own kind, such as `NotFound`; `null` when the text is not of its form. */
  readonly kind: string | null
  /** `persistent`: temporary, but OpenDAL has retried it already. */
  readonly flag: 'permanent' | 'temporary' | 'persistent' | null
  /** HTTP status of the service, where it answered. */
  readonly status: number | null
  /** The service's own code, such as `AccessDenied`. */
  readonly serviceCode: string | null
  /** Error number of the operating system. */
  readonly osError: number | null
  readonly retryAfterMs: number | null
  /** Without secrets. */
  readonly text: string
}
/** Anything thrown by an OpenDAL call, as a `CapabilityError` told at `where`. */
export declare function translateOpenDalError(error: unknown, where?: Place): CapabilityError
/** What OpenDAL said, redacted: the `cause` of a translated error. Without a stack, as its stack is only its text. */
export declare class OpenDalError extends Error {
  constructor(text: string)
}
/** Reads OpenDAL's text apart. The head is anchored: nothing a path or a service says can forge a kind. */
export declare function readFailure(error: unknown): OpenDalFailure
/** Why a file system refuses a key above or beneath another. */
export declare const keysArePaths =
  'the service keeps keys as paths: it cannot hold a key and another beneath it, such as "a" and "a/b"'
//# sourceMappingURL=translate-error.d.ts.map
