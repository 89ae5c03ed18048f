/** The dedupe ledger over Durable Objects: finds the key's object and asks it for the step. */
import {
  type BeginCall,
  CapabilityError,
  type DedupeCapabilityInfo,
  type DedupeDriver,
  type DriverBegin,
  type DriverCall,
  type RenewCall,
  utf8Length,
} from '@flowport/capabilities'
import { callObject } from '../durable/call-object.ts'
import type { Outcome } from '../durable/outcome.ts'
import { maxFingerprintBytes } from './limits.ts'
import { objectName, type ObjectNaming } from './object-names.ts'
import type { LedgerCalls } from './protocol.ts'

export interface DurableDedupeDriverOptions extends ObjectNaming {
  /** A stub of the object with this name. */
  readonly stubOf: (name: string) => LedgerCalls
  readonly info: DedupeCapabilityInfo
}

export class DurableDedupeDriver implements DedupeDriver {
  readonly info: DedupeCapabilityInfo
  readonly #naming: ObjectNaming
  readonly #stubOf: (name: string) => LedgerCalls

  constructor({ stubOf, info, name, shards }: DurableDedupeDriverOptions) {
    this.info = info
    this.#naming = { name, shards }
    this.#stubOf = stubOf
  }

  reserve(key: string, token: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    return this.#ask(key, call, (ledger) => ledger.reserve(key, token, ttlMs))
  }

  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    call: BeginCall,
  ): Promise<DriverBegin> {
    checkFingerprint(fingerprint)
    const { started = false, over } = call
    const how = { started, ...(over === undefined ? {} : { over }) }
    return this.#ask(key, call, (ledger) => ledger.begin(key, token, leaseMs, fingerprint, how))
  }

  complete(key: string, token: string, result: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    return this.#ask(key, call, (ledger) => ledger.complete(key, token, result, ttlMs))
  }

  release(key: string, token: string, call: DriverCall): Promise<boolean> {
    return this.#ask(key, call, (ledger) => ledger.release(key, token))
  }

  renew(key: string, token: string, leaseMs: number, call: RenewCall): Promise<boolean> {
    return this.#ask(key, call, (ledger) => ledger.renew(key, token, leaseMs, call.started ?? false))
  }

  async forget(key: string, call: DriverCall): Promise<void> {
    await this.#ask(key, call, (ledger) => ledger.forget(key))
  }

  /** Asks one object, which stores nothing for it. */
  async check(call: DriverCall): Promise<void> {
    await this.#ask('check', call, (ledger) => ledger.check())
  }

  #ask<T>(key: string, call: DriverCall, ask: (ledger: LedgerCalls) => Promise<Outcome<T>>): Promise<T> {
    return callObject(() => this.#stubOf(objectName(this.#naming, key)), call, ask)
  }
}

function checkFingerprint(fingerprint: string): void {
  const bytes = utf8Length(fingerprint)
  if (bytes <= maxFingerprintBytes) return
  throw new CapabilityError(
    'LimitExceeded',
    `the fingerprint has ${bytes} bytes, the limit is ${maxFingerprintBytes}; give a digest`,
    { details: { limit: 'fingerprint', max: maxFingerprintBytes } },
  )
}
