/** The argument checks of blob calls: ranges, conditions, content types, metadata, list options. */
import { CapabilityError } from '../error.ts'
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import { checkSize, utf8Length } from '../limits.ts'
import type { BlobPutOptions, ByteRange } from './contract.ts'

/** Where a call happens, for its errors. */
export interface Place {
  readonly capability: string
  readonly operation: string
  readonly key?: string
}

/** Refuses a range that is no range, or any range where the store has none. */
export function checkRange(
  range: ByteRange | undefined,
  { provider, features }: BlobCapabilityInfo,
  where: Place,
): void {
  if (range === undefined) return
  const fits =
    'suffix' in range
      ? isCount(range.suffix) && range.suffix > 0 && !('offset' in range)
      : isCount(range.offset) && (range.length === undefined || isCount(range.length))
  if (!fits) {
    throw new CapabilityError(
      'InvalidInput',
      'a range is { offset, length? } or { suffix }, in non-negative integers, with suffix above 0',
      where,
    )
  }
  if (!features.ranges)
    throw new CapabilityError('Unsupported', `${provider} reads whole objects only`, where)
}

/** Refuses conditions the store cannot keep atomically, and such that contradict each other. */
export function checkConditions(
  { ifMatch, ifNoneMatch }: BlobPutOptions,
  { provider, features }: BlobCapabilityInfo,
  where: Place,
): void {
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw new CapabilityError('InvalidInput', 'give ifMatch or ifNoneMatch, not both', where)
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== '*') throw new CapabilityError('InvalidInput', 'ifNoneMatch can only be "*"', where)
    if (!features.createOnly)
      throw new CapabilityError('Unsupported', `${provider} has no create-only put`, where)
  }
  checkEtag(ifMatch, where)
  if (ifMatch !== undefined && !features.compareAndSwap) {
    throw new CapabilityError('Unsupported', `${provider} cannot replace one version only`, where)
  }
}

/** Refuses what no `BlobObject.etag` can be. */
export function checkEtag(etag: string | undefined, where: Place): void {
  if (etag === undefined || (typeof etag === 'string' && etag !== '*' && /^[\x21\x23-\x7e]+$/.test(etag)))
    return
  throw new CapabilityError('InvalidInput', 'ifMatch must be the etag of an object, without quotes', where)
}

/** The content type to store: the option's, else the body's own where the store keeps one. */
export function contentTypeOf(
  given: string | undefined,
  own: string,
  { provider, features }: BlobCapabilityInfo,
  where: Place,
): string | null {
  if (given === undefined) return features.contentType && own !== '' ? own : null
  if (typeof given !== 'string' || !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(given)) {
    throw new CapabilityError(
      'InvalidInput',
      'a content type is printable ASCII, such as "text/plain"',
      where,
    )
  }
  if (!features.contentType)
    throw new CapabilityError('Unsupported', `${provider} keeps no content type`, where)
  return given
}

/** The metadata to store, names in lower case. */
export function metadataOf(
  given: Readonly<Record<string, string>> | undefined,
  { provider, features, limits }: BlobCapabilityInfo,
  where: Place,
): Readonly<Record<string, string>> {
  const entries = Object.entries(given ?? {})
  if (entries.length === 0) return {}
  if (!features.metadata) throw new CapabilityError('Unsupported', `${provider} keeps no metadata`, where)
  const metadata = new Map<string, string>()
  let bytes = 0
  for (const [name, value] of entries) {
    const kept = name.toLowerCase()
    if (!/^[a-z0-9-]+$/.test(kept) || metadata.has(kept)) {
      throw new CapabilityError(
        'InvalidInput',
        `a metadata name is letters, digits and "-", once: ${name}`,
        where,
      )
    }
    if (typeof value !== 'string' || !isPrintable(value)) {
      throw new CapabilityError(
        'InvalidInput',
        `a metadata value is printable text without space at its ends: ${name}`,
        where,
      )
    }
    metadata.set(kept, value)
    bytes += kept.length + utf8Length(value)
  }
  checkSize(bytes, limits.maxMetadataBytes, 'metadata', where)
  return Object.fromEntries(metadata)
}

/** Whether any key can start with the prefix; asking a store that resolves paths for another could leave its root. */
export function isKeyPrefix(prefix: string): boolean {
  if (prefix.includes('\\') || prefix.includes('\0') || !prefix.isWellFormed()) return false
  return prefix
    .split('/')
    .slice(0, -1)
    .every((part) => part !== '' && part !== '.' && part !== '..')
}

/** Whether it is a whole number from 0 on. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isPrintable(text: string): boolean {
  return text.isWellFormed() && text.trim() === text && !/\p{Cc}/u.test(text)
}
