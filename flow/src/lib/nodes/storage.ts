/** Ready nodes over `storage`: reading, writing, copying, listing and deleting files by URI. */
import { CapabilityError } from '@flowport/capabilities'
import type {
  JsonValue,
  StorageContent,
  StorageEntry,
  StorageFile,
  UriStorage,
} from '@flowport/capabilities/storage'
import type { ByteSource } from '../body.ts'
import { node } from '../node.ts'
import { opaque } from '../schema.ts'
import { withBase } from './base-uri.ts'
import { type Field, type Fields, fieldsSchema } from './fields.ts'
import { readContent } from './read-content.ts'
import type {
  Located,
  StorageCopiedFile,
  StorageCopyInput,
  StorageDeleteInput,
  StorageEntryJson,
  StorageFileJson,
  StorageListed,
  StorageListInput,
  StorageReadInput,
  StorageReadTyped,
  StorageWriteInput,
} from './storage-types.ts'

const MiB = 1024 * 1024
const uri: Field = { type: 'string', summary: 'Such as opfs://folder/file.txt' }
const base: Field = { type: 'string', optional: true, summary: 'What a URI without a scheme is put behind' }
const maxBytes: Field = { type: 'integer', optional: true, min: 0, summary: 'Most bytes to hold in memory' }
const recursive: Field = { type: 'boolean', optional: true }
const fields = (record: Readonly<Record<string, Field>>): Fields => new Map(Object.entries(record))

/** Most bytes a reading node holds, unless it is told otherwise. */
export const defaultMaxBytes = 16 * MiB

const reading = { uri, maxBytes, base }

const read = node('storage.read', {
  summary: 'Reads a file as text, JSON or bytes',
  input: fieldsSchema<StorageReadInput>(
    fields({ ...reading, as: { type: 'string', optional: true, oneOf: ['text', 'json', 'bytes'] } }),
  ),
  output: opaque<string | JsonValue | Uint8Array<ArrayBuffer>>(),
  uses: { storage: 'read' },
  run: ({ uri, as = 'text', base, maxBytes = defaultMaxBytes }, { storage }) =>
    readContent(storage, withBase(uri, base), as, { maxBytes }),
})

const readText = node('storage.readText', {
  summary: 'Reads a file as text',
  input: fieldsSchema<StorageReadTyped>(fields(reading)),
  output: opaque<string>(),
  uses: { storage: 'read' },
  run: ({ uri, base, maxBytes = defaultMaxBytes }, { storage }) =>
    readContent(storage, withBase(uri, base), 'text', { maxBytes }) as Promise<string>,
})

const readJson = node('storage.readJson', {
  summary: 'Reads a file as JSON',
  input: fieldsSchema<StorageReadTyped>(fields(reading)),
  output: opaque<JsonValue>(),
  uses: { storage: 'read' },
  run: ({ uri, base, maxBytes = defaultMaxBytes }, { storage }) =>
    readContent(storage, withBase(uri, base), 'json', { maxBytes }) as Promise<JsonValue>,
})

const readBytes = node('storage.readBytes', {
  summary: 'Reads a file as bytes',
  input: fieldsSchema<StorageReadTyped>(fields(reading)),
  output: opaque<Uint8Array<ArrayBuffer>>(),
  uses: { storage: 'read' },
  run: ({ uri, base, maxBytes = defaultMaxBytes }, { storage }) =>
    readContent(storage, withBase(uri, base), 'bytes', { maxBytes }) as Promise<Uint8Array<ArrayBuffer>>,
})

const write = node('storage.write', {
  summary: 'Stores a file as a whole, in place of what was there',
  input: fieldsSchema<StorageWriteInput>(
    fields({ uri, content: { type: 'any' }, contentType: { type: 'string', optional: true }, base }),
  ),
  output: opaque<StorageFileJson>(),
  uses: { storage: 'write' },
  idempotency: 'natural',
  async run({ uri, content, contentType, base }, { storage }) {
    return fileJson(await store(storage, withBase(uri, base), content, contentType))
  },
})

const copy = node('storage.copy', {
  summary: 'Copies a file, within a store or from one to another, without holding it in memory',
  input: fieldsSchema<StorageCopyInput>(fields({ from: uri, to: uri, base })),
  output: opaque<StorageCopiedFile>(),
  uses: { storage: 'write' },
  idempotency: 'natural',
  async run({ base, ...places }, { storage }) {
    const [from, to] = [withBase(places.from, base), withBase(places.to, base)]
    const { size } = await storage.copy(from, to)
    return { from, to, size }
  },
})

const list = node('storage.list', {
  summary: 'Lists what is below a URI, one page of it',
  input: fieldsSchema<StorageListInput>(
    fields({
      uri,
      recursive,
      limit: { type: 'integer', optional: true, min: 1, max: 1000 },
      cursor: { type: 'string', optional: true },
      base,
    }),
  ),
  output: opaque<StorageListed>(),
  uses: { storage: 'read' },
  async run({ uri, base, ...options }, { storage }) {
    const { entries, listComplete, cursor } = await storage.list(withBase(uri, base), options)
    return { entries: entries.map(entryJson), listComplete, ...(cursor === undefined ? {} : { cursor }) }
  },
})

const exists = node('storage.exists', {
  summary: 'Whether there is a file at a URI, or something below it',
  input: fieldsSchema<Located>(fields({ uri, base })),
  output: opaque<boolean>(),
  uses: { storage: 'read' },
  run: ({ uri, base }, { storage }) => storage.exists(withBase(uri, base)),
})

const remove = node('storage.delete', {
  summary: 'Deletes a file; deleting what is absent is no error',
  input: fieldsSchema<StorageDeleteInput>(fields({ uri, recursive, base })),
  output: opaque<{ readonly uri: string }>(),
  uses: { storage: 'write' },
  idempotency: 'natural',
  async run({ uri, base, ...options }, { storage }) {
    const place = withBase(uri, base)
    await storage.delete(place, options)
    return { uri: place }
  },
})

/**
 * Ready nodes over the resource `storage`. What they write, copy and delete only replaces and removes, so it may be done
 * again (`idempotency: 'natural'`).
 */
export const storage = {
  read,
  readText,
  readJson,
  readBytes,
  write,
  copy,
  list,
  exists,
  delete: remove,
} as const

async function store(
  storage: UriStorage,
  uri: string,
  content: unknown,
  type: string | undefined,
): Promise<StorageFile> {
  const options = type === undefined ? {} : { contentType: type }
  if (content instanceof ReadableStream) return storage.writeStream(uri, content, options)
  if (isByteSource(content)) {
    const { stream, size, contentType } = content
    return storage.writeStream(uri, stream, {
      ...(size === null ? {} : { size }),
      ...(contentType === null ? {} : { contentType }),
      ...options,
    })
  }
  if (typeof content === 'number' || typeof content === 'boolean')
    return storage.write(uri, JSON.stringify(content), { contentType: 'application/json', ...options })
  if (typeof content === 'string' || (typeof content === 'object' && content !== null))
    return storage.write(uri, content as StorageContent, options)
  throw new CapabilityError(
    'InvalidInput',
    `content is ${content === null ? 'null' : `a ${typeof content}`}, which no file holds`,
    {
      capability: 'storage',
      operation: 'write',
    },
  )
}

function isByteSource(content: unknown): content is ByteSource {
  return (
    typeof content === 'object' &&
    content !== null &&
    'stream' in content &&
    content.stream instanceof ReadableStream
  )
}

function entryJson({ uri, name, kind, size, etag, lastModified }: StorageEntry): StorageEntryJson {
  return { uri, name, kind, size, etag, lastModified: lastModified?.toISOString() ?? null }
}

function fileJson(file: StorageFile): StorageFileJson {
  return { ...entryJson(file), contentType: file.contentType }
}
