/**
 * Files: request bodies stream into the blob store before the flow runs, and downloads stream out after it. The flow itself
 * only handles references.
 */
import {
  type BlobRef,
  blobBody,
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

const prefixOf = 'files/'

/** One path segment without characters that are special to any store. */
const name = z
  .string()
  .min(1)
  .regex(/^[^/\\\0]+$/, 'must not contain "/", "\\" or NUL')
  .refine((value) => value !== '.' && value !== '..', 'must not be "." or ".."')

const FileName = z.object({ name })
const Stored = z.object({
  key: z.string(),
  size: z.number().int(),
  etag: z.string(),
  contentType: z.string().nullable(),
})

function checkedName(filename: string): string {
  const { success, data, error } = name.safeParse(filename)
  if (success) return data
  throw problem({
    status: 422,
    code: 'INVALID_FILE_NAME',
    title: 'A file of the form has a name that is not allowed',
    detail: `The name ${error.issues[0]?.message ?? 'is not allowed'}`,
  })
}

const toStored = ({ key, size, etag, contentType }: BlobRef) => ({
  key: key.slice(prefixOf.length),
  size,
  etag,
  contentType,
})

const describeFile = node('describe-file', {
  input: opaque<{ name: string; file: BlobRef }>(),
  output: Stored,
  run: ({ file }) => toStored(file),
})

const describeFiles = node('describe-files', {
  input: opaque<{ files: readonly BlobRef[] }>(),
  output: z.object({ files: z.array(Stored) }),
  run: ({ files }) => ({ files: files.map(toStored) }),
})

const find = node('find-file', {
  input: FileName,
  output: blobOutput(),
  uses: { blob: { access: 'read', consistency: 'strong' } },
  async run({ name }, { blob }) {
    const object = await blob.head(prefixOf + name)
    if (object === null)
      throw problem({ status: 404, code: 'FILE_NOT_FOUND', title: 'There is no such file', detail: name })
    return blobRef(object)
  },
})

const remove = node('remove-file', {
  input: FileName,
  uses: { blob: { access: 'write', consistency: 'strong' } },
  idempotency: 'natural',
  async run({ name }, { blob }) {
    await blob.delete(prefixOf + name)
  },
})

const ListQuery = z.object({
  prefix: z.string().max(200).default(''),
  cursor: z.string().max(4_000).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

const Page = z.object({
  files: z.array(z.object({ key: z.string(), size: z.number(), etag: z.string(), lastModified: z.string() })),
  listComplete: z.boolean(),
  cursor: z.string().optional(),
})

const list = node('list', {
  input: ListQuery,
  output: Page,
  uses: { blob: 'read' },
  async run({ prefix, cursor, limit }, { blob }) {
    const page = await blob.list({
      prefix: prefixOf + prefix,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    })
    return {
      files: page.objects.map(({ key, size, etag, lastModified }) => ({
        key: key.slice(prefixOf.length),
        size,
        etag,
        lastModified: lastModified.toISOString(),
      })),
      listComplete: page.listComplete,
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    }
  },
})

const tags = ['files']

export const putFile = flow('put-file', {
  summary: 'Stores a file as it arrives',
  tags,
  trigger: http.put('/files/:name', {
    input: FileName,
    status: 201,
    body: blobBody('file', { key: ({ name }: z.output<typeof FileName>) => prefixOf + name }),
  }),
  graph: (upload, step) => step(describeFile, upload),
})

export const postFiles = flow('post-files', {
  summary: 'Stores all files of a form, or none of them',
  tags,
  trigger: http.post('/files', {
    input: z.object({}),
    status: 201,
    body: multipartBody('files', { key: ({ filename }) => prefixOf + checkedName(filename) }),
  }),
  graph: (upload, step) => step(describeFiles, upload),
})

export const getFile = flow('get-file', {
  summary: 'Serves a file, whole or in ranges',
  tags,
  trigger: http.get('/files/:name', { input: FileName }),
  graph: (file, step) => step(find, file),
})

export const deleteFile = flow('delete-file', {
  summary: 'Deletes a file; succeeds when the file does not exist',
  tags,
  trigger: http.delete('/files/:name', { input: FileName }),
  graph: (file, step) => step(remove, file),
})

export const listFiles = flow('list-files', {
  summary: 'Lists files page by page',
  tags,
  trigger: http.get('/files', { input: ListQuery }),
  graph: (query, step) => step(list, query),
})
