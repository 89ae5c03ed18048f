/** What the suites' cases about `applied` share: a refusal that says nothing was done, and a write whose answer is lost. */
import { expect } from 'vitest'
import { type CapabilityError, type ErrorKind, isCapabilityError } from '../error.ts'
import { refused, type Subject } from './conformance.ts'

/** Asserts that a call is refused with one of these kinds, and that its error says that nothing was applied. */
export async function refusedUnapplied(
  call: Promise<unknown>,
  ...kinds: readonly ErrorKind[]
): Promise<CapabilityError> {
  const error = await refused(call, ...kinds)
  expect(error.applied, `applied of "${error.message}"`).toBe('no')
  return error
}

/** Skips when the harness cannot lose the answers of the store. */
export function needsLostAnswers({ loseAnswers }: Subject): string | null {
  return loseAnswers === null ? 'the harness has no loseAnswers' : null
}

/**
 * Does `write` while the store's answers are lost. When it fails and `isApplied` finds it done, its error must not say that
 * it was not applied.
 */
export async function lostAnswer(
  { loseAnswers }: Subject,
  write: () => Promise<unknown>,
  isApplied: () => Promise<boolean>,
): Promise<void> {
  if (loseAnswers === null) return expect.fail('the harness has no loseAnswers')
  const failure = await loseAnswers(() =>
    write().then(
      () => null,
      (error: unknown) => ({ error }),
    ),
  )
  if (failure === null) return
  const { error } = failure
  if (!isCapabilityError(error)) return expect.fail(`expected a CapabilityError, got ${String(error)}`)
  if (error.applied === 'no')
    expect(await isApplied(), `"${error.message}" says that it was not applied`).toBe(false)
}
