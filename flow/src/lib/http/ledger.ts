/**
 * `GET` and `POST /flowport/ledger`: an operator lists, shows and settles the unknown keys of the app's ledger, and erases the
 * recorded answers of a caller.
 */
import { type DedupeStore, isCapabilityError, isKind, type Logger } from '@flowport/capabilities'
import type { App } from '../app.ts'
import type { KeyOrAddress } from '../ledger/addresses.ts'
import { fromBase64url, listedJson, settledJson, shownJson } from '../ledger/ledger-json.ts'
import { type LedgerOperations, ledgerOperations } from '../ledger/ledger-operations.ts'
import type { Metadata } from '../node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { HttpCall, HttpOutcome } from './call.ts'
import { refuseCrossSite } from './cross-site.ts'
import { fieldsOf } from './fields.ts'
import { parseJson } from './json-text.ts'
import { HttpProblem } from './problem.ts'
import { eraseAnswers } from './recorded/erase.ts'
import { tooLarge, unsupported } from './refusals.ts'
import { checkCharset, decodeUtf8 } from './text.ts'

/** Below the mount point of the app. */
export const ledgerPath = '/flowport/ledger'

/** The metadata in which a hook says who operates. */
export const operatorField = 'flowport.operator'

/** Most bytes of a settlement: a result of a mebibyte and 64 KiB beside it. */
const maxBodyBytes = 1_114_112

export interface LedgerParts {
  readonly app: Pick<App, 'flows'>
  readonly runtime: Runtime
  readonly log: Pick<Logger, 'warn'>
  /** What the hooks added: the operator's name must be there. */
  readonly metadata: Metadata
}

/** Answers one request of an operator. Rejects with a problem or a `CapabilityError`. */
export async function ledgerOutcome(call: HttpCall, parts: LedgerParts): Promise<HttpOutcome> {
  const operator = operatorOf(parts.metadata)
  const ledger = ledgerOf(parts)
  try {
    return answer(await (call.method === 'POST' ? change(call, ledger, operator, parts) : look(call, ledger)))
  } catch (error) {
    if (!isCapabilityError(error) || (error.code !== 'LEDGER_FENCE' && error.code !== 'LEDGER_NOT_UNKNOWN'))
      throw error
    throw new HttpProblem({
      status: 409,
      code: error.code,
      title: 'The key does not stand as it was seen',
      detail: error.reason,
      ...(error.details === undefined ? {} : { details: error.details }),
    })
  }
}

/** Only a hook that names the operator lets a request in: one that knows nothing of the ledger cannot do so by accident. */
function operatorOf(metadata: Metadata): string {
  const operator = metadata[operatorField]
  if (typeof operator === 'string' && operator !== '') return operator
  throw new HttpProblem({
    status: 403,
    code: 'LEDGER_OPERATOR',
    title: 'Only operators may see and settle the ledger',
    detail: `A hook lets an operator in by returning their name: { '${operatorField}': name }`,
  })
}

function ledgerOf({ app, runtime, log }: LedgerParts): LedgerOperations {
  const { bag, clock } = runtime
  if (bag.names().includes('dedupe')) {
    const dedupe = bag.control('dedupe').view('write', undefined) as DedupeStore
    return ledgerOperations(app, { dedupe, log, clock })
  }
  throw new HttpProblem({ status: 404, code: 'NO_LEDGER', title: 'The profile binds no dedupe store' })
}

async function look(call: HttpCall, ledger: LedgerOperations): Promise<unknown> {
  const fields = fieldsOf(call)
  const { cursor, limit, reveal, ...named } = fields
  const known = new Set(['cursor', 'limit', 'reveal', ...keyFields])
  checkFields(fields, known)
  if (Object.keys(named).length > 0)
    return shownJson(await ledger.show(keyOf(named)), { reveal: reveal === 'true' })
  const page = await ledger.list({
    ...(cursor === undefined ? {} : { cursor: String(cursor) }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
  })
  return { keys: page.keys.map(listedJson), cursor: page.cursor }
}

async function change(
  call: HttpCall,
  ledger: LedgerOperations,
  by: string,
  parts: LedgerParts,
): Promise<unknown> {
  refuseCrossSite(call, 'refuse')
  const fields = await readFields(call)
  return Object.hasOwn(fields, 'eraseAnswersOf') ? erase(fields, by, parts) : settle(fields, ledger, by)
}

/** The log says who erased how much and why, and not whose answers they were. */
async function erase(fields: Readonly<Record<string, unknown>>, by: string, parts: LedgerParts) {
  checkFields(fields, new Set(['eraseAnswersOf', 'why']))
  const { eraseAnswersOf: principal, why } = fields
  if (typeof principal !== 'string' || principal === '')
    throw malformed('eraseAnswersOf must be the name of a principal')
  if (typeof why !== 'string') throw malformed('why must say why they are erased')
  try {
    const erased = await eraseAnswers(parts, principal)
    parts.log.warn(
      { code: 'ANSWERS_ERASED', by, why, ...erased },
      'the recorded answers of a caller were erased',
    )
    return erased
  } catch (error) {
    if (!isKind(error, 'Misconfigured')) throw error
    const title = 'The recorded answers of a caller cannot be found here'
    throw new HttpProblem({ status: 501, code: 'ANSWERS_NOT_LISTED', title, detail: error.reason })
  }
}

async function settle(
  fields: Readonly<Record<string, unknown>>,
  ledger: LedgerOperations,
  by: string,
): Promise<unknown> {
  checkFields(fields, new Set(['fence', 'why', 'done', 'caller', 'notDone', ...keyFields]))
  const { fence, why, done, caller, notDone, ...named } = fields
  if (typeof fence !== 'number') throw malformed('fence must be the number that was seen')
  if (typeof why !== 'string') throw malformed('why must say how you know')
  const isDone = Object.hasOwn(fields, 'done')
  if (isDone === (notDone === true)) throw malformed('give the result as done, or notDone: true')
  if (caller !== undefined && caller !== null && typeof caller !== 'string')
    throw malformed('caller must be the name of a principal, or null')
  const outcome = isDone
    ? { done, ...(caller === undefined ? {} : { caller }) }
    : ({ notDone: true } as const)
  return settledJson(await ledger.settle(keyOf(named), { fence, by, why, outcome }))
}

async function readFields(call: HttpCall): Promise<Readonly<Record<string, unknown>>> {
  const type = call.header('content-type')
  if (type?.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json')
    throw unsupported(type, 'application/json')
  checkCharset(type)
  const length = Number(call.header('content-length') ?? 0)
  if (length > maxBodyBytes) throw tooLarge(maxBodyBytes)
  const value = parseJson(decodeUtf8(await call.body.bytes(maxBodyBytes)))
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw malformed('the body must be a JSON object')
}

const keyFields = ['key', 'keyBytes', 'flow', 'node', 'id', 'partition'] as const

/** Exactly one way of naming a key. */
function keyOf({
  key,
  keyBytes,
  flow,
  node,
  id,
  partition,
}: Readonly<Record<string, unknown>>): KeyOrAddress {
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
  const isAddress = isText(flow) && isText(node) && isText(id)
  const hasAddress = [flow, node, id, partition].some((part) => part !== undefined)
  if (isText(key) && keyBytes === undefined && !hasAddress) return key
  if (isAddress && key === undefined && keyBytes === undefined) {
    if (partition === undefined) return { flow, node, id }
    if (isText(partition)) return { flow, node, id, partition }
  }
  const bytes = isText(keyBytes) && key === undefined && !hasAddress ? fromBase64url(keyBytes) : null
  if (bytes !== null) return bytes
  throw malformed(
    'name the key by key, by keyBytes (base64url), or by flow, node and id, with partition where the key is in one',
  )
}

function checkFields(fields: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): void {
  const strange = Object.keys(fields).find((name) => !known.has(name))
  if (strange === undefined) return
  throw malformed(`"${strange.slice(0, 100)}" is none of: ${[...known].join(', ')}`)
}

function malformed(detail: string): HttpProblem {
  return new HttpProblem({ status: 400, code: 'LEDGER_REQUEST', title: 'The request is not valid', detail })
}

function answer(value: unknown): HttpOutcome {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }
  return { status: 200, headers, body: JSON.stringify(value) }
}
