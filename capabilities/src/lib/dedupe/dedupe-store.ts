/** Makes a dedupe store of a driver: key encoding, tokens, fingerprints, limits, layers. The driver is the last stop. */
import { CapabilityError } from '../error.ts'
import { fromJsonText, toJsonText } from '../json-text.ts'
import type { CallOptions } from '../kv/contract.ts'
import { type CallScope, createPipeline, type Layer, type Pipeline, wrapDriver } from '../layer.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { checkArgument, countRule, lifeRule } from '../numbers.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import type { Rng } from '../rng/contract.ts'
import type { Changes, CommitOutcome, StartOutcome } from '../transaction/changes.ts'
import { checkStores } from '../transaction/stores.ts'
import { systemRng } from '../system/rng.ts'
import type {
  BeginOptions,
  BeginResult,
  DedupeKey,
  DedupeStore,
  KeyState,
  RenewOptions,
  TakeOverOptions,
  UnknownsOptions,
} from './contract.ts'
import type { DedupeDriver } from './driver.ts'
import { decodeKey, encodeKey } from './key.ts'
import { joinOwner, splitOwner } from './owned-fingerprint.ts'

export interface CreateDedupeStoreOptions {
  /** Name in the bag, shown in errors and logs. Default `'dedupe'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
  /** Makes the tokens of holders. Default the system's randomness. */
  readonly rng?: Pick<Rng, 'uuid'>
}

/** A dedupe store over a driver. */
export function createDedupeStore(
  driver: DedupeDriver,
  { name = 'dedupe', layers = [], rng = systemRng }: CreateDedupeStoreOptions = {},
): DedupeStore & Resource {
  const core = {
    driver: wrapDriver('dedupe', driver, layers),
    pipeline: createPipeline('dedupe', name, layers),
    rng,
  }
  const view = (_access: string, scope: CallScope | undefined) => new PortableDedupeStore(core, scope)
  return withControl(new PortableDedupeStore(core, undefined), 'dedupe', core, view)
}

interface Core {
  readonly driver: DedupeDriver
  readonly pipeline: Pipeline
  readonly rng: Pick<Rng, 'uuid'>
}

interface Place {
  readonly capability: string
  readonly operation: string
  readonly key: string
}

/** Longest pause suggested to callers who find a key in flight: its holder may well finish before the lease ends. */
const maxRetryAfterMs = 1000

class PortableDedupeStore implements DedupeStore {
  readonly #core: Core
  readonly #scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.#core = core
    this.#scope = scope
  }

  get info() {
    return this.#core.driver.info
  }

  async putIfAbsent(key: DedupeKey, ttlMs: number, options?: CallOptions): Promise<boolean> {
    const { encoded, where } = this.#key('putIfAbsent', key)
    this.#checkTime('ttlMs', ttlMs, where)
    const { driver, pipeline, rng } = this.#core
    // Made before the layers: a retried step finds its own mark.
    const token = rng.uuid()
    return pipeline.run('putIfAbsent', where.key, options, this.#scope, ({ signal }) =>
      driver.reserve(encoded, token, ttlMs, { signal }),
    )
  }

  async forget(key: DedupeKey, options?: CallOptions): Promise<void> {
    const { encoded, where } = this.#key('forget', key)
    const { driver, pipeline } = this.#core
    await pipeline.run('forget', where.key, options, this.#scope, ({ signal }) =>
      driver.forget(encoded, { signal }),
    )
  }

  async begin(
    key: DedupeKey,
    { leaseMs, fingerprint, owner, signal, started = false, over }: BeginOptions,
  ): Promise<BeginResult> {
    const { encoded, where } = this.#key('begin', key)
    this.#checkTime('leaseMs', leaseMs, where)
    if (over !== undefined) checkArgument('over', over, countRule(0), where)
    if (typeof fingerprint !== 'string' || fingerprint === '') {
      throw new CapabilityError('InvalidInput', 'a fingerprint is a non-empty text, such as a digest', where)
    }
    const request = joinOwner({ fingerprint, ...(owner === undefined ? {} : { owner }) }, where)
    const { driver, pipeline, rng } = this.#core
    const token = rng.uuid()
    const found = await pipeline.run('begin', where.key, { signal }, this.#scope, (call) =>
      driver.begin(encoded, token, leaseMs, request, {
        signal: call.signal,
        started,
        ...(over === undefined ? {} : { over }),
      }),
    )
    if (found.state === 'fresh') return { state: 'fresh', token, fence: found.fence }
    const recorded = splitOwner(found.fingerprint)
    // What `putIfAbsent` reserved has no fingerprint, and so none that differs.
    if (recorded.fingerprint !== '' && recorded.fingerprint !== fingerprint) {
      throw new CapabilityError('ConditionNotMatch', 'the key was used for another request; use a new key', {
        ...where,
        code: 'IDEM099',
      })
    }
    if (found.state === 'done') return { state: 'done', result: fromJsonText(found.result, 'result', where) }
    if (found.state === 'unknown') {
      const { fence, sinceMs } = found
      const whose = recorded.owner === undefined ? {} : { owner: recorded.owner }
      return { state: 'unknown', fence, sinceMs: Math.max(0, sinceMs), ...whose }
    }
    const retryAfterMs = Math.max(1, Math.min(Math.ceil(found.leaseEndsInMs), maxRetryAfterMs))
    return { state: 'in_flight', retryAfterMs }
  }

  async complete(
    key: DedupeKey,
    token: string,
    result: unknown,
    ttlMs: number,
    options?: CallOptions,
  ): Promise<boolean> {
    const { encoded, where } = this.#key('complete', key)
    const text = this.#resultText(result, ttlMs, where)
    const { driver, pipeline } = this.#core
    return pipeline.run('complete', where.key, options, this.#scope, ({ signal }) =>
      driver.complete(encoded, token, text, ttlMs, { signal }),
    )
  }

  async commit(
    key: DedupeKey,
    token: string,
    result: unknown,
    ttlMs: number,
    changes: Changes,
    options?: CallOptions,
  ): Promise<CommitOutcome> {
    const { encoded, where } = this.#key('commit', key)
    const text = this.#resultText(result, ttlMs, where)
    const { driver, pipeline } = this.#core
    const commit = driver.commit?.bind(driver)
    if (commit === undefined || this.info.transaction === undefined) {
      const message = `${this.info.provider} cannot commit writes with a record`
      throw new CapabilityError(
        'Unsupported',
        `${message}; use a ledger whose info states transaction`,
        where,
      )
    }
    checkStores(changes, this.info, where)
    return pipeline.run('commit', where.key, options, this.#scope, ({ signal }) =>
      commit({ key: encoded, token, result: text, ttlMs }, changes, { signal }),
    )
  }

  async start(
    key: DedupeKey,
    token: string,
    leaseMs: number,
    changes: Changes,
    options?: CallOptions,
  ): Promise<StartOutcome> {
    const { encoded, where } = this.#key('start', key)
    this.#checkTime('leaseMs', leaseMs, where)
    const { driver, pipeline } = this.#core
    const start = driver.start?.bind(driver)
    if (start === undefined || this.info.features?.startsWithWrites !== true) {
      const message = `${this.info.provider} cannot record the begin of an effect with its writes`
      const advice = 'use a ledger whose info states features.startsWithWrites'
      throw new CapabilityError('Unsupported', `${message}; ${advice}`, where)
    }
    checkStores(changes, this.info, where)
    return pipeline.run('start', where.key, options, this.#scope, ({ signal }) =>
      start({ key: encoded, token, leaseMs }, changes, { signal }),
    )
  }

  async release(key: DedupeKey, token: string, options?: CallOptions): Promise<boolean> {
    const { encoded, where } = this.#key('release', key)
    const { driver, pipeline } = this.#core
    return pipeline.run('release', where.key, options, this.#scope, ({ signal }) =>
      driver.release(encoded, token, { signal }),
    )
  }

  async renew(key: DedupeKey, token: string, leaseMs: number, options?: RenewOptions): Promise<boolean> {
    const { encoded, where } = this.#key('renew', key)
    this.#checkTime('leaseMs', leaseMs, where)
    const { driver, pipeline } = this.#core
    const started = options?.started ?? false
    return pipeline.run('renew', where.key, options, this.#scope, ({ signal }) =>
      driver.renew(encoded, token, leaseMs, { signal, started }),
    )
  }

  async abandon(key: DedupeKey, token: string, options?: CallOptions): Promise<boolean> {
    const { encoded, where } = this.#key('abandon', key)
    const { driver, pipeline } = this.#core
    return pipeline.run('abandon', where.key, options, this.#scope, ({ signal }) =>
      driver.renew(encoded, token, 0, { signal }),
    )
  }

  async unknowns({ cursor, limit = 100, signal }: UnknownsOptions = {}) {
    const { driver, pipeline } = this.#core
    const where = { capability: pipeline.capability, operation: 'unknowns' }
    checkArgument('limit', limit, countRule(1, 1000), where)
    const list = driver.unknowns?.bind(driver) ?? this.#unsupported('cannot list unknown keys', where)
    const page = await pipeline.run('unknowns', undefined, { signal }, this.#scope, (call) =>
      list(cursor ?? null, limit, { signal: call.signal }),
    )
    const keys = page.keys.map(({ key, fence, sinceMs }) => ({
      key: decodeKey(key),
      fence,
      sinceMs: Math.max(0, sinceMs),
    }))
    return { keys, cursor: page.cursor }
  }

  async look(key: DedupeKey, options?: CallOptions): Promise<KeyState> {
    const { encoded, where } = this.#key('look', key)
    const { driver, pipeline } = this.#core
    const find = driver.look?.bind(driver) ?? this.#unsupported('cannot show how a key stands', where)
    const found = await pipeline.run('look', where.key, options, this.#scope, ({ signal }) =>
      find(encoded, { signal }),
    )
    if (found.state === 'free') return found
    const request = splitOwner(found.fingerprint)
    if (found.state === 'done')
      return { ...found, ...request, result: fromJsonText(found.result, 'result', where) }
    if (found.state === 'in_flight') return { ...found, ...request }
    return { ...found, ...request, sinceMs: Math.max(0, found.sinceMs) }
  }

  async takeOver(key: DedupeKey, { fence: over, leaseMs, signal }: TakeOverOptions) {
    const { encoded, where } = this.#key('takeOver', key)
    this.#checkTime('leaseMs', leaseMs, where)
    checkArgument('fence', over, countRule(0), where)
    const { driver, pipeline, rng } = this.#core
    const take = driver.takeOver?.bind(driver) ?? this.#unsupported('cannot hand over unknown keys', where)
    const token = rng.uuid()
    const fence = await pipeline.run('takeOver', where.key, { signal }, this.#scope, (call) =>
      take(encoded, token, leaseMs, over, { signal: call.signal }),
    )
    return fence === null ? null : { token, fence }
  }

  #unsupported(what: string, where: Omit<Place, 'key'>): never {
    const advice = 'use a ledger whose info states features.unknowns'
    throw new CapabilityError('Unsupported', `${this.info.provider} ${what}; ${advice}`, where)
  }

  #key(operation: string, key: DedupeKey): { readonly encoded: string; readonly where: Place } {
    const { capability } = this.#core.pipeline
    const encoded = encodeKey(key, this.info.limits.maxKeyBytes, capability, operation)
    return { encoded, where: { capability, operation, key: typeof key === 'string' ? key : encoded } }
  }

  /** The result as JSON text within the limits, once the time to live is found to be sound. */
  #resultText(result: unknown, ttlMs: number, where: Place): string {
    this.#checkTime('ttlMs', ttlMs, where)
    const text = toJsonText(result ?? null, 'result', where)
    checkSize(utf8Length(text), this.info.limits.maxResultBytes, 'result', where)
    return text
  }

  #checkTime(option: string, ms: number, where: Place): void {
    checkArgument(option, ms, lifeRule, where)
    const { provider, limits } = this.info
    if (ms >= limits.minTtlMs) return
    throw new CapabilityError(
      'InvalidInput',
      `${provider} keeps records for at least ${limits.minTtlMs} ms; ask for more`,
      {
        ...where,
        code: 'TTL001',
      },
    )
  }
}
