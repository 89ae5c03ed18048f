/**
 * Cron expressions that every host reads alike. Cloudflare counts weekdays from 1 for Sunday, other crons from 0 or have
 * Monday as 1; some join a day of the month and a weekday by "or", some by "and"; few share `L`, `W`, `#`, `?`. All of that
 * is refused here, when the flow is declared. Cloudflare's syntax:
 * https://developers.cloudflare.com/workers/configuration/cron-triggers/
 */

interface Field {
  readonly title: string
  readonly min: number
  readonly max: number
  /** Names in place of numbers, from `min` on. */
  readonly names?: readonly string[]
  /** Numbers mean different days on different hosts. */
  readonly namesOnly?: true
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

const fields: readonly Field[] = [
  { title: 'minute', min: 0, max: 59 },
  { title: 'hour', min: 0, max: 23 },
  { title: 'day of the month', min: 1, max: 31 },
  { title: 'month', min: 1, max: 12, names: months },
  { title: 'weekday', min: 0, max: 6, names: weekdays, namesOnly: true },
]

/** The expression with single spaces and in upper case. One that hosts do not read alike is a `TypeError`. */
export function parseCron(expression: string): string {
  const normal = normalCron(expression)
  const parts = normal.split(' ')
  if (parts.length !== fields.length) {
    const advice = normal.startsWith('@') ? ': write the five fields instead of a nickname' : ''
    return refuse(expression, `it must have five fields (minute hour day month weekday)${advice}`)
  }
  for (const [position, field] of fields.entries()) {
    for (const item of (parts[position] ?? '').split(',')) checkItem(expression, item, field)
  }
  if (parts[2] !== '*' && parts[4] !== '*') {
    refuse(expression, 'hosts differ on a day of the month together with a weekday: leave one of them "*"')
  }
  return normal
}

/** With single spaces and in upper case, whatever it says: two texts of one expression become equal. */
export function normalCron(expression: string): string {
  return expression.trim().replaceAll(/\s+/g, ' ').toUpperCase()
}

function checkItem(expression: string, item: string, field: Field): void {
  const [range = '', step, ...more] = item.split('/')
  const [first = '', last, ...others] = range.split('-')
  if (more.length > 0 || others.length > 0) refuse(expression, `"${item}" is no ${field.title}`)
  const from = first === '*' && last === undefined ? field.min : valueOf(expression, first, field)
  const to = last === undefined ? from : valueOf(expression, last, field)
  if (to < from) refuse(expression, `the range "${range}" of the ${field.title} ends before it begins`)
  if (step === undefined) return
  const isRange = range === '*' || last !== undefined
  if (!isRange)
    refuse(expression, `"${item}": hosts differ on a step from one value: write a range, or "*/${step}"`)
  if (!/^\d+$/.test(step) || Number(step) < 1 || Number(step) > field.max) {
    refuse(expression, `the step of "${item}" must be from 1 to ${field.max}`)
  }
}

function valueOf(expression: string, text: string, { title, min, max, names, namesOnly }: Field): number {
  const named = names?.indexOf(text) ?? -1
  if (named >= 0) return min + named
  if (namesOnly === true && /^\d+$/.test(text)) {
    return refuse(
      expression,
      'hosts count weekdays differently: name them, SUN MON TUE WED THU FRI SAT, instead of numbers',
    )
  }
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  const allowed =
    namesOnly === true ? 'SUN to SAT' : `${min} to ${max}${names === undefined ? '' : ' or a name'}`
  return refuse(
    expression,
    `"${text}" is no ${title}: use ${allowed}, "*", and ranges, lists and steps of these`,
  )
}

function refuse(expression: string, why: string): never {
  throw new TypeError(`"${expression}" is not a portable cron expression: ${why}`)
}
