/** Parameters as the arguments of `EXECUTE`: the statement is prepared without them, and bound to them by the engine. */
import type { DbParameter } from '@flowport/capabilities'
import { quoted } from './tokens.ts'

/** The literal of one parameter, exact to the bit and of the type that a reader of the call expects. */
export function literal(value: DbParameter): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return textLiteral(value)
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'bigint') return `CAST('${value}' AS ${isInt64(value) ? 'BIGINT' : 'HUGEINT'})`
  if (typeof value === 'number') return numberLiteral(value)
  // Text of a date has no year beyond 9999; the function takes milliseconds since the epoch.
  if (value instanceof Date) return `epoch_ms(CAST('${value.getTime()}' AS BIGINT))`
  return blobLiteral(value)
}

function textLiteral(text: string): string {
  // A statement ends at NUL.
  return text.includes('\0') ? `decode(${blobLiteral(new TextEncoder().encode(text))})` : quoted(text)
}

function numberLiteral(value: number): string {
  if (Object.is(value, -0)) return `CAST('-0' AS DOUBLE)`
  if (Number.isSafeInteger(value))
    return `CAST('${value}' AS ${value === (value | 0) ? 'INTEGER' : 'BIGINT'})`
  return `CAST('${value}' AS DOUBLE)`
}

function blobLiteral(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += `\\x${byte.toString(16).padStart(2, '0')}`
  return `CAST('${text}' AS BLOB)`
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value
}
