import { type CapabilityError, createQueue } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import type { QueueBinding } from './binding.ts'
import { CloudflareQueuesDriver } from './driver.ts'

/** A queue over a binding whose calls end as told, one after the other. */
function queueOf(...outcomes: readonly (string | null)[]) {
  const left = [...outcomes]
  const call = async () => {
    const message = left.shift() ?? null
    if (message !== null) throw new Error(message)
  }
  const binding: QueueBinding = { send: call, sendBatch: call }
  return createQueue(new CloudflareQueuesDriver(binding))
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('it must fail'),
    (error: unknown) => error as CapabilityError,
  )

describe('what a queue binding says of a message that failed', () => {
  it.each([
    ['Too Many Requests (10250)', 'RateLimited', 'no'],
    ['Storage limit exceeded (10251)', 'RateLimited', 'no'],
    ['Queue is paused (10252)', 'Unavailable', 'no'],
    ['message is too large (10204)', 'LimitExceeded', 'no'],
    ['Queue does not exist (10104)', 'Misconfigured', 'no'],
    ['Internal Server Error (15000)', 'Unavailable', 'unknown'],
    ['Network connection lost.', 'Unavailable', 'unknown'],
    ['something else', 'Unexpected', 'unknown'],
  ])('%s is %s and says %s', async (message, kind, applied) => {
    expect(await failure(queueOf(message).send('x'))).toMatchObject({ kind, applied })
  })

  it('says unknown when a part of a large batch was sent before the one that was refused', async () => {
    // Two of them fit into one call of the platform, three do not.
    const bodies = Array.from({ length: 3 }, () => 'x'.repeat(100_000))
    const refused = 'Too Many Requests (10250)'
    expect(await failure(queueOf(refused).sendBatch(bodies))).toMatchObject({ applied: 'no' })
    expect(await failure(queueOf(null, refused).sendBatch(bodies))).toMatchObject({
      applied: 'unknown',
    })
  })
})
