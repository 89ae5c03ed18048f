/** Photos: an upload form streams its files into the blob store, and downloads stream out of it. */
import {
  type BlobRef,
  blobOutput,
  blobRef,
  flow,
  http,
  multipartBody,
  node,
  opaque,
  problem,
} from '@flowport/flow'
import * as z from 'zod'

const name = z.string().regex(/^[\w-][\w.-]{0,99}$/)
const Form = z.object({ title: z.string().min(1).max(200) })
const Photo = z.object({ name })
const Stored = z.object({ title: z.string(), photos: z.array(z.object({ name, size: z.number() })) })

const describe = node('describe', {
  input: opaque<z.output<typeof Form> & { photos: readonly BlobRef[] }>(),
  output: Stored,
  run: ({ title, photos }) => ({
    title,
    photos: photos.map(({ key, size }) => ({ name: key.slice('photos/'.length), size })),
  }),
})

const find = node('find-photo', {
  input: Photo,
  output: blobOutput(),
  uses: { blob: 'read' },
  async run({ name }, { blob }) {
    const photo = await blob.head(`photos/${name}`)
    if (photo === null) throw problem({ status: 404, code: 'NO_PHOTO', title: 'There is no such photo' })
    return blobRef(photo)
  },
})

export const postPhotos = flow('post-photos', {
  summary: 'Stores all photos of a form, or none of them',
  trigger: http.post('/photos', {
    input: Form,
    status: 201,
    body: multipartBody('photos', {
      maxFiles: 5,
      maxFileBytes: 10_000_000,
      key({ filename }) {
        const { success } = name.safeParse(filename)
        if (!success)
          throw problem({ status: 422, code: 'BAD_NAME', title: 'A photo has a name that is not allowed' })
        return `photos/${filename}`
      },
    }),
  }),
  graph: (form, step) => step(describe, form),
})

export const getPhoto = flow('get-photo', {
  summary: 'Serves a photo',
  trigger: http.get('/photos/:name', { input: Photo }),
  graph: (photo, step) => step(find, photo),
})
