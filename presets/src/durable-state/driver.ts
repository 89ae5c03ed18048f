/** The durable state driver: each method is one call to the object of that name. */
import {
  afterApplying,
  CapabilityError,
  type DriverCall,
  isCapabilityError,
  type StateCapabilityInfo,
  type StateCommit,
  type StateDriver,
  type StateDriverAlarm,
  type StateDriverCursor,
  type StateDriverList,
  type StateDriverPage,
  type StateDriverSql,
  type StateDriverStatement,
  type StoredStateEntry,
} from '@flowport/capabilities'
import { callObject } from '../cloudflare/durable/call-object.ts'
import type { Outcome } from '../cloudflare/durable/outcome.ts'
import { durableStateInfo } from './info.ts'
import type { StateCalls } from './protocol.ts'
import { rowsOf } from './rows.ts'

export class DurableStateDriver implements StateDriver {
  readonly info: StateCapabilityInfo = durableStateInfo
  readonly sql: StateDriverSql
  readonly alarm: StateDriverAlarm
  readonly #stubOf: (name: string) => StateCalls

  /** `stubOf` makes a new stub of the object of that name. */
  constructor(stubOf: (name: string) => StateCalls) {
    this.#stubOf = stubOf
    this.sql = {
      exec: async (name, { query, params }, call) =>
        rowsOf(await this.#ask(name, call, (stub) => stub.stateSqlExec(query, params))),
      open: (name, statement, call) => this.#open(name, statement, call),
    }
    this.alarm = {
      get: (name, call) => this.#ask(name, call, (stub) => stub.stateAlarmGet()),
      set: async (name, at, call) => void (await this.#ask(name, call, (stub) => stub.stateAlarmSet(at))),
      delete: async (name, call) => void (await this.#ask(name, call, (stub) => stub.stateAlarmDelete())),
    }
  }

  get(name: string, key: string, call: DriverCall): Promise<StoredStateEntry | null> {
    return this.#ask(name, call, (stub) => stub.stateGet(key))
  }

  async put(name: string, key: string, value: string, call: DriverCall): Promise<void> {
    await this.#ask(name, call, (stub) => stub.statePut(key, value))
  }

  async delete(name: string, key: string, call: DriverCall): Promise<void> {
    await this.#ask(name, call, (stub) => stub.stateDelete(key))
  }

  list(name: string, { limit, signal, ...range }: StateDriverList): Promise<StateDriverPage> {
    return this.#ask(name, { signal }, (stub) => stub.stateList(range, limit))
  }

  commit(name: string, commit: StateCommit, call: DriverCall): Promise<boolean> {
    return this.#ask(name, call, (stub) => stub.stateCommit(commit))
  }

  /** Asks an object that stores nothing, so that a class that is bound by mistake shows before the first request. */
  async check(call: DriverCall): Promise<void> {
    await this.#ask(checked, call, (stub) => stub.stateGet(checked))
  }

  async #open(
    name: string,
    { query, params }: StateDriverStatement,
    call: DriverCall,
  ): Promise<StateDriverCursor> {
    const cursor = await this.#ask(name, call, async (stub) => {
      const opened = await stub.stateSqlOpen(query, params)
      // Nobody waits for it any more.
      if (call.signal?.aborted === true && opened.ok) opened.value[Symbol.dispose]()
      return opened
    })
    return {
      next: async (next) => {
        // Rows before this batch may have been written already.
        const batch = await afterApplying(() =>
          callObject(
            () => cursor,
            next,
            (remote) => remote.next(),
          ).catch(lost),
        )
        if (batch.done) cursor[Symbol.dispose]()
        return { rows: rowsOf(batch), done: batch.done }
      },
      close: () => cursor[Symbol.dispose](),
    }
  }

  #ask<T>(name: string, call: DriverCall, ask: (stub: StateCalls) => Promise<Outcome<T>>): Promise<T> {
    return callObject(() => this.#stubOf(name), call, ask)
  }
}

/** Name and key that readiness checks ask for; nobody need write them. */
const checked = '_flowport_check'

/** A cursor lives in the memory of the object: whatever ended the connection ended it too. */
function lost(error: unknown): never {
  if (isCapabilityError(error)) throw error
  throw new CapabilityError('Unavailable', 'the cursor was lost with the object; run the statement again', {
    cause: error,
  })
}
