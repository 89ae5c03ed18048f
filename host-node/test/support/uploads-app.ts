/** An app whose stored bodies have keys derived from the input and the content. */
import { type BlobRef, blobBody, defineApp, flow, http, node, opaque } from '@flowport/flow'
import { memory } from '@flowport/presets/memory'
import * as z from 'zod'

const Folder = z.object({ folder: z.string() })
const Body = opaque<z.output<typeof Folder> & { readonly file: BlobRef }>()
const show = node('show', { input: Body, run: ({ file }) => ({ key: file.key, size: file.size }) })

export default defineApp({
  flows: [
    flow('upload', {
      trigger: http.put('/:folder', {
        input: Folder,
        body: blobBody('file', { key: 'bodies/{folder}/{file.sha256}' }),
      }),
      graph: (it, step) => step(show, it),
    }),
  ],
  profiles: { local: [memory()] },
})
