/** The argument checks all portable types share: keys, sizes, page limits, bulk calls. */
import { CapabilityError } from './error.ts'

interface Place {
  readonly capability: string
  readonly operation: string
  readonly key?: string
}

/** Length of a text in UTF-8 bytes. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 2
      i += 1
    } else bytes += 2
  }
  return bytes
}

/**
 * Refuses a key no store may see: empty, `.` or `..`, holding NUL or a lone surrogate (`InvalidInput`), or longer than
 * `maxKeyBytes` (`LimitExceeded`).
 */
export function checkKey(key: string, maxKeyBytes: number, capability: string, operation: string): void {
  if (
    typeof key !== 'string' ||
    key === '' ||
    key === '.' ||
    key === '..' ||
    key.includes('\0') ||
    !key.isWellFormed()
  ) {
    throw new CapabilityError(
      'InvalidInput',
      'a key must be well-formed text, not empty, "." or "..", and free of NUL',
      {
        capability,
        operation,
        ...(typeof key === 'string' ? { key } : {}),
      },
    )
  }
  if (key.length * 3 > maxKeyBytes && utf8Length(key) > maxKeyBytes) {
    throw new CapabilityError(
      'LimitExceeded',
      `the key has ${utf8Length(key)} bytes, the limit is ${maxKeyBytes}`,
      {
        capability,
        operation,
        key,
        details: { limit: 'maxKeyBytes', max: maxKeyBytes },
      },
    )
  }
}

/**
 * Refuses a blob key with a segment `.`, `..` or empty, a leading or trailing slash included, or a backslash: such keys
 * leave their root on stores that resolve paths.
 */
export function checkBlobKey(key: string, maxKeyBytes: number, capability: string, operation: string): void {
  checkKey(key, maxKeyBytes, capability, operation)
  const bad =
    key.includes('\\') || key.split('/').some((part) => part === '' || part === '.' || part === '..')
  if (!bad) return
  throw new CapabilityError(
    'InvalidInput',
    'a blob key is a path of non-empty segments joined by "/"; ".", ".." and "\\" are not allowed',
    { capability, operation, key },
  )
}

/** Refuses what is larger than the store takes. */
export function checkSize(bytes: number, max: number, what: string, where: Place): void {
  if (bytes <= max) return
  throw new CapabilityError('LimitExceeded', `the ${what} has ${bytes} bytes, the limit is ${max}`, {
    ...where,
    details: { limit: what, max },
  })
}

/** The page size to ask for: `limit`, or the maximum. */
export function checkLimit(limit: number | undefined, max: number, where: Place): number {
  if (limit === undefined) return max
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit
  throw new CapabilityError('InvalidInput', `limit must be an integer from 1 to ${max}`, where)
}

/** `items` in slices of at most `size`, which may be `Infinity`. */
export function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[], void, void> {
  const step = Number.isFinite(size) ? size : items.length
  for (let start = 0; start < items.length; start += step) yield items.slice(start, start + step)
}
