/** The conformance suite of key-value stores: every promise of the contract, and every claim of `info`, as a case. */
import { expect } from 'vitest'
import type { KvFeatures } from '../guarantees/info.ts'
import type { KeyValue } from '../kv/contract.ts'
import type { Awaitable } from '../kv/driver.ts'
import { controlOf } from '../resource/resource.ts'
import {
  type ConformanceGroup,
  type HarnessOptions,
  type OpenContext,
  openSubject,
  register,
} from './conformance.ts'
import { applied } from './kv/applied.ts'
import { bulk } from './kv/bulk.ts'
import { calls } from './kv/calls.ts'
import { conditional } from './kv/conditional.ts'
import { guarantees } from './kv/guarantees.ts'
import { keys } from './kv/keys.ts'
import { listing } from './kv/listing.ts'
import { metadata } from './kv/metadata.ts'
import type { KvSubject } from './kv/subject.ts'
import { ttl } from './kv/ttl.ts'
import { values } from './kv/values.ts'
import type { ManualClock } from './manual-clock.ts'

export interface OpenedKv {
  readonly kv: KeyValue
  /** Called after the case. Default: closes `kv`. */
  readonly close?: () => Awaitable<void>
  /** Closes the store and opens it again with what it kept. Proves `durability: 'durable'`. */
  readonly reopen?: () => Awaitable<KeyValue>
}

export interface KvHarness extends HarnessOptions {
  /** Opens an empty store; called once for each case. */
  readonly open: (context: OpenContext) => Awaitable<OpenedKv>
  /** Features `info` must state, so that none is lost to a skip unnoticed. */
  readonly features?: Partial<KvFeatures>
}

/** Every case, by theme. */
export const kvCases: readonly ConformanceGroup<KvSubject>[] = [
  values,
  keys,
  metadata,
  ttl,
  listing,
  conditional,
  bulk,
  calls,
  applied,
  guarantees,
]

/** Runs the suite on the stores the harness opens. */
export function kvConformance(name: string, harness: KvHarness): void {
  const { features } = harness
  const declared: ConformanceGroup<KvSubject> = {
    name: 'harness',
    cases: [
      {
        name: 'info states the features the harness expects',
        skip: () => (features === undefined ? 'the harness expects none in particular' : null),
        run: async ({ info }) => expect(info.features).toMatchObject({ ...features }),
      },
    ],
  }
  register(name, [declared, ...kvCases], harness, (clock) => openKvSubject(harness, clock))
}

/** A store as the cases take it. */
export async function openKvSubject(
  harness: KvHarness,
  clock: ManualClock,
): Promise<{ subject: KvSubject; close: () => Promise<void> }> {
  const opened = await harness.open({ clock })
  let { kv } = opened
  const { info } = kv
  const { reopen } = opened
  const subject: KvSubject = {
    ...openSubject(harness, clock, info.consistency),
    kv,
    info,
    ttlSeconds: Math.max(info.limits.minTtlSeconds, harness.clock === 'manual' ? 10 : 1),
    reopen:
      reopen === undefined
        ? null
        : async () => {
            kv = await reopen()
            return kv
          },
  }
  return {
    subject,
    close: async () => {
      await (opened.close === undefined ? controlOf('kv', kv).close() : opened.close())
    },
  }
}
