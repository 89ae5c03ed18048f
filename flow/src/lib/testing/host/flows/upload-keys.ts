/** Flows whose files have keys made of the form's fields or of their content. */
import type { BlobRef } from '../../../blob-ref.ts'
import { blobBody, multipartBody } from '../../../body.ts'
import { flow } from '../../../flow.ts'
import { node } from '../../../node.ts'
import { opaque } from '../../../schema.ts'
import { http } from '../../../trigger.ts'
import { countRun } from './recorded.ts'

const shown = ({ key, size, contentType }: BlobRef) => ({ key, size, contentType })

type Order = { readonly order: string; readonly title?: string }
type OrderWithFiles = Order & { readonly files: readonly BlobRef[] }

export const uploadKeys = [
  flow('order-by-content', {
    trigger: http.post('/orders-by-content', {
      input: opaque<Order>(),
      status: 201,
      body: multipartBody('files', {
        key: 'by-content/{order}/{file.sha256}',
        maxFiles: 3,
        maxFileBytes: 1024 * 1024,
      }),
    }),
    graph: (it, step) =>
      step(
        node('order-by-content', {
          input: opaque<OrderWithFiles>(),
          effects: 'effectful',
          idempotency: { key: '/order', unknown: 'never' },
          run: ({ order, files }) => ({ count: countRun(order), files: files.map(shown) }),
        }),
        it,
      ),
  }),
  flow('form-by-fields', {
    trigger: http.post('/forms-by-fields', {
      input: opaque<Order & { readonly copy: string }>(),
      status: 201,
      body: multipartBody('files', { key: '{order}/{copy}/{file.field}/{file.name}', maxFiles: 3 }),
    }),
    graph: (it, step) =>
      step(
        node('form-by-fields', {
          input: opaque<OrderWithFiles>(),
          run: ({ files }) => files.map(shown),
        }),
        it,
      ),
  }),
  flow('body-by-content', {
    trigger: http.put('/bodies-by-content/:folder', {
      input: opaque<{ readonly folder: string }>(),
      status: 201,
      body: blobBody('file', { key: 'bodies/{folder}/{file.sha256}', maxBytes: 1024 * 1024 }),
    }),
    graph: (it, step) =>
      step(
        node('body-by-content', { input: opaque<{ file: BlobRef }>(), run: ({ file }) => shown(file) }),
        it,
      ),
  }),
]
