/** The conformance suite of blob stores: every promise of the contract, and every claim of `info`, as a case. */
import { expect } from 'vitest'
import type { BlobStore } from '../blob/contract.ts'
import type { BlobFeatures } from '../guarantees/info.ts'
import type { Awaitable } from '../kv/driver.ts'
import { controlOf } from '../resource/resource.ts'
import { applied } from './blob/applied.ts'
import { access } from './blob/access.ts'
import { calls } from './blob/calls.ts'
import { conditional } from './blob/conditional.ts'
import { guarantees } from './blob/guarantees.ts'
import { keys } from './blob/keys.ts'
import { listing } from './blob/listing.ts'
import { metadata } from './blob/metadata.ts'
import { ranges } from './blob/ranges.ts'
import { seeded, type Seed } from './blob/seeded.ts'
import { streams } from './blob/streams.ts'
import { type BlobSubject, has, needs, onlyWhere } from './blob/subject.ts'
import { values } from './blob/values.ts'
import {
  type ConformanceGroup,
  type HarnessOptions,
  type OpenContext,
  openSubject,
  register,
} from './conformance.ts'
import type { ManualClock } from './manual-clock.ts'

export interface OpenedBlobStore {
  readonly blob: BlobStore
  /** Called after the case. Default: closes `blob`. */
  readonly close?: () => Awaitable<void>
  /** Closes the store and opens it again with what it kept. Proves `durability: 'durable'`. */
  readonly reopen?: () => Awaitable<BlobStore>
  /** Needed where `info` states `features.write: false`: writes past the store, to where it reads from. */
  readonly seed?: Seed
}

export interface BlobHarness extends HarnessOptions {
  /** Opens an empty store; called once for each case. */
  readonly open: (context: OpenContext) => Awaitable<OpenedBlobStore>
  /** Features `info` must state, so that none is lost to a skip unnoticed. */
  readonly features?: Partial<BlobFeatures>
  /** Bytes of the largest object the cases make, unless they try the limit. Default about 6 MB. */
  readonly largeBytes?: number
}

/** Every case, by theme. */
export const blobCases: readonly ConformanceGroup<BlobSubject>[] = [
  values,
  ranges,
  keys,
  metadata,
  onlyWhere(needs('list'), listing),
  conditional,
  streams,
  calls,
  applied,
  access,
  guarantees,
]

/** Runs the suite on the stores the harness opens. */
export function blobConformance(name: string, harness: BlobHarness): void {
  const { features } = harness
  const declared: ConformanceGroup<BlobSubject> = {
    name: 'harness',
    cases: [
      {
        name: 'info states the features the harness expects',
        skip: () => (features === undefined ? 'the harness expects none in particular' : null),
        run: async ({ info }) => expect(info.features).toMatchObject({ ...features }),
      },
    ],
  }
  register(name, [declared, ...blobCases], harness, (clock) => openBlobSubject(harness, clock))
}

/** A store as the cases take it. */
export async function openBlobSubject(
  harness: BlobHarness,
  clock: ManualClock,
): Promise<{ subject: BlobSubject; close: () => Promise<void> }> {
  const opened = await harness.open({ clock })
  const { blob: own, seed, reopen } = opened
  const { info } = own
  if (!has(info, 'write') && seed === undefined)
    throw new Error(`${info.provider} only reads: give the harness a seed`)
  let blob = seed === undefined ? own : seeded(own, seed)
  const subject: BlobSubject = {
    ...openSubject(harness, clock, info.consistency),
    blob,
    own,
    info,
    // Over the 5 MiB that S3 asks of a part, and no multiple of anything.
    largeBytes: Math.min(harness.largeBytes ?? 6_000_001, info.limits.maxObjectBytes),
    reopen:
      reopen === undefined
        ? null
        : async () => {
            blob = await reopen()
            return blob
          },
  }
  return {
    subject,
    close: async () => {
      await (opened.close === undefined ? controlOf('blob', own).close() : opened.close())
    },
  }
}
