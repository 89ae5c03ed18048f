/** Where the blob driver finds what is kept of an object: beside its content, or in an envelope before it. */
import type { Metadata, Operator, WriteOptions } from 'opendal'
import { type BlobDriverPut, type BlobListed, type BlobObject, CapabilityError } from '@flowport/capabilities'
import { sealed } from './envelope.ts'
import { fromServiceMetadata, toServiceMetadata } from './header-text.ts'
import { readHeader } from './read-header.ts'
import { statOf } from './stat.ts'
import { contentTypeOf, listedOf, noContentType, sizeOf, versionOf } from './metadata.ts'
import { toPlace } from './native.ts'
import type { Place } from './place.ts'

/** An object that is there. */
export interface FoundObject {
  readonly object: BlobObject
  /** Bytes at the service before the content. */
  readonly contentAt: number
  /** The etag as the service says it, for conditions; `null` where there is none. */
  readonly serviceEtag: string | null
}

export interface ObjectsContext {
  readonly operator: Operator
  readonly scheme: string
  now(): number
}

/** One way of keeping objects. */
export interface Objects {
  find(path: string, key: string, where: Place, signal: AbortSignal | undefined): Promise<FoundObject | null>
  /** The object from a listing, or `null` when `head` must be called. */
  listed(key: string, metadata: Metadata): BlobListed | null
  /** What to write before the content, and with which options. */
  prepare(put: BlobDriverPut, size: number | undefined): Prepared
}

export interface Prepared {
  readonly header: Uint8Array<ArrayBuffer>
  readonly options: WriteOptions
  /** The stored object from the service's answer, or `null` when the answer is not enough and `head` must be called. */
  stored(key: string, size: number, answer: Metadata | null): BlobObject | null
}

/** Objects as the service would keep them. */
export function plainObjects({ operator, scheme, now }: ObjectsContext): Objects {
  const can = operator.capability()
  const toObject = (key: string, metadata: Metadata): BlobObject => ({
    ...listedOf(key, metadata, now()),
    contentType: contentTypeOf(metadata),
    metadata: fromServiceMetadata(metadata.userMetadata, scheme),
  })
  return {
    async find(path, key, where, signal) {
      const metadata = await statOf(operator, path, where, signal)
      if (metadata === null) return null
      return { object: toObject(key, metadata), contentAt: 0, serviceEtag: metadata.etag }
    },
    listed(key, metadata) {
      const complete =
        metadata.lastModified !== null && (metadata.etag !== null || metadata.contentLength !== null)
      return complete ? listedOf(key, metadata, now()) : null
    },
    prepare({ contentType, metadata }) {
      return {
        header: new Uint8Array(0),
        options: {
          ...(can.writeWithContentType ? { contentType: contentType ?? noContentType } : {}),
          ...(can.writeWithUserMetadata && Object.keys(metadata).length > 0
            ? { userMetadata: toServiceMetadata(metadata, scheme) }
            : {}),
        },
        stored(key, size, answer) {
          // Without an etag, another writer may have replaced the object since.
          if (answer === null || answer.etag === null || answer.etag === '""' || answer.etag === '')
            return null
          const listed = {
            size,
            etag: versionOf(answer),
            lastModified: new Date(answer.lastModified ?? now()),
          }
          return { key, ...listed, contentType, metadata: { ...metadata } }
        },
      }
    },
  }
}

/** What an envelope holds of an object. */
interface BlobHeader {
  readonly kind: 'blob'
  readonly etag: string
  /** Milliseconds since the epoch. */
  readonly lastModified: number
  readonly contentType: string | null
  readonly metadata: Readonly<Record<string, string>>
  /** Bytes of the content; `null` when they were not known when writing began. */
  readonly size: number | null
}

/** Objects behind our own header, for services without versions. The header keeps all that the contract promises. */
export function envelopedObjects({ operator, now }: ObjectsContext): Objects {
  return {
    async find(path, key, where, signal) {
      for (let attempt = 1; ; attempt++) {
        const before = await statOf(operator, path, where, signal)
        if (before === null) return null
        const opened = await readHeader(operator, path, sizeOf(before), where, signal)
        if (opened === null) continue
        const header = checkedHeader(opened.header, where)
        const { end } = opened
        // Size and header come from two calls, and a put may have happened between them.
        const settled =
          header.size === sizeOf(before) - end ||
          (header.size === null && (await same(before, path, where, signal)))
        if (settled)
          return { object: toObject(key, header, sizeOf(before) - end), contentAt: end, serviceEtag: null }
        if (attempt === 5) {
          throw new CapabilityError(
            'Unavailable',
            'the object changes too fast to be read; try again',
            toPlace(where),
          )
        }
      }
    },
    listed: () => null,
    prepare({ contentType, metadata }, size) {
      const header: BlobHeader = {
        kind: 'blob',
        etag: crypto.randomUUID(),
        lastModified: now(),
        contentType,
        metadata,
        size: size ?? null,
      }
      return {
        header: sealed(header),
        options: {},
        stored: (key, stored) => toObject(key, header, stored),
      }
    },
  }

  async function same(before: Metadata, path: string, where: Place, signal: AbortSignal | undefined) {
    const after = await statOf(operator, path, where, signal)
    return after !== null && sizeOf(after) === sizeOf(before) && after.lastModified === before.lastModified
  }
}

function checkedHeader(header: unknown, where: Place): BlobHeader {
  const found = header as Partial<BlobHeader> | null
  if (typeof found === 'object' && found?.kind === 'blob' && typeof found.etag === 'string')
    return found as BlobHeader
  throw new CapabilityError('Corrupt', 'what is stored there is no object of this store', toPlace(where))
}

function toObject(key: string, header: BlobHeader, size: number): BlobObject {
  return {
    key,
    size,
    etag: header.etag,
    lastModified: new Date(header.lastModified),
    contentType: header.contentType,
    metadata: { ...header.metadata },
  }
}
