/**
 * `ledgerOperations` lists, shows and settles the unknown keys of an app's ledger, on every host: the HTTP operation, the
 * `flowport ledger` command and an app's own code use it.
 */
import {
  type Awaitable,
  type CallOptions,
  CapabilityError,
  type Clock,
  type DedupeKey,
  type DedupeStore,
  type KeyState,
  type Logger,
  type Settlement,
  type SettlementEvent,
  settleKey,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { App } from '../app.ts'
import { isReply } from '../reply.ts'
import { encodeResult } from '../runtime/kept-result.ts'
import { forOwner, isPrivate, type Owner, ownerOf } from '../runtime/owner.ts'
import type { Digest } from '../runtime/run-view.ts'
import { sha256 } from '../runtime/runtime.ts'
import { isOpaque, isStreamSchema, validate } from '../schema.ts'
import { Addresses, type KeyedNode, type KeyOrAddress, type LedgerAddress } from './addresses.ts'

export interface LedgerOptions {
  readonly dedupe: DedupeStore
  /** Gets two lines for each settlement, with the code `LEDGER_SETTLED`. */
  readonly log: Pick<Logger, 'warn'>
  /** Default the system clock. */
  readonly clock?: Pick<Clock, 'now'>
  /** SHA-256. Default the platform's. */
  readonly digest?: Digest
  /**
   * Is told of each settlement before the ledger is, and after it, to keep a record of its own. The key stays unknown when it
   * rejects before. Default: the log only.
   */
  readonly audit?: (event: LedgerEvent) => Awaitable<void>
}

/** A settlement with the address of the key; `null` where it is no node's. */
export interface LedgerEvent extends SettlementEvent {
  readonly address: LedgerAddress | null
}

export interface ListedKey {
  readonly key: DedupeKey
  /** `null` for a key that no node of the app has. */
  readonly address: LedgerAddress | null
  readonly fence: number
  /** Milliseconds since the lease of its last holder ended. */
  readonly sinceMs: number
}

export type ShownKey = KeyState & Pick<ListedKey, 'key' | 'address'>

export interface SettleRequest extends CallOptions {
  /** The fence that `list` or `show` gave. */
  readonly fence: number
  /** Who settles the key: 1 to 200 characters. */
  readonly by: string
  /** How they know: 1 to 2000 characters. */
  readonly why: string
  /**
   * `done`: the effect was made, and this is the node's result, JSON that fits its output. `notDone`: it was not made and its
   * holder can no longer make it; the next caller makes it.
   */
  readonly outcome: DoneOutcome | { readonly notDone: true }
}

export interface DoneOutcome {
  readonly done: unknown
  /**
   * The principal whose request it was: other callers do not get the result. `null` where the result is for everyone. The
   * ledger knows it for keys that this version began: it may be left out there, and must not say another. Must be given for a key
   * that an earlier version began, at a node that keeps the results of callers apart, as nodes do unless they say
   * `callers: 'everyone'`.
   */
  readonly caller?: string | null
}

export interface LedgerOperations {
  /** Unknown keys. Only a `cursor` of `null` ends the list: pages may be short. `limit` is 1 to 1000, default 100. */
  list(options?: { readonly cursor?: string; readonly limit?: number } & CallOptions): Promise<{
    readonly keys: readonly ListedKey[]
    readonly cursor: string | null
  }>
  /** How a key stands. Its fingerprint and its result may hold what callers sent. */
  show(key: KeyOrAddress, options?: CallOptions): Promise<ShownKey>
  /**
   * Settles an unknown key. @throws CapabilityError `LEDGER_NOT_UNKNOWN`, `LEDGER_FENCE`, `LEDGER_NO_NODE`, `LEDGER_CALLER`, or
   * `InvalidInput` for a result the node cannot have.
   */
  settle(key: KeyOrAddress, request: SettleRequest): Promise<Settlement & Pick<ListedKey, 'address'>>
}

/** How long the result of a key that no node has is kept: as that of a node that does not say. A day. */
const usualTtlMs = 86_400_000

/** The unknown keys of an app's ledger. The ledger's info must state `features.unknowns`. */
export function ledgerOperations(
  app: Pick<App, 'flows'>,
  { dedupe, log, clock = systemClock, digest = sha256, audit }: LedgerOptions,
): LedgerOperations {
  const addresses = new Addresses(app)
  return {
    async list(options) {
      const page = await dedupe.unknowns(options)
      const keys = page.keys.map((found) => ({ ...found, address: addresses.of(found.key)?.address ?? null }))
      return { keys, cursor: page.cursor }
    },
    async show(given, options) {
      const key = addresses.keyOf(given)
      return { key, address: addresses.of(key)?.address ?? null, ...(await dedupe.look(key, options)) }
    },
    async settle(given, { fence, by, why, outcome, signal }) {
      const key = addresses.keyOf(given)
      const { address = null, node } = addresses.of(key) ?? {}
      const stored = async (done: DoneOutcome) => {
        const found = await dedupe.look(key, signal === undefined ? {} : { signal })
        // Every holder has a fence of its own: a record with this fence is the one that will be settled.
        const recorded = found.state !== 'free' && found.fence === fence ? found.owner : undefined
        return storedResult(done, node, recorded, digest)
      }
      const settled = await settleKey(dedupe, key, {
        fence,
        by,
        why,
        clock,
        outcome:
          'done' in outcome
            ? { done: await stored(outcome), ttlMs: node?.idempotency.ttlMs ?? usualTtlMs }
            : outcome,
        async audit(event) {
          const { key: settledKey, phase, ...facts } = event
          const shown = typeof settledKey === 'string' ? settledKey : 'bytes'
          log.warn(
            { code: 'LEDGER_SETTLED', key: shown, phase, ...facts },
            `an unknown key is ${phase === 'taken over' ? 'being settled' : phase} by hand`,
          )
          await audit?.({ ...event, address })
        },
        ...(signal === undefined ? {} : { signal }),
      })
      return { ...settled, address }
    },
  }
}

/** The result as the runtime stores it. One that the node cannot have would fail every later run instead. */
async function storedResult(
  { done: result, caller }: DoneOutcome,
  keyed: KeyedNode | undefined,
  recorded: Owner,
  digest: Digest,
): Promise<unknown> {
  if (keyed === undefined) return forOwner(result, recorded)
  const named = typeof caller === 'string' ? await ownerOf(caller, digest) : undefined
  if (recorded === undefined) checkCaller(caller, keyed)
  else if (caller !== undefined) await checkOwner(caller, recorded, keyed, digest)
  const { output } = keyed.node
  if (output !== undefined && !isStreamSchema(output) && !isOpaque(output) && !isReply(result))
    await fits(output, result, keyed)
  return forOwner(encodeResult(result), recorded ?? named)
}

/** The ledger knows whose request it was: a settlement that names somebody else is a mistake. */
async function checkOwner(
  caller: string | null,
  recorded: string,
  { flow, alias }: KeyedNode,
  digest: Digest,
): Promise<void> {
  if (caller !== '' && (await ownerOf(caller ?? undefined, digest)) === recorded) return
  const whose = isPrivate(recorded)
    ? 'another principal than the caller: give that one, or leave the caller out'
    : 'no principal: leave the caller out, or give null'
  throw new CapabilityError('InvalidInput', `the request of this key of "${flow}/${alias}" had ${whose}`, {
    code: 'LEDGER_CALLER',
  })
}

/** The ledger does not say whose request it was. A result for everyone must not be one by oversight. */
function checkCaller(caller: unknown, { flow, alias, idempotency }: KeyedNode): void {
  const isName = typeof caller === 'string' && caller !== ''
  const place = `"${flow}/${alias}"`
  if (idempotency.callers === 'apart' && !isName && caller !== null) {
    const message = `${place} keeps the results of callers apart: give the principal whose request it was as caller, or null where it had none`
    throw new CapabilityError('InvalidInput', message, { code: 'LEDGER_CALLER' })
  }
  if (idempotency.callers === 'everyone' && typeof caller === 'string') {
    const message = `${place} has results for everyone: leave the caller out`
    throw new CapabilityError('InvalidInput', message, { code: 'LEDGER_CALLER' })
  }
}

async function fits(output: StandardSchemaV1, result: unknown, { flow, alias }: KeyedNode): Promise<void> {
  try {
    await validate(output, result, `the result does not fit the output of "${flow}/${alias}"`)
  } catch (cause) {
    throw new CapabilityError('InvalidInput', cause instanceof Error ? cause.message : String(cause), {
      code: 'LEDGER_RESULT',
      cause,
    })
  }
}
