/** Values of Arrow, in which the engine answers, as the values of the `Database` contract, with the engine's type names. */
import { CapabilityError, type DbValue } from '@flowport/capabilities'
import type { ArrowField, ArrowType } from './module.ts'

export type Numbers = 'exact' | 'plain'

/** Reads the values of one column. */
export type Convert = (value: unknown) => DbValue

// Numbers of the Arrow format: https://github.com/apache/arrow/blob/main/format/Schema.fbs
const arrow = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  interval: 11,
  list: 12,
  struct: 13,
  fixedBinary: 15,
  fixedList: 16,
  map: 17,
  dictionary: -1,
} as const

/** What makes values of a column. A type that has no value here is `Unsupported`, with advice. */
export function converter(field: ArrowField, numbers: Numbers): Convert {
  const convert = nonNull(field, numbers)
  return (value) => (value === null || value === undefined ? null : convert(value))
}

function nonNull(field: ArrowField, numbers: Numbers): Convert {
  const { type } = field
  const children = type.children ?? []
  switch (type.typeId) {
    case arrow.null:
      return () => null
    case arrow.int:
      return type.bitWidth === 64 ? (value) => integer(value as bigint, field, numbers) : plain
    case arrow.float:
    case arrow.bool:
      return plain
    case arrow.utf8:
    case arrow.dictionary:
      return String
    case arrow.binary:
    case arrow.fixedBinary:
      return (value) => Uint8Array.from(value as Uint8Array)
    case arrow.decimal:
      return (value) => decimal(wideInteger(value as ArrayLike<number>), field, numbers)
    case arrow.date:
    case arrow.timestamp:
      return (value) => (value instanceof Date ? new Date(value) : new Date(Math.floor(Number(value))))
    case arrow.time:
      return (value) => timeText(Number(value) * microsecondsPer(type))
    case arrow.list:
    case arrow.fixedList: {
      const convert = converter(children[0] ?? field, numbers)
      return (value) => Array.from(value as Iterable<unknown>, convert)
    }
    case arrow.struct:
      return structConverter(children, numbers)
    case arrow.map: {
      const [key, value] = children[0]?.type.children ?? []
      const convert = structConverter(
        [key, value].filter((child) => child !== undefined),
        numbers,
      )
      return (entries) =>
        Array.from(entries as Iterable<readonly [unknown, unknown]>, ([key, value]) =>
          convert({ key, value }),
        )
    }
    default:
      throw new CapabilityError(
        'Unsupported',
        `the column "${field.name}" is of the type ${typeName(type)}, which has no value here; cast it to VARCHAR`,
      )
  }
}

function structConverter(children: readonly ArrowField[], numbers: Numbers): Convert {
  const fields = children.map((child) => [child.name, converter(child, numbers)] as const)
  return (value) => {
    const struct = value as Readonly<Record<string, unknown>>
    return Object.fromEntries(fields.map(([name, convert]) => [name, convert(struct[name])]))
  }
}

function plain(value: unknown): DbValue {
  return value as number | boolean
}

function integer(value: bigint, { name }: ArrowField, numbers: Numbers): bigint | number {
  if (numbers === 'exact') return value
  if (Number.isSafeInteger(Number(value))) return Number(value)
  throw new CapabilityError(
    'LimitExceeded',
    `the column "${name}" holds ${value}, which no number holds exactly; cast it to VARCHAR, or open with numbers: 'exact'`,
  )
}

function decimal(value: bigint, field: ArrowField, numbers: Numbers): DbValue {
  const scale = field.type.scale ?? 0
  if (scale === 0) return integer(value, field, numbers)
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const text = `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  return numbers === 'exact' ? text : Number(text)
}

/** Of 32-bit words, the lowest first, in two's complement. */
function wideInteger(words: ArrayLike<number>): bigint {
  let value = 0n
  for (let index = words.length - 1; index >= 0; index--)
    value = (value << 32n) | BigInt((words[index] ?? 0) >>> 0)
  return BigInt.asIntN(words.length * 32, value)
}

/** Of seconds, milliseconds, microseconds, nanoseconds: the units of Arrow in their order. */
function microsecondsPer({ unit }: ArrowType): number {
  return [1e6, 1e3, 1, 1e-3][unit ?? 2] ?? 1
}

function timeText(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1e6)
  const rest = Math.floor(microseconds % 1e6)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const fraction =
    rest === 0
      ? ''
      : `.${String(rest)
          .padStart(6, '0')
          .replace(/(?<!0)0+$/, '')}`
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${fraction}`
}

/** The engine's name of a type. What Arrow does not keep apart has one name: HUGEINT, VARCHAR, BLOB, ENUM. */
export function typeName(type: ArrowType): string {
  const children = type.children ?? []
  switch (type.typeId) {
    case arrow.null:
      return '"NULL"'
    case arrow.int:
      return `${type.isSigned === false ? 'U' : ''}${intNames[type.bitWidth ?? 0] ?? 'BIGINT'}`
    case arrow.float:
      return type.precision === 2 ? 'DOUBLE' : 'FLOAT'
    case arrow.binary:
    case arrow.fixedBinary:
      return 'BLOB'
    case arrow.utf8:
      return 'VARCHAR'
    case arrow.bool:
      return 'BOOLEAN'
    case arrow.decimal:
      if (type.precision === 38 && type.scale === 0) return 'HUGEINT'
      return `DECIMAL(${type.precision},${type.scale})`
    case arrow.date:
      return 'DATE'
    case arrow.time:
      return 'TIME'
    case arrow.timestamp:
      if (type.timezone) return 'TIMESTAMP WITH TIME ZONE'
      return ['TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP', 'TIMESTAMP_NS'][type.unit ?? 2] ?? 'TIMESTAMP'
    case arrow.interval:
      return 'INTERVAL'
    case arrow.list:
    case arrow.fixedList:
      return `${children[0] === undefined ? '"NULL"' : typeName(children[0].type)}[]`
    case arrow.struct:
      return `STRUCT(${children.map((child) => `${child.name} ${typeName(child.type)}`).join(', ')})`
    case arrow.map: {
      const [key, value] = children[0]?.type.children ?? []
      return `MAP(${key ? typeName(key.type) : '"NULL"'}, ${value ? typeName(value.type) : '"NULL"'})`
    }
    case arrow.dictionary:
      return 'ENUM'
    default:
      return 'UNKNOWN'
  }
}

export function hasDictionary(type: ArrowType): boolean {
  return type.typeId === arrow.dictionary || (type.children ?? []).some((child) => hasDictionary(child.type))
}

const intNames: Readonly<Record<number, string>> = {
  8: 'TINYINT',
  16: 'SMALLINT',
  32: 'INTEGER',
  64: 'BIGINT',
}
