/** Rows of a SQL engine as JSON, so that they can be stored, sent and put into text. */
import { CapabilityError, type DbResult, type DbValue } from '@flowport/capabilities'
import type { JsonObject, JsonValue } from '@flowport/capabilities/storage'

export interface QueryRows {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly JsonObject[]
  readonly rowCount: number
}

/**
 * Integers beyond 2^53 and moments become text (digits, ISO 8601); numbers JSON does not have become `null`. Bytes are
 * `InvalidInput`: say in SQL how to write them.
 */
export function rowsJson({ columns, rows }: DbResult): QueryRows {
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonOf(value, name)])),
    ),
    rowCount: rows.length,
  }
}

function jsonOf(value: DbValue, column: string): JsonValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) {
    throw new CapabilityError(
      'InvalidInput',
      `the column "${column}" holds bytes, which JSON cannot: encode them in SQL, as with to_base64(${column})`,
      { capability: 'db', operation: 'query' },
    )
  }
  if (isList(value)) return value.map((item) => jsonOf(item, column))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonOf(inner, column)]))
}

function isList(value: DbValue & object): value is readonly DbValue[] {
  return Array.isArray(value)
}
