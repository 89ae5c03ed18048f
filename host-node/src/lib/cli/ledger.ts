/** `flowport ledger`: lists, shows and settles the unknown keys of a profile's ledger. */
import { type DedupeStore, isCapabilityError, type Provider } from '@flowport/capabilities'
import { type App, type LedgerOperations, ledgerOperations, type SettleRequest } from '@flowport/flow'
import { fromBase64url, keyJson, listedJson, settledJson, shownJson } from '@flowport/flow/http'
import { table } from '../table.ts'
import { CommandError, type Console, exitCodes } from './console.ts'
import { openForCommand } from './open.ts'
import { oneProfile } from './profiles.ts'
import { jsonFrom } from './sources.ts'

interface LedgerOptions {
  readonly profile?: string
  readonly json?: boolean
}

interface KeyOptions extends LedgerOptions {
  readonly bytes?: boolean
}

export interface ListOptions extends LedgerOptions {
  readonly limit: number
  readonly cursor?: string
}

export interface ShowOptions extends KeyOptions {
  readonly reveal?: boolean
}

export interface SettleOptions extends KeyOptions {
  readonly fence: number
  readonly done?: string
  readonly notDone?: boolean
  readonly caller?: string
  readonly anyCaller?: boolean
  readonly by: string
  readonly why: string
}

export function ledgerList(app: App, options: ListOptions, out: Console): Promise<number> {
  return withLedger(app, 'list', options, out, async (ledger) => {
    const { keys, cursor } = await unknownKeys(ledger, options)
    if (options.json === true) {
      report(out, 'list', { keys: keys.map(listedJson), cursor })
      return
    }
    const rows = keys.map((found) => [...cells(found), String(found.fence), ago(found.sinceMs)])
    out.result(rows.length === 0 ? 'no unknown keys' : table(['KEY', 'NODE', 'FENCE', 'SINCE'], rows))
    if (cursor !== null) out.note(`there may be more: --cursor '${cursor}'`)
  })
}

export function ledgerShow(app: App, key: string, options: ShowOptions, out: Console): Promise<number> {
  return withLedger(app, 'show', options, out, async (ledger) => {
    const found = await ledger.show(keyOf(key, options))
    const shown = shownJson(found, { reveal: options.reveal === true })
    if (options.json === true) report(out, 'show', shown)
    else printFacts(out, shown)
  })
}

export async function ledgerSettle(
  app: App,
  key: string,
  options: SettleOptions,
  out: Console,
): Promise<number> {
  const outcome = await outcomeOf(options, out)
  return withLedger(app, 'settle', options, out, async (ledger) => {
    const { fence, by, why } = options
    const settled = settledJson(await ledger.settle(keyOf(key, options), { fence, by, why, outcome }))
    if (options.json === true) report(out, 'settle', settled)
    else printFacts(out, settled)
  })
}

async function outcomeOf(
  { done, notDone, caller, anyCaller }: SettleOptions,
  out: Console,
): Promise<SettleRequest['outcome']> {
  if ((done === undefined) === (notDone !== true))
    throw new CommandError(exitCodes.usage, 'pass either --done RESULT or --not-done')
  if (caller !== undefined && anyCaller === true)
    throw new CommandError(exitCodes.usage, 'pass either --caller NAME or --any-caller')
  if (done === undefined) return { notDone: true }
  const whose = anyCaller === true ? { caller: null } : caller === undefined ? {} : { caller }
  return { done: await jsonFrom(done, '--done', out.host), ...whose }
}

/** Reads pages until the list is full, because a ledger that scans object by object may return empty pages. */
async function unknownKeys(ledger: LedgerOperations, { limit, cursor: first }: ListOptions) {
  const keys: Awaited<ReturnType<LedgerOperations['list']>>['keys'][number][] = []
  let cursor: string | null | undefined = first
  do {
    const left = limit - keys.length
    const page: Awaited<ReturnType<LedgerOperations['list']>> = await ledger.list({
      limit: Math.min(left, 1000),
      ...(cursor === undefined || cursor === null ? {} : { cursor }),
    })
    keys.push(...page.keys)
    cursor = page.cursor
  } while (cursor !== null && keys.length < limit)
  return { keys, cursor }
}

/** Opens the profile's ledger and runs `work`. A refusal by the ledger exits with code 1. */
async function withLedger(
  app: App,
  action: string,
  { profile, json = false }: LedgerOptions,
  out: Console,
  work: (ledger: LedgerOperations) => Promise<void>,
): Promise<number> {
  const { env } = out.host
  const name = oneProfile(app, profile, env)
  checkPlace(name, app.profiles[name] ?? [])
  const { bag } = await openForCommand(app, name, env)
  try {
    const dedupe = bag.names().includes('dedupe') ? bag.require('dedupe') : null
    // Each settlement writes two audit lines to standard error, for the operator's records.
    const log = { warn: (facts: object, message?: string) => out.note(JSON.stringify({ ...facts, message })) }
    await work(ledgerOperations(app, { dedupe: checkedStore(dedupe, name), log }))
    return exitCodes.ok
  } catch (error) {
    if (!isCapabilityError(error)) throw error
    const { code, reason, details } = error
    if (json)
      out.json({
        schemaVersion: 1,
        command: `ledger ${action}`,
        ok: false,
        error: { code, message: reason, ...(details === undefined ? {} : { details }) },
      })
    else out.note(`${out.paint('red', `error[${code}]`)}: ${reason}`)
    return exitCodes.findings
  } finally {
    await bag.close()
  }
}

const elsewhere =
  "serve it with operations: { ledger: 'guarded' }, and ask GET and POST /flowport/ledger of the app"

/** Refuses presets of Workers and browsers, which cannot be opened here, and names the operation to use instead. */
function checkPlace(profile: string, providers: readonly Provider[]): void {
  const preset = providers.find(
    ({ preset: each, provides }) =>
      Object.keys(Object(provides)).includes('dedupe') && /^(?:durable|cloudflare|opfs)-/.test(each),
  )?.preset
  if (preset === undefined) return
  const where = preset.startsWith('opfs-') ? 'in the browser' : 'on Cloudflare Workers'
  throw new CommandError(
    exitCodes.findings,
    `the ledger of profile "${profile}" is ${where} (preset "${preset}"): ${elsewhere}`,
  )
}

function checkedStore(dedupe: DedupeStore | null, profile: string): DedupeStore {
  if (dedupe === null)
    throw new CommandError(exitCodes.findings, `profile "${profile}" binds no dedupe store`)
  if (dedupe.info.durability === 'durable') return dedupe
  throw new CommandError(
    exitCodes.findings,
    `the ledger of profile "${profile}" is in the memory of the process that serves it: ${elsewhere}`,
  )
}

function keyOf(key: string, { bytes = false }: KeyOptions): string | Uint8Array {
  if (!bytes) return key
  const decoded = fromBase64url(key)
  if (decoded !== null) return decoded
  throw new CommandError(exitCodes.usage, '--bytes needs a key in base64url')
}

function report(out: Console, action: string, facts: object): void {
  out.json({ schemaVersion: 1, command: `ledger ${action}`, ok: true, ...facts })
}

function printFacts(out: Console, facts: Readonly<Record<string, unknown>>): void {
  const rows = Object.entries(facts).flatMap(([name, value]) =>
    value === null || value === undefined
      ? []
      : [[name, visible(typeof value === 'string' ? value : JSON.stringify(value))]],
  )
  out.result(table(['FACT', 'VALUE'], rows))
}

function cells({ key, address }: Parameters<typeof listedJson>[0]): readonly [string, string] {
  const named = keyJson(key, address)
  const shown = named['key'] ?? `${named['keyBytes'] ?? ''} (--bytes)`
  return [visible(shown), address === null ? '-' : `${address.flow} / ${address.node}`]
}

/** Escapes control characters: keys come from callers and could move the terminal's cursor. */
function visible(text: string): string {
  return text.replaceAll(
    /\p{Cc}|\p{Cf}/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}

function ago(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const
  const [unit, size] = units.find(([, each]) => ms >= each) ?? ['ms', 1]
  return `${Math.floor(ms / size)} ${unit}`
}
