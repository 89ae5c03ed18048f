import { describe, expect, it } from 'vitest'
import { createBlobStore } from '../blob/blob-store.ts'
import { createCache } from '../cache/cache.ts'
import { createDedupeStore } from '../dedupe/dedupe-store.ts'
import { createKeyValue } from '../kv/key-value.ts'
import { memoryBlobDriver } from '../memory/blob.ts'
import { memoryCacheDriver } from '../memory/cache.ts'
import { memoryDedupeDriver } from '../memory/dedupe.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { memoryQueueDriver } from '../memory/queue.ts'
import { createQueue } from '../queue/queue.ts'
import { control, controlOf } from './resource.ts'

const resources = {
  kv: [createKeyValue(memoryKvDriver()), 'read', ['put', 'delete', 'deleteMany']],
  blob: [createBlobStore(memoryBlobDriver()), 'read', ['put', 'delete', 'deleteMany', 'copy', 'presign']],
  cache: [createCache(memoryCacheDriver()), 'read', ['set', 'delete']],
  queue: [
    createQueue(memoryQueueDriver()),
    'publish',
    ['receive', 'ack', 'retry', 'renew', 'reject', 'deadLetters', 'listDeadLetters', 'redrive'],
  ],
  dedupe: [createDedupeStore(memoryDedupeDriver()), 'write', []],
} as const

describe('a view', () => {
  for (const [domain, [resource, access, forbidden]] of Object.entries(resources)) {
    it(`of ${domain} for ${access} has nothing more, and no way back`, () => {
      const view = controlOf(domain, resource).view(access, undefined) as object
      for (const method of forbidden) expect(method in view, method).toBe(false)
      expect(control in view).toBe(false)
      expect(control in resource).toBe(true)
    })
  }
})
