import { describe, expect, expectTypeOf, it } from 'vitest'
import type { KeyValue, KvReader } from '../kv/contract.ts'
import type { QueueConsumer, QueuePublisher } from '../queue/contract.ts'
import {
  type AccessFor,
  type Domain,
  type DomainOf,
  type Domains,
  domainOf,
  domains,
  type ResourceFor,
  type ResourceName,
} from './domains.ts'

describe('domains', () => {
  it('are found in resource names', () => {
    for (const domain of domains) {
      expect(domainOf(domain)).toBe(domain)
      expect(domainOf(`${domain}:a:b`)).toBe(domain)
    }
    for (const name of ['', 'sql', 'kvx', ':kv', 'KV']) expect(domainOf(name)).toBeNull()
  })

  it('are listed completely', () => {
    expectTypeOf<(typeof domains)[number]>().toEqualTypeOf<Domain>()
  })

  it('give each name its contract and each access its view, in types', () => {
    expectTypeOf<DomainOf<'kv:sessions'>>().toEqualTypeOf<'kv'>()
    expectTypeOf<DomainOf<'nothing'>>().toBeNever()
    expectTypeOf<ResourceFor<'kv:sessions'>>().toEqualTypeOf<KeyValue>()
    expectTypeOf<AccessFor<'queue'>>().toEqualTypeOf<'publish' | 'consume'>()
    expectTypeOf<Domains['kv']['access']['read']>().toEqualTypeOf<KvReader>()
    expectTypeOf<Domains['queue']['access']>().toEqualTypeOf<{
      publish: QueuePublisher
      consume: QueueConsumer
    }>()
    expectTypeOf<'kv:a'>().toExtend<ResourceName<'kv'>>()
    expectTypeOf<'blob:a'>().not.toExtend<ResourceName<'kv'>>()
  })
})
