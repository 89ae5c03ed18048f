/** The domains that a node can declare in `uses`, with the accesses and the contract of each. */
import type { BlobReader, BlobStore } from '../blob/contract.ts'
import type { Cache, CacheReader } from '../cache/contract.ts'
import type { Clock } from '../clock/contract.ts'
import type { Database } from '../db/contract.ts'
import type { DedupeStore } from '../dedupe/contract.ts'
import type { HttpRead, HttpWrite } from '../http/contract.ts'
import type { KeyValue, KvReader } from '../kv/contract.ts'
import type { Queue, QueueConsumer, QueuePublisher } from '../queue/contract.ts'
import type { Rng } from '../rng/contract.ts'
import type { Secrets } from '../secrets/contract.ts'
import type { DurableState, DurableStateReader } from '../state/contract.ts'
import type { UriStorage, UriStorageReader } from '../storage/contract.ts'
import type {
  BlobCapabilityInfo,
  BlobFeatures,
  CacheCapabilityInfo,
  DedupeCapabilityInfo,
  KvCapabilityInfo,
  KvFeatures,
  PlainCapabilityInfo,
  QueueCapabilityInfo,
  StateCapabilityInfo,
  StateFeatures,
} from './info.ts'

/**
 * One row per domain: `resource` is the type in a bag, `access` the type a node gets for each declared access, `guarantees`
 * the guarantees a flow can require.
 */
export interface Domains {
  kv: {
    resource: KeyValue
    access: { read: KvReader; write: KeyValue }
    guarantees: 'consistency' | 'durability' | 'ttl'
    features: KvFeatures
    info: KvCapabilityInfo
  }
  blob: {
    resource: BlobStore
    access: { read: BlobReader; write: BlobStore }
    guarantees: 'consistency' | 'durability'
    // Leaves out `write`, which the access requests, and `list`: both default to true, so an absent value means true.
    features: Omit<BlobFeatures, 'list' | 'write'>
    info: BlobCapabilityInfo
  }
  dedupe: {
    resource: DedupeStore
    access: { write: DedupeStore }
    guarantees: 'reservation' | 'consistency' | 'durability'
    features: Record<never, boolean>
    info: DedupeCapabilityInfo
  }
  queue: {
    resource: Queue
    access: { publish: QueuePublisher; consume: QueueConsumer }
    guarantees: 'delivery' | 'ordering' | 'durability'
    features: QueueCapabilityInfo['features']
    info: QueueCapabilityInfo
  }
  state: {
    resource: DurableState
    access: { read: DurableStateReader; write: DurableState }
    guarantees: 'consistency' | 'durability'
    features: StateFeatures
    info: StateCapabilityInfo
  }
  cache: {
    resource: Cache
    access: { read: CacheReader; write: Cache }
    guarantees: never
    features: Record<never, boolean>
    info: CacheCapabilityInfo
  }
  storage: {
    resource: UriStorage
    access: { read: UriStorageReader; write: UriStorage }
    // Each scheme has its own guarantees.
    guarantees: never
    features: Record<never, boolean>
    info: PlainCapabilityInfo
  }
  db: {
    resource: Database
    access: { write: Database }
    guarantees: never
    features: Record<never, boolean>
    info: PlainCapabilityInfo
  }
  http: {
    resource: HttpWrite
    access: { read: HttpRead; write: HttpWrite }
    guarantees: never
    features: Record<never, boolean>
    info: PlainCapabilityInfo
  }
  clock: {
    resource: Clock
    access: { read: Clock }
    guarantees: never
    features: Record<never, boolean>
    info: PlainCapabilityInfo
  }
  rng: {
    resource: Rng
    access: { read: Rng }
    guarantees: never
    features: Record<never, boolean>
    info: PlainCapabilityInfo
  }
  secrets: {
    resource: Secrets
    access: { read: Secrets }
    guarantees: never
    features: Record<never, boolean>
    info: PlainCapabilityInfo
  }
}

export type Domain = keyof Domains

/** A bag's key: the domain itself, or a named instance of it, such as `'kv:sessions'`. */
export type ResourceName<D extends Domain = Domain> = D | `${D}:${string}`

/** The domain of a resource name: `DomainOf<'kv:sessions'>` is `'kv'`. */
export type DomainOf<N extends string> = N extends Domain
  ? N
  : N extends `${infer D extends Domain}:${string}`
    ? D
    : never

/** The contract a bag holds under resource name `N`. */
export type ResourceFor<N extends string> = Domains[DomainOf<N>]['resource']

/** The accesses domain `D` allows. */
export type AccessFor<D extends Domain> = keyof Domains[D]['access'] & string

export const domains = [
  'kv',
  'blob',
  'dedupe',
  'queue',
  'state',
  'cache',
  'storage',
  'db',
  'http',
  'clock',
  'rng',
  'secrets',
] as const satisfies readonly Domain[]

/** Returns the domain part of a resource name, or `null` for an unknown domain. */
export function domainOf(name: string): Domain | null {
  const head = name.split(':', 1)[0] ?? ''
  return (domains as readonly string[]).includes(head) ? (head as Domain) : null
}
