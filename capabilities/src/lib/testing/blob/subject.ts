/** What each blob case is given. */
import { expect } from 'vitest'
import type { BlobHandle, BlobStore } from '../../blob/contract.ts'
import type { BlobCapabilityInfo } from '../../guarantees/info.ts'
import type { ConformanceCase, Subject } from '../conformance.ts'

export interface BlobSubject extends Subject {
  /** An empty store. */
  readonly blob: BlobStore
  readonly info: BlobCapabilityInfo
  /** Closes the store and opens what it kept, where the harness can. */
  readonly reopen: (() => Promise<BlobStore>) | null
  /** Bytes of the largest object the cases make, unless they try the limit. */
  readonly largeBytes: number
}

export type BlobCase = ConformanceCase<BlobSubject>

/** Skips when the store does not have the feature. */
export function needs(
  feature: keyof BlobCapabilityInfo['features'],
): (subject: BlobSubject) => string | null {
  return ({ info }) => (info.features[feature] ? null : `${info.provider} states features.${feature}: false`)
}

/** Skips when the store has the feature. */
export function lacks(
  feature: keyof BlobCapabilityInfo['features'],
): (subject: BlobSubject) => string | null {
  return ({ info }) => (info.features[feature] ? `${info.provider} states features.${feature}: true` : null)
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
