/**
 * Proves, before a ledger opens, that an endpoint honours conditional writes. Some that speak S3 take the headers
 * and ignore them; a ledger there would let every caller through.
 */
import { CapabilityError, type DriverCall } from '@flowport/capabilities'
import type { LedgerRecords } from './records.ts'

/** Rejects with `Misconfigured` when the endpoint breaks what it is asked to keep. Leaves nothing behind. */
export async function proveConditionalWrites(records: LedgerRecords, call: DriverCall = {}): Promise<void> {
  const objectKey = await records.objectKey(`proof ${crypto.randomUUID()}`)
  const record = {
    state: 'free',
    token: 'proof',
    fingerprint: '',
    result: 'null',
    lifeMs: 1000,
    started: false,
    fence: 0,
  } as const
  try {
    const created = await Promise.all(
      Array.from({ length: racers }, () => records.put(objectKey, record, { ifNoneMatch: '*' }, call)),
    )
    const winners = created.filter(Boolean).length
    if (winners !== 1) throw broken(`${winners} of ${racers} writers at once created one object`)
    const first = await records.get(objectKey, call)
    if (first === null) throw broken('an object just written is not there')
    const replaced = await Promise.all(
      Array.from({ length: racers }, () => records.put(objectKey, record, { ifMatch: first.etag }, call)),
    )
    const successors = replaced.filter(Boolean).length
    if (successors !== 1) throw broken(`${successors} of ${racers} writers at once replaced one version`)
    const second = await records.get(objectKey, call)
    if (second === null || second.etag === first.etag) throw broken('a version just replaced is still shown')
    await records.delete(objectKey, call)
    if (await records.put(objectKey, record, { ifMatch: second.etag }, call))
      throw broken('a version that is gone was replaced')
  } finally {
    await records.delete(objectKey, {})
  }
}

function broken(seen: string): CapabilityError {
  return new CapabilityError(
    'Misconfigured',
    `preset "s3": the endpoint does not keep conditional writes, which dedupe stands on: ${seen}. Name its provider if it has one, or use another store for dedupe, such as "sqlite" or "durable-dedupe"`,
    { code: 'S3_CONDITIONAL_WRITES' },
  )
}

const racers = 8
