/** A dedupe ledger over Durable Objects: finds the key's object and asks it for the step. */
import {
  type BeginCall,
  CapabilityError,
  type DedupeCapabilityInfo,
  type DedupeDriver,
  type DriverBegin,
  type DriverCall,
  type DriverLook,
  type DriverUnknownPage,
  type RenewCall,
  utf8Length,
} from '@flowport/capabilities'
import { callObject } from '../durable/call-object.ts'
import type { Outcome } from '../durable/outcome.ts'
import { maxFingerprintBytes } from './limits.ts'
import type { LedgerCalls } from './protocol.ts'
import type { Ask } from './unknown-pages.ts'

/** Which object keeps which key. */
export interface LedgerPlaces {
  /** The name of the key's object: the same one for every caller, always. */
  objectOf(key: string): string
  /** The name of the object that lists unknown keys; `null` where the objects of the keys are asked themselves. */
  readonly index: string | null
  unknowns(ask: Ask, cursor: string | null, limit: number): Promise<DriverUnknownPage>
}

export interface DurableDedupeDriverOptions {
  readonly places: LedgerPlaces
  /** A stub of the object with this name. */
  readonly stubOf: (name: string) => LedgerCalls
  /** Where other objects find the one with this name. */
  readonly placeOf: (name: string) => string
  readonly info: DedupeCapabilityInfo
}

export class DurableDedupeDriver implements DedupeDriver {
  readonly info: DedupeCapabilityInfo
  readonly #places: LedgerPlaces
  readonly #stubOf: (name: string) => LedgerCalls
  readonly #placeOf: (name: string) => string
  #indexAt: string | undefined

  constructor({ stubOf, placeOf, info, places }: DurableDedupeDriverOptions) {
    this.info = info
    this.#places = places
    this.#stubOf = stubOf
    this.#placeOf = placeOf
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
    const index = this.#index()
    const how = {
      started,
      ...(over === undefined ? {} : { over }),
      ...(index === undefined ? {} : { index }),
    }
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

  unknowns(cursor: string | null, limit: number, call: DriverCall): Promise<DriverUnknownPage> {
    const ask = <T>(object: string, of: (ledger: LedgerCalls) => Promise<Outcome<T>>) =>
      this.#askObject(object, call, of)
    return this.#places.unknowns(ask, cursor, limit)
  }

  look(key: string, call: DriverCall): Promise<DriverLook> {
    return this.#ask(key, call, (ledger) => ledger.look(key))
  }

  takeOver(
    key: string,
    token: string,
    leaseMs: number,
    over: number,
    call: DriverCall,
  ): Promise<number | null> {
    return this.#ask(key, call, (ledger) => ledger.takeOver(key, token, leaseMs, over, this.#index()))
  }

  /** Asks one object, which stores nothing for it. */
  async check(call: DriverCall): Promise<void> {
    await this.#ask('check', call, (ledger) => ledger.check())
  }

  #ask<T>(key: string, call: DriverCall, ask: (ledger: LedgerCalls) => Promise<Outcome<T>>): Promise<T> {
    return this.#askObject(this.#places.objectOf(key), call, ask)
  }

  #askObject<T>(
    object: string,
    call: DriverCall,
    ask: (ledger: LedgerCalls) => Promise<Outcome<T>>,
  ): Promise<T> {
    return callObject(() => this.#stubOf(object), call, ask)
  }

  /** The object that lists unknown keys, where each key has an object of its own. */
  #index(): string | undefined {
    const { index } = this.#places
    return index === null ? undefined : (this.#indexAt ??= this.#placeOf(index))
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
