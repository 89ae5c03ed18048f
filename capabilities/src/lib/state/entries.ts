/** Entries between callers and drivers: keys checked, values as JSON, stored values validated. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { CapabilityError } from '../error.ts'
import { fromJsonText, toJsonText } from '../json-text.ts'
import { checkKey, checkSize, utf8Length } from '../limits.ts'
import { at, type Seat } from './place.ts'

export function checkEntryKey({ driver, pipeline }: Seat, operation: string, key: string): void {
  checkKey(key, driver.info.limits.maxKeyBytes, pipeline.capability, operation)
}

/** The JSON text of a value, within the limits; `LimitExceeded` past them. */
export function entryText(seat: Seat, operation: string, key: string, value: unknown): string {
  checkEntryKey(seat, operation, key)
  const where = at(seat, operation, key)
  const text = toJsonText(value, 'value', where)
  const { maxValueBytes, maxEntryBytes } = seat.driver.info.limits
  if (text.length * 3 > maxValueBytes) checkSize(utf8Length(text), maxValueBytes, 'value', where)
  if ((text.length + key.length) * 3 > maxEntryBytes)
    checkSize(utf8Length(text) + utf8Length(key), maxEntryBytes, 'entry', where)
  return text
}

/** The stored value; `Corrupt` when it is not JSON, or does not fit the schema. */
export async function entryValue(
  seat: Seat,
  operation: string,
  key: string,
  text: string,
  schema: StandardSchemaV1 | undefined,
): Promise<unknown> {
  const where = at(seat, operation, key)
  const value = fromJsonText(text, 'value', where)
  if (schema === undefined) return value
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  throw new CapabilityError(
    'Corrupt',
    `the stored value does not fit the schema: ${result.issues[0]?.message}`,
    where,
  )
}
