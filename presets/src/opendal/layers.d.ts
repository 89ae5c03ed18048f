/** OpenDAL's own layers, with their options checked: some values abort the process, hang it, or mean something else. */
import type { Operator } from 'opendal'
import type { OpenDal } from './load.ts'
/** Makes an operator of another, over the same store. */
export type OpenDalLayer = (operator: Operator, opendal: OpenDal) => Operator
/**
 * Whether OpenDAL's own retries are below the operator. Its last error then says nothing of the tries before: a write may
 * have been applied by the first and refused by the second. A retry layer an app has put on an operator itself is not known.
 */
export declare function isRetrying(operator: Operator): boolean
/** The layer when the condition holds, else one that changes nothing. */
export declare function layerIf(condition: boolean, layer: OpenDalLayer): OpenDalLayer
export interface NativeRetryOptions {
  /** Tries after the first, 0 to 20. Default 3. */
  readonly maxRetries?: number
  /** First pause in milliseconds, 1 to 60 000. Default 200. */
  readonly minDelayMs?: number
  /** Longest pause in milliseconds, at least `minDelayMs`, at most 600 000. Default 5000. */
  readonly maxDelayMs?: number
  /** What each pause is longer than the one before, 1 to 10. Default 2. */
  readonly factor?: number
  /** Spreads the pauses. Default true. */
  readonly jitter?: boolean
}
/**
 * OpenDAL's retries, below everything else: they also go on with a read that was cut off. What fails in spite of them is
 * not retried again by a layer above. They know neither deadlines nor signals.
 */
export declare function nativeRetry({
  maxRetries,
  minDelayMs,
  maxDelayMs,
  factor,
  jitter,
}?: NativeRetryOptions): OpenDalLayer
/**
 * At most `calls` operations at once, 2 to 1024. An object being read counts as one for as long as its reader is open:
 * as many readers as calls, waiting for each other, would wait for ever. Keep it well above the streams open at once.
 */
export declare function nativeConcurrency(calls: number): OpenDalLayer
export interface NativeTimeoutOptions {
  /** Longest time a small call may take in milliseconds, 1 to 86 400 000. Default 60 000. */
  readonly timeoutMs?: number
  /** Longest time between two pieces of a transfer in milliseconds, 1 to 86 400 000. Default 30 000. */
  readonly ioTimeoutMs?: number
}
/** Ends calls of a service that keeps silent: without it, they wait for ever and hold the process. */
export declare function nativeTimeout({ timeoutMs, ioTimeoutMs }?: NativeTimeoutOptions): OpenDalLayer
/** The layers around the operator, outermost first. OpenDAL itself takes them innermost first. */
export declare function layered(
  operator: Operator,
  layers: readonly OpenDalLayer[],
  opendal: OpenDal,
): Operator
//# sourceMappingURL=layers.d.ts.map
