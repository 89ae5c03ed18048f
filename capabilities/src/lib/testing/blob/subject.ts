/** What each blob case is given. */
import { expect } from 'vitest'
import type { BlobHandle, BlobStore } from '../../blob/contract.ts'
import type { BlobCapabilityInfo, BlobFeatures } from '../../guarantees/info.ts'
import type { ConformanceCase, ConformanceGroup, Subject } from '../conformance.ts'

export interface BlobSubject extends Subject {
  /** An empty store. What only reads is written past, by the harness. */
  readonly blob: BlobStore
  /** The store itself, also where it only reads. */
  readonly own: BlobStore
  readonly info: BlobCapabilityInfo
  /** Closes the store and opens what it kept, where the harness can. */
  readonly reopen: (() => Promise<BlobStore>) | null
  /** Bytes of the largest object the cases make, unless they try the limit. */
  readonly largeBytes: number
}

export type BlobCase = ConformanceCase<BlobSubject>

/** Skips when the store does not have the feature. */
export function needs(feature: keyof BlobFeatures): (subject: BlobSubject) => string | null {
  return ({ info }) => (has(info, feature) ? null : `${info.provider} states features.${feature}: false`)
}

/** Skips when the store has the feature. */
export function lacks(feature: keyof BlobFeatures): (subject: BlobSubject) => string | null {
  return ({ info }) => (has(info, feature) ? `${info.provider} states features.${feature}: true` : null)
}

/** Whether the store has the feature: `list` and `write` unless it says no. */
export function has({ features }: BlobCapabilityInfo, feature: keyof BlobFeatures): boolean {
  return features[feature] ?? true
}

/** The group, its cases skipped unless the condition applies. */
export function onlyWhere(
  condition: (subject: BlobSubject) => string | null,
  { name, cases }: ConformanceGroup<BlobSubject>,
): ConformanceGroup<BlobSubject> {
  const skipping = ({ skip, ...one }: BlobCase): BlobCase => ({
    ...one,
    skip: (subject) => condition(subject) ?? skip?.(subject) ?? null,
  })
  return { name, cases: cases.map(skipping) }
}

/** Skips unless all apply; the first reason counts. */
export function allOf(
  ...conditions: readonly ((subject: BlobSubject) => string | null)[]
): (subject: BlobSubject) => string | null {
  return (subject) =>
    conditions.reduce<string | null>((reason, condition) => reason ?? condition(subject), null)
}

/** The handle of an object that must be there. */
export async function opened(handle: Promise<BlobHandle | null>): Promise<BlobHandle> {
  return (await handle) ?? expect.fail('the object is absent')
}

/** The bytes under a key, or `null`. */
export async function bytesOf(
  blob: BlobSubject['blob'],
  key: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const handle = await blob.get(key)
  return handle === null ? null : handle.bytes()
}

/** The text under a key, or `null`. */
export async function textOf(blob: BlobSubject['blob'], key: string): Promise<string | null> {
  const handle = await blob.get(key)
  return handle === null ? null : handle.text()
}
