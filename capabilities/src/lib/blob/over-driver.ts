/** What the portable type does with a driver's other calls where the driver has none of its own for it. */
import { beforeApplying } from '../applied.ts'
import { CapabilityError } from '../error.ts'
import type { Place } from './checks.ts'
import type { BlobObject } from './contract.ts'
import type { BlobDriver, BlobDriverGet, OpenedBlob } from './driver.ts'
import { PortableBlobHandle } from './handle.ts'

/** A range of no bytes, which providers cannot express. */
export async function openNothing(
  driver: BlobDriver,
  key: string,
  { ifMatch, signal }: BlobDriverGet,
  offset: number,
): Promise<OpenedBlob | null> {
  const object = await driver.head(key, { signal })
  if (object === null) return null
  if (ifMatch !== undefined && object.etag !== ifMatch) {
    throw new CapabilityError('ConditionNotMatch', 'the object has another version; read it again')
  }
  if (offset >= object.size) {
    throw new CapabilityError(
      'RangeNotSatisfied',
      `the range starts at ${offset}, the object has ${object.size} bytes`,
    )
  }
  return { object, start: offset, end: offset, body: new Uint8Array(0) }
}

/** Copies through the caller: reads and writes at the same pace, holding no more than a chunk. */
export async function copyThrough(
  driver: BlobDriver,
  from: string,
  to: string,
  where: Place,
  signal: AbortSignal | undefined,
): Promise<BlobObject | null> {
  const opened = await beforeApplying(() => driver.get(from, { signal }))
  if (opened === null) return null
  const { contentType, metadata, size } = opened.object
  const handle = new PortableBlobHandle(opened, where, signal)
  try {
    const body = opened.body instanceof Uint8Array ? opened.body : handle.stream()
    return await driver.put(to, body, { contentType, metadata, size, signal })
  } finally {
    await handle.cancel()
  }
}
