/** The option `cacheTtlSeconds` of reads, checked before it reaches a driver. */
import { checkArgument, lifeSecondsRule } from '../numbers.ts'

type Where = Parameters<typeof checkArgument>[3]

/** `InvalidInput` for a time that is no time; absent is fine. */
export function checkCacheTtl(seconds: number | undefined, where: Where): void {
  if (seconds !== undefined) checkArgument('cacheTtlSeconds', seconds, lifeSecondsRule, where)
}
