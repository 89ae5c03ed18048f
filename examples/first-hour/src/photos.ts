/** Photos: a form of files that stream into the blob store, and out of it again. */
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
  summary: 'Stores the photos of a form, all or none',
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
