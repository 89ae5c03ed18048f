/** `blobOutput()` says that a node answers with the bytes of a stored object. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type BlobRef, isBlobRef } from './blob-ref.ts'
import type { StreamSchema } from './schema.ts'

const types = new WeakMap<object, string>()

/**
 * The output of a node that returns a `BlobRef`: OpenAPI then shows bytes of this media type, with ranges, entity tags and
 * conditions. Anything but a reference is a fault of the node.
 */
export function blobOutput(contentType = 'application/octet-stream'): StandardSchemaV1<BlobRef, BlobRef> {
  const schema: StandardSchemaV1<BlobRef, BlobRef> = {
    '~standard': {
      version: 1,
      vendor: 'flowport',
      validate: (value) =>
        isBlobRef(value) ? { value } : { issues: [{ message: 'must be a reference to a stored object' }] },
    },
  }
  types.set(schema, contentType)
  return schema
}

/** The media type where the schema is a `blobOutput`. */
export function blobTypeOf(schema: StandardSchemaV1 | StreamSchema | undefined): string | undefined {
  return schema === undefined ? undefined : types.get(schema)
}
