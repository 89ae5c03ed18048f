/** The key and the fingerprint of one execution of a node: which request it is, and whether another one is the same. */
import { CapabilityError, utf8Length } from '@flowport/capabilities'
import canonicalize from 'canonicalize'
import { isBlobRef } from '../blob-ref.ts'
import type { Keyed } from '../idempotency.ts'
import { hexDigest } from '../hex-digest.ts'
import type { RunView } from './run-view.ts'

/** @throws CapabilityError `IDEM_KEY` for a key that is not a non-empty text. */
export function keyFrom(
  { keyOf, keyText }: Pick<Keyed, 'keyOf' | 'keyText'>,
  input: unknown,
  place: string,
  run: RunView,
): string {
  const key = keyOf(input, run)
  if ((typeof key === 'string' && key !== '') || typeof key === 'number') return String(key)
  const message = `the idempotency key of "${place}" (${keyText}) is not a non-empty text`
  throw new CapabilityError('InvalidInput', message, { code: 'IDEM_KEY' })
}

/** Longest name of a partition in UTF-8 bytes. */
const maxPartitionBytes = 512

/** @throws CapabilityError `IDEM_KEY` for what no partition is named. */
export function partitionFrom(
  { partitionOf, partitionText }: Pick<Keyed, 'partitionOf' | 'partitionText'>,
  input: unknown,
  place: string,
  run: RunView,
): string {
  const given = partitionOf?.(input, run)
  const partition = typeof given === 'number' ? String(given) : given
  const isName = typeof partition === 'string' && /^[^/\0]+$/.test(partition) && partition.isWellFormed()
  if (isName && utf8Length(partition) <= maxPartitionBytes) return partition
  const message = `the partition of "${place}" (${partitionText}) is not a text of 1 to ${maxPartitionBytes} bytes without "/"`
  throw new CapabilityError('InvalidInput', message, { code: 'IDEM_KEY' })
}

/** Short inputs stand for themselves; long ones are digested. Key order does not matter. */
export async function fingerprintOf(input: unknown, { digest: digestOf }: RunView): Promise<string> {
  let text: string | undefined
  try {
    text = canonicalize(holdsBlobRef(input) ? withoutVersions(input) : input)
  } catch (cause) {
    // JSON of a client can always be written: the flow has made this value.
    throw new CapabilityError('Unexpected', 'the input of a node with an idempotency key must be JSON', {
      code: 'IDEM_INPUT_NOT_JSON',
      cause,
    })
  }
  if (text === undefined || text.length <= 200) return text ?? 'undefined'
  return `sha-256:${await hexDigest(text, digestOf)}`
}

/** Most inputs hold none, and are not copied. */
function holdsBlobRef(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return false
  if (Array.isArray(input)) return input.some(holdsBlobRef)
  if (isBlobRef(input)) return true
  for (const key in input) if (holdsBlobRef((input as Readonly<Record<string, unknown>>)[key])) return true
  return false
}

/** An upload that is sent again is another version of its object, and the same request. */
function withoutVersions(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input
  if (Array.isArray(input)) return input.map(withoutVersions)
  if (isBlobRef(input)) return { ...input, etag: undefined, lastModified: undefined }
  if (Object.getPrototypeOf(input) !== Object.prototype) return input
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, withoutVersions(value)]))
}
