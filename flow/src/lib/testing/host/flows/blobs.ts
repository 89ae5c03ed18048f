/** Flows that store bodies and forms, serve them, and read streams. */
import { type BlobRef, blobRef } from '../../../blob-ref.ts'
import { blobBody, type ByteSource, multipartBody, streamBody } from '../../../body.ts'
import { flow } from '../../../flow.ts'
import { problem } from '../../../http/problem.ts'
import { node } from '../../../node.ts'
import { opaque } from '../../../schema.ts'
import { http } from '../../../trigger.ts'
import { anything } from './shared.ts'

const Key = opaque<{ readonly key: string }>()

export const blobs = [
  flow('put-blob', {
    trigger: http.put('/blobs/:key', {
      input: Key,
      status: 201,
      body: blobBody('blob', { key: ({ key }: { readonly key: string }) => key, maxBytes: 4 * 1024 * 1024 }),
    }),
    graph: (it, step) =>
      step(
        node('stored', {
          input: opaque<{ key: string; blob: BlobRef }>(),
          run: ({ blob }) => ({ size: blob.size, contentType: blob.contentType }),
        }),
        it,
      ),
  }),
  flow('get-blob', {
    trigger: http.get('/blobs/:key', { input: Key }),
    graph: (it, step) =>
      step(
        node('find', {
          input: Key,
          uses: { blob: 'read' },
          async run({ key }, { blob }) {
            const object = await blob.head(key)
            if (object === null)
              throw problem({ status: 404, code: 'NO_BLOB', title: 'There is no such blob' })
            return blobRef(object)
          },
        }),
        it,
      ),
  }),
  flow('delete-blob', {
    trigger: http.delete('/blobs/:key', { input: Key }),
    graph: (it, step) =>
      step(
        node('remove', {
          input: Key,
          uses: { blob: 'write' },
          idempotency: 'natural',
          run: ({ key }, { blob }) => blob.delete(key),
        }),
        it,
      ),
  }),
  flow('delete-conditionally', {
    trigger: http.delete('/conditional/:key', { input: Key, preconditions: 'flow' }),
    graph: (it, step) =>
      step(
        node('honour', {
          input: Key,
          run: (_input, { metadata }) => {
            if (metadata['http.if_match'] !== '"mine"')
              throw new Error('the condition did not reach the flow')
            return 'mine'
          },
        }),
        it,
      ),
  }),
  flow('post-blobs', {
    trigger: http.post('/forms/:form', {
      input: opaque<{ form: string; title?: string }>(),
      status: 201,
      body: multipartBody('files', {
        key: ({ filename }, { form }) => `${form}/${filename}`,
        maxFiles: 3,
        maxFileBytes: 1024 * 1024,
        maxFields: 2,
        maxFieldBytes: 100,
      }),
    }),
    graph: (it, step) =>
      step(
        node('form', {
          input: opaque<{ title?: string; files: readonly BlobRef[] }>(),
          run: ({ title, files }) => ({
            title: title ?? null,
            files: files.map(({ key, size, contentType }) => ({ key, size, contentType })),
          }),
        }),
        it,
      ),
  }),
  flow('list-blobs', {
    trigger: http.get('/blobs', { input: opaque<{ prefix?: string }>() }),
    graph: (it, step) =>
      step(
        node('list', {
          input: opaque<{ prefix?: string }>(),
          uses: { blob: 'read' },
          async run({ prefix = '' }, { blob }) {
            const keys: string[] = []
            for await (const { key } of blob.entries({ prefix })) keys.push(key)
            return keys
          },
        }),
        it,
      ),
  }),
  flow('count-bytes', {
    trigger: http.post('/count', {
      input: anything,
      body: streamBody('body', { accept: ['application/octet-stream', 'text/*'], maxBytes: 4 * 1024 * 1024 }),
    }),
    graph: (it, step) =>
      step(
        node('count', {
          input: opaque<{ body: ByteSource }>(),
          async run({ body }) {
            let bytes = 0
            const reader = body.stream.getReader()
            for (let read = await reader.read(); !read.done; read = await reader.read())
              bytes += read.value.byteLength
            return { bytes, size: body.size, contentType: body.contentType }
          },
        }),
        it,
      ),
  }),
]
