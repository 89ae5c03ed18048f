/** The conformance suite of durable state: every promise of the contract, and every claim of `info`, as a case. */
import type { Awaitable } from '../kv/driver.ts'
import { controlOf } from '../resource/resource.ts'
import type { DurableState } from '../state/contract.ts'
import {
  type ConformanceGroup,
  type HarnessOptions,
  type OpenContext,
  openSubject,
  register,
} from './conformance.ts'
import type { ManualClock } from './manual-clock.ts'
import { alarms } from './state/alarms.ts'
import { calls } from './state/calls.ts'
import { entries } from './state/entries.ts'
import { guarantees } from './state/guarantees.ts'
import { listing } from './state/listing.ts'
import { sql } from './state/sql.ts'
import type { StateSubject } from './state/subject.ts'
import { transactions } from './state/transactions.ts'

export interface OpenedState {
  readonly state: DurableState
  /** Called after the case. Default: closes `state`. */
  readonly close?: () => Awaitable<void>
  /** Closes the store and opens it again with what it kept. Proves `durability: 'durable'`. */
  readonly reopen?: () => Awaitable<DurableState>
}

export interface StateHarness extends HarnessOptions {
  /** Opens a store without any object; called once for each case. */
  readonly open: (context: OpenContext) => Awaitable<OpenedState>
}

/** Every case, by theme. */
export const stateCases: readonly ConformanceGroup<StateSubject>[] = [
  entries,
  listing,
  transactions,
  sql,
  alarms,
  calls,
  guarantees,
]

/** Runs the suite on the stores the harness opens. */
export function stateConformance(name: string, harness: StateHarness): void {
  register(name, stateCases, harness, (clock) => openStateSubject(harness, clock))
}

/** A store as the cases take it. */
export async function openStateSubject(
  harness: StateHarness,
  clock: ManualClock,
): Promise<{ subject: StateSubject; close: () => Promise<void> }> {
  const opened = await harness.open({ clock })
  let { state } = opened
  const { info } = state
  const { reopen } = opened
  const subject: StateSubject = {
    ...openSubject(harness, clock, info.consistency),
    state,
    info,
    reopen:
      reopen === undefined
        ? null
        : async () => {
            state = await reopen()
            return state
          },
  }
  return {
    subject,
    close: async () => {
      await (opened.close === undefined ? controlOf('state', state).close() : opened.close())
    },
  }
}
