import type { Place } from './place.ts'
/**
 * Resolves with the call's result. When the signal fires first, it rejects with `Cancelled` at once: OpenDAL goes on with
 * the call, and what comes of it is told to `onLate` and otherwise dropped.
 */
export declare function native<T>(
  call: () => Promise<T>,
  where: Place,
  signal: AbortSignal | undefined,
  onLate?: (outcome: PromiseSettledResult<T>) => void,
): Promise<T>
/** `where` as the shared helpers take it. */
export declare function toPlace({ capability, operation, key }: Place): {
  readonly capability: string
  readonly operation: string
  readonly key?: string
}
//# sourceMappingURL=native.d.ts.map
