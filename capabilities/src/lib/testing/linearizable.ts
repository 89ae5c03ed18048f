/** Asserts the verdict over a recorded history. */
import { expect } from 'vitest'
import type { Verdict } from '../linearizability/check.ts'

/** Fails with the shortest history found that is not linearizable, or with why nothing could be said. */
export function expectLinearizable<I, O>(verdict: Verdict<I, O>): void {
  if (verdict.verdict !== 'linearizable') expect.fail(verdict.text)
}
