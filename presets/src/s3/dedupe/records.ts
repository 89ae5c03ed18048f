/** The ledger's objects in a bucket: read with their age, written under a condition. */
import { type BlobDriver, CapabilityError, type DriverCall, isKind } from '@flowport/capabilities'
import { toHex } from '../../object-http/encode.ts'
import { bareEtag } from '../object.ts'
import type { S3Client } from '../client.ts'
import { codeIn } from '../translate-error.ts'
import { formatRecord, type LedgerRecord, parseRecord, type StoredRecord } from './record.ts'

/** Writes only when nothing is there, or only over this version. */
export type WriteCondition = { readonly ifNoneMatch: '*' } | { readonly ifMatch: string }

export class LedgerRecords {
  readonly #client: S3Client
  readonly #blobs: Pick<BlobDriver, 'put' | 'delete' | 'list'>
  readonly #prefix: string

  /** @param prefix What the ledger's objects begin with, such as `dedupe/`. */
  constructor(client: S3Client, blobs: Pick<BlobDriver, 'put' | 'delete' | 'list'>, prefix: string) {
    this.#client = client
    this.#blobs = blobs
    this.#prefix = prefix
  }

  /** The object of a key: a digest, so that keys may be long and hold anything. */
  async objectKey(key: string): Promise<string> {
    return `${this.#prefix}${toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(key))))}`
  }

  /** The record of an object, or `null`. */
  async get(objectKey: string, { signal }: DriverCall): Promise<StoredRecord | null> {
    const response = await this.#client.send({ method: 'GET', key: objectKey, signal, expect: [404] })
    const text = await response.text()
    if (response.status === 404) {
      if (codeIn(text) === 'NoSuchBucket') throw noBucket()
      return null
    }
    const { headers } = response
    const ageMs = Date.parse(headers.get('date') ?? '') - Date.parse(headers.get('last-modified') ?? '')
    if (Number.isNaN(ageMs)) throw noDates()
    return { record: parseRecord(text), etag: bareEtag(headers.get('etag')), ageMs }
  }

  /**
   * The records of up to `limit` objects, in the order of their names, read a few at a time. Objects that were removed
   * meanwhile, or hold no record, are left out.
   */
  async list(
    cursor: string | null,
    limit: number,
    call: DriverCall,
  ): Promise<{ readonly records: readonly StoredRecord[]; readonly cursor: string | null }> {
    const { objects, cursor: next } = await this.#blobs.list({
      prefix: this.#prefix,
      limit,
      signal: call.signal,
      ...(cursor === null ? {} : { cursor }),
    })
    const records: StoredRecord[] = []
    for (let from = 0; from < objects.length; from += readsAtOnce) {
      const some = objects.slice(from, from + readsAtOnce)
      const read = await Promise.all(some.map(({ key }) => this.#readable(key, call)))
      records.push(...read.filter((one) => one !== null))
    }
    return { records, cursor: next ?? null }
  }

  async #readable(objectKey: string, call: DriverCall): Promise<StoredRecord | null> {
    try {
      return await this.get(objectKey, call)
    } catch (error) {
      if (isKind(error, 'Corrupt')) return null
      throw error
    }
  }

  /** Whether it was written: `false` when the condition did not hold. */
  async put(
    objectKey: string,
    record: Omit<LedgerRecord, 'nonce'>,
    condition: WriteCondition,
    { signal }: DriverCall,
  ): Promise<boolean> {
    const text = formatRecord({ ...record, nonce: crypto.randomUUID() })
    const body = encoder.encode(text)
    const put = { contentType: 'application/json', metadata: {}, size: body.byteLength, signal, ...condition }
    try {
      await this.#blobs.put(objectKey, body, put)
      return true
    } catch (error) {
      if (isKind(error, 'AlreadyExists') || isKind(error, 'ConditionNotMatch')) return false
      throw error
    }
  }

  async delete(objectKey: string, call: DriverCall): Promise<void> {
    await this.#blobs.delete(objectKey, call)
  }
}

function noBucket(): CapabilityError {
  return new CapabilityError('Misconfigured', 'there is no such bucket; create it, or correct its name')
}

function noDates(): CapabilityError {
  return new CapabilityError(
    'Unsupported',
    'the store sends no Date or Last-Modified, by which leases end; a browser sees them only where the bucket’s CORS rules expose them',
  )
}

/** A listing must not take all connections of the client. */
const readsAtOnce = 16

const encoder = new TextEncoder()
