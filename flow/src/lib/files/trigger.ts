/** The `trigger` of a flow file, made with the functions code makes triggers with. */
import type { Duration } from '../duration.ts'
import { type Fields, fieldsSchema } from '../nodes/fields.ts'
import { cron, http, manual, queue, type TriggerSpec } from '../trigger.ts'
import type { Findings } from './findings.ts'
import { didYouMean } from './nearest.ts'
import { Section } from './section.ts'
import type { Located } from './source.ts'

const kinds = ['manual', 'http', 'queue', 'cron'] as const
const methods = ['GET', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH'] as const

/** The keys of each kind beside its own. */
const options = {
  http: ['status', 'deadline', 'idempotency'],
  queue: ['maxAttempts', 'backoff', 'concurrency', 'deadline'],
  cron: ['timeZone', 'deadline'],
} as const

/** What a schedule's message holds. */
export const cronFields: Fields = new Map([
  ['scheduledAt', { type: 'string' }],
  ['cron', { type: 'string' }],
])

/** The kind of trigger, told before its input is read. */
export function triggerKind(value: Located | undefined): (typeof kinds)[number] {
  return (value?.kind === 'map' ? kinds.find((kind) => value.entries.has(kind)) : undefined) ?? 'manual'
}

export function readTrigger(value: Located | undefined, fields: Fields, findings: Findings): TriggerSpec {
  const byHand = manual({ input: fieldsSchema<Record<string, unknown>>(fields, { others: 'drop' }) })
  if (value === undefined || (value.kind === 'scalar' && value.value === 'manual')) return byHand
  const section = Section.of(value, findings, 'the trigger')
  if (section === null) return byHand
  const kind = triggerKind(value)
  if (kind === 'manual') {
    const [given = ''] = section.entries().keys()
    const hint = 'write "manual", or a mapping with one of http, queue and cron'
    findings.add(
      'FILE004',
      section.at,
      `the trigger says not what starts the flow${didYouMean(given, kinds)}`,
      { hint },
    )
    return byHand
  }
  section.only([kind, ...options[kind]])
  const spec = section.text(kind)
  if (spec === undefined) return byHand
  try {
    return { http: httpTrigger, queue: queueTrigger, cron: cronTrigger }[kind](spec, section, fields)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    findings.add('FILE004', section.placeOf(kind), error.message)
    return byHand
  }
}

function httpTrigger(spec: string, section: Section, fields: Fields): TriggerSpec {
  const [, verb = '', path = ''] = /^([A-Z]+) +(\S+)$/.exec(spec) ?? []
  const method = methods.find((one) => one === verb)
  if (method === undefined)
    throw new TypeError(
      `"${spec}" is no route: write one of ${methods.join(', ')} and a path, as in GET /reports/:day`,
    )
  for (const [, name = ''] of path.matchAll(/:(\w+)/g)) {
    if (!fields.has(name))
      section.report(
        'FILE007',
        section.placeOf('http'),
        `the path has :${name}, but no input is called "${name}"`,
        `declare "${name}" under "input"`,
      )
  }
  const [status, keys] = [section.number('status'), section.text('idempotency')]
  const idempotency = (['required', 'optional', 'off'] as const).find((one) => one === keys)
  if (keys !== undefined && idempotency === undefined)
    throw new TypeError(`idempotency is "${keys}": use required, optional or off`)
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 299))
    throw new TypeError(`status is ${status}: use one from 200 to 299`)
  // Paths and queries bring text.
  const input = fieldsSchema<Record<string, unknown>>(fields, { others: 'drop', fromText: true })
  const common = {
    input,
    ...(status === undefined ? {} : { status }),
    ...(idempotency === undefined ? {} : { idempotency }),
    ...deadlineOf(section),
  }
  // One signature for all six: none of them has a body binding here.
  const make = http[method.toLowerCase() as Lowercase<typeof method>] as (
    path: string,
    options: typeof common,
  ) => TriggerSpec
  return make(path, common)
}

function queueTrigger(name: string, section: Section, fields: Fields): TriggerSpec {
  const [maxAttempts, concurrency] = [section.number('maxAttempts'), section.number('concurrency')]
  const backoff = section.duration('backoff')
  return queue(name, {
    input: fieldsSchema<Record<string, unknown>>(fields, { others: 'drop' }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(backoff === undefined ? {} : { backoff: backoff as Duration }),
    ...deadlineOf(section),
  })
}

function cronTrigger(expression: string, section: Section): TriggerSpec {
  const timeZone = section.text('timeZone')
  return cron(expression, { ...(timeZone === undefined ? {} : { timeZone }), ...deadlineOf(section) })
}

function deadlineOf(section: Section): { readonly deadline?: Duration } {
  const deadline = section.duration('deadline')
  return deadline === undefined ? {} : { deadline: deadline as Duration }
}
