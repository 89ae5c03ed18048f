/** `flowport queue`: the dead letters of a queue, and moving them back to be delivered. */
import {
  type DeadLetter,
  isCapabilityError,
  type Provider,
  type Queue,
  type ResourceName,
} from '@flowport/capabilities'
import type { App } from '@flowport/flow'
import { table } from '../table.ts'
import { CommandError, type Console, exitCodes } from './console.ts'
import { openForCommand } from './open.ts'
import { oneProfile } from './profiles.ts'

interface QueueOptions {
  readonly profile?: string
  readonly json?: boolean
}

export interface DeadOptions extends QueueOptions {
  readonly limit: number
  readonly cursor?: string
}

export interface RedriveCommandOptions extends QueueOptions {
  readonly id?: readonly string[]
  readonly all?: boolean
}

/** Lists dead letters without their bodies, which may hold what callers sent. */
export function queueDead(app: App, name: string, options: DeadOptions, out: Console): Promise<number> {
  return withQueue(app, name, 'dead', options, out, async (queue) => {
    const { letters, cursor } = await deadLetters(queue, options)
    if (options.json === true) {
      out.json({
        schemaVersion: 1,
        command: 'queue dead',
        ok: true,
        queue: name,
        letters: letters.map(jsonOf),
        cursor,
      })
      return
    }
    const rows = letters.map(({ id, deadAt, attempt, bytes, error }) => [
      id,
      deadAt?.toISOString() ?? '-',
      String(attempt),
      `${bytes} B`,
      error === null ? '-' : visible(error),
    ])
    const header = ['ID', 'SET ASIDE', 'ATTEMPTS', 'SIZE', 'LAST ERROR']
    out.result(rows.length === 0 ? `queue "${name}" has no dead letters` : table(header, rows))
    if (cursor !== null) out.note(`there may be more: --cursor '${cursor}'`)
  })
}

export function queueRedrive(
  app: App,
  name: string,
  options: RedriveCommandOptions,
  out: Console,
): Promise<number> {
  const { id: ids = [], all = false } = options
  if (all === ids.length > 0)
    throw new CommandError(exitCodes.usage, 'say --id ID (as often as needed), or --all')
  return withQueue(app, name, 'redrive', options, out, async (queue) => {
    const { moved } = await queue.redrive({ ids: all ? 'all' : ids })
    if (options.json === true)
      out.json({ schemaVersion: 1, command: 'queue redrive', ok: true, queue: name, moved })
    else out.result(`moved ${moved} ${moved === 1 ? 'message' : 'messages'} back to queue "${name}"`)
    const missed = new Set(ids).size - moved
    if (!all && missed > 0) out.note(`${missed} of the ids are no dead letters now`)
  })
}

/** Reads pages until the list is as long as asked for. */
async function deadLetters(queue: Queue, { limit, cursor: first }: DeadOptions) {
  const letters: DeadLetter[] = []
  let cursor: string | null | undefined = first
  do {
    const page: Awaited<ReturnType<Queue['listDeadLetters']>> = await queue.listDeadLetters({
      limit: Math.min(limit - letters.length, queue.info.limits.maxBatchMessages),
      ...(cursor === undefined ? {} : { cursor }),
    })
    letters.push(...page.letters)
    cursor = page.cursor
  } while (cursor !== null && letters.length < limit)
  return { letters, cursor }
}

/** Opens the profile's queue for `work`. An error of the store is a finding: exit code 1. */
async function withQueue(
  app: App,
  name: string,
  action: string,
  { profile: wanted, json = false }: QueueOptions,
  out: Console,
  work: (queue: Queue) => Promise<void>,
): Promise<number> {
  const { env } = out.host
  const profile = oneProfile(app, wanted, env)
  const providers = app.profiles[profile] ?? []
  const resource: ResourceName<'queue'> = name === 'queue' ? 'queue' : `queue:${name}`
  checkProvider(profile, name, resource, providers)
  const { bag } = await openForCommand(app, profile, env)
  try {
    await work(bag.require(resource))
    return exitCodes.ok
  } catch (error) {
    if (!isCapabilityError(error)) throw error
    const { code, reason } = error
    if (json)
      out.json({ schemaVersion: 1, command: `queue ${action}`, ok: false, error: { code, message: reason } })
    else out.note(`${out.paint('red', `error[${code}]`)}: ${reason}`)
    return exitCodes.findings
  } finally {
    await bag.close()
  }
}

/** Explains before anything is opened why a queue has no dead letters that this command can reach. */
function checkProvider(
  profile: string,
  name: string,
  resource: string,
  providers: readonly Provider[],
): void {
  const refuse = (why: string): never => {
    throw new CommandError(exitCodes.findings, why)
  }
  const statedBy = (provider: Provider) =>
    (Object(provider.provides) as Readonly<Record<string, Queue['info'] | undefined>>)[resource]
  const provider = providers.find((each) => statedBy(each) !== undefined)
  if (provider === undefined) {
    const names = providers.flatMap(({ provides }) =>
      Object.keys(Object(provides)).flatMap((key) =>
        /^queue(?::|$)/.test(key) ? [key.replace(/^queue:/, '')] : [],
      ),
    )
    return refuse(`profile "${profile}" binds no queue "${name}": it binds ${names.join(', ') || 'none'}`)
  }
  const info = statedBy(provider)
  if (provider.preset.startsWith('cloudflare-queues'))
    refuse(
      `Cloudflare keeps the dead letters of "${name}" in the queue that dead_letter_queue of its consumer names in the wrangler file: list them in the dashboard, and move them back with a Worker that consumes that queue and sends to "${name}" (https://developers.cloudflare.com/queues/configuration/dead-letter-queues/)`,
    )
  if (info?.features.redrive !== true)
    refuse(`preset "${provider.preset}" of queue "${name}" does not state features.redrive`)
  if (info?.durability !== 'durable')
    refuse(
      `the dead letters of "${name}" are in the memory of the process that serves profile "${profile}": call queue.listDeadLetters() and queue.redrive() there`,
    )
}

function jsonOf({ id, sentAt, deadAt, attempt, bytes, error }: DeadLetter): object {
  return {
    id,
    sentAt: sentAt.toISOString(),
    deadAt: deadAt?.toISOString() ?? null,
    attempts: attempt,
    bytes,
    error,
  }
}

/** One line for a terminal: control characters are shown as escapes, and long errors are cut. */
function visible(text: string): string {
  const escaped = text.replaceAll(
    /\p{Cc}|\p{Cf}/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
  return escaped.length > 120 ? `${escaped.slice(0, 119)}…` : escaped
}
