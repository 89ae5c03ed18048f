/** A query's rows as an HTML table. */
import type { DbResult, DbValue } from '@flowport/capabilities'
import { h } from './dom.ts'

const most = 500

export function tableOf({ columns, rows }: DbResult): HTMLElement {
  if (columns.length === 0) return h('p', { class: 'quiet' }, 'Done.')
  const head = columns.map(({ name, type }) =>
    h('th', { scope: 'col', title: type, class: isNumeric(rows[0]?.[name] ?? null) ? 'number' : '' }, name),
  )
  const body = rows
    .slice(0, most)
    .map((row) => h('tr', {}, ...columns.map(({ name }) => cellOf(row[name] ?? null))))
  return h(
    'div',
    { class: 'scroll', tabIndex: 0, role: 'region', aria: { label: 'Result' } },
    h('table', {}, h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...body)),
    rows.length > most ? h('p', { class: 'quiet' }, `The first ${most} of ${rows.length} rows.`) : null,
  )
}

function cellOf(value: DbValue): HTMLElement {
  if (value === null) return h('td', { class: 'null' }, 'null')
  return h('td', isNumeric(value) ? { class: 'number' } : {}, textOf(value))
}

function isNumeric(value: DbValue): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}

export function textOf(value: DbValue): string {
  if (value === null) return ''
  if (value instanceof Date) return value.toISOString().replace('T00:00:00.000Z', '')
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`
  if (typeof value !== 'object') return String(value)
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
}
