/** The flow that the table of forms is sent to. */
import type { BlobRef } from '../../../blob-ref.ts'
import { multipartBody } from '../../../body.ts'
import { flow } from '../../../flow.ts'
import { node } from '../../../node.ts'
import { opaque } from '../../../schema.ts'
import { http } from '../../../trigger.ts'
import { type FormFile, formLimits } from '../forms/form-case.ts'

/** Where its files are kept while it runs. */
export const formPrefix = 'form-table/'

type Form = { readonly run: string; readonly files: readonly BlobRef[] }

/** Answers with what it was given, file contents included, and deletes the files again. */
export const forms = [
  flow('form-table', {
    trigger: http.post('/form-table/:run', {
      input: opaque<{ run: string }>(),
      status: 201,
      body: multipartBody('files', {
        key: ({ field, filename }, { run }) =>
          `${formPrefix}${run}/${encodeURIComponent(JSON.stringify([field, filename]))}`,
        ...formLimits,
      }),
    }),
    graph: (it, step) =>
      step(
        node('show-form', {
          input: opaque<Form>(),
          uses: { blob: 'write' },
          idempotency: 'natural',
          async run({ run: _run, files, ...fields }, { blob }) {
            const shown: FormFile[] = []
            for (const { key, contentType } of files) {
              const stored = await (await blob.get(key))?.bytes()
              const [field, name] = JSON.parse(decodeURIComponent(key.split('/')[2] ?? '')) as [
                string,
                string,
              ]
              const content = Array.from(stored ?? [], (byte) => String.fromCharCode(byte)).join('')
              shown.push({ field, name, type: contentType ?? '', content })
            }
            await blob.deleteMany(files.map(({ key }) => key))
            return { fields, files: shown }
          },
        }),
        it,
      ),
  }),
]
