/** A store that only reads, written past: what a case puts goes to the seed, what it reads comes from the store. */
import { createBlobStore } from '../../blob/blob-store.ts'
import type { BlobObject, BlobStore } from '../../blob/contract.ts'
import type { BlobDriver } from '../../blob/driver.ts'
import { CapabilityError } from '../../error.ts'
import type { Awaitable } from '../../kv/driver.ts'

/** Writes to where a store reads from, such as the directory of a web server. */
export interface Seed {
  /** Replaces the object at once, so that a reader sees all of the old one or all of the new one. */
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Awaitable<void>
  /** Removing what is absent is no error. */
  delete(key: string): Awaitable<void>
}

/** The store with the seed's writes. Its reads are those of the store, layers and all. */
export function seeded(own: BlobStore, seed: Seed): BlobStore {
  const driver: BlobDriver = {
    info: own.info,
    head: (key, { signal }) => own.head(key, signal && { signal }),
    async get(key, { range, ifMatch, signal }) {
      const handle = await own.get(key, {
        ...(range === undefined ? {} : { range }),
        ...(ifMatch === undefined ? {} : { ifMatch }),
        ...(signal && { signal }),
      })
      return handle && { object: handle.object, start: handle.start, end: handle.end, body: handle.stream() }
    },
    async put(key, body) {
      await seed.put(
        key,
        body instanceof Uint8Array ? body : new Uint8Array(await new Response(body).arrayBuffer()),
      )
      return stored(own, key)
    },
    delete: (key) => seed.delete(key),
    async list({ prefix, delimiter, cursor, limit, signal }) {
      const given = {
        ...(delimiter === undefined ? {} : { delimiter }),
        ...(cursor === undefined ? {} : { cursor }),
      }
      return own.list({ prefix, limit, ...given, ...(signal && { signal }) })
    },
  }
  return createBlobStore(driver)
}

/** What the store tells of the object: its own etag and time. */
async function stored(own: BlobStore, key: string): Promise<BlobObject> {
  const object = await own.head(key)
  if (object !== null) return object
  throw new CapabilityError('Unavailable', 'the store does not show what the harness wrote past it')
}
