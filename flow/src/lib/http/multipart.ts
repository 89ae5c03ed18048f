/** Stores the files of a multipart form, all of them or none: staged first, put in place when the form is whole. */
import { checkBlobKey, type ResourceBag } from '@flowport/capabilities'
import type { BlobRef } from '../blob-ref.ts'
import type { FilePart, MultipartBody } from '../body.ts'
import { fillKey } from '../keys/fill-key.ts'
import { validateFields, withContent } from '../message.ts'
import type { RunView } from '../runtime/run-view.ts'
import type { HttpTrigger } from '../trigger.ts'
import type { HttpCall } from './call.ts'
import { checkContentType } from './content-type.ts'
import { addField, fieldsOf } from './fields.ts'
import { boundaryOf } from './forms/boundary.ts'
import { readForm } from './forms/read-form.ts'
import { HttpProblem } from './problem.ts'
import type { BodyTap } from './recorded/body-tap.ts'
import { uploadKey } from './staging.ts'
import { type StagedFile, StagedUpload } from './uploads/staged-upload.ts'

interface ReceivedFile extends StagedFile {
  readonly keyFor: KeyMaker
}

/** Makes a file's key of its digest, where the key holds it, and of the validated input. */
type KeyMaker = (sha256: string | undefined, input: unknown) => string

/** The validated message, with the stored files as `BlobRef`s in the binding's field. */
export async function storeParts(
  body: MultipartBody,
  trigger: HttpTrigger,
  call: HttpCall,
  bag: ResourceBag,
  { signal, rng }: Pick<RunView, 'signal' | 'rng'>,
  tap?: BodyTap,
): Promise<unknown> {
  checkContentType(call)
  const boundary = boundaryOf(call.header('content-type'))
  const upload = new StagedUpload(body, { bag, signal, rng, log: call.log })
  const keyMaker = keyMakers(body, call.params, upload.receiving.info.limits.maxKeyBytes)
  const files: ReceivedFile[] = []
  try {
    const fields = fieldsOf(call)
    const parts = readForm(call.body.stream(), boundary, body)
    for await (const part of tap === undefined ? parts : tap.parts(parts)) {
      if (part.kind === 'field') {
        addField(fields, part.name, part.value)
        continue
      }
      const { field, filename, contentType, stream } = part
      const keyFor = keyMaker({ field, filename, contentType }, files.length)
      const staged = await upload.stage(stream, { maxBytes: body.maxFileBytes, contentType })
      files.push({ ...staged, keyFor })
    }
    const valid = await validateFields(trigger, fields)
    signal.throwIfAborted()
    const placed = files.map((file) => ({ file, key: file.keyFor(file.sha256, valid) }))
    // From here on all or none: a client that leaves between two copies must not leave half of the form.
    const refs: BlobRef[] = []
    for (const { file, key } of placed) refs.push(await upload.place(file, key))
    return withContent(valid, body.field, refs)
  } finally {
    await upload.discard()
  }
}

/**
 * For each file of one form what makes its key. A function of the part is called before the file is read, so that a key which
 * cannot be used is refused early; a template is filled when the form is whole.
 */
function keyMakers(
  { key, field: listed, store }: MultipartBody,
  params: HttpCall['params'],
  maxKeyBytes: number,
): (part: FilePart, at: number) => KeyMaker {
  const taken = new Set<string>()
  const checked = (made: string, mayRepeat: boolean) => {
    checkBlobKey(uploadKey(made), maxKeyBytes, store, 'put')
    if (taken.has(made) && !mayRepeat) throw fileTwice(made)
    taken.add(made)
    return made
  }
  if (typeof key === 'function')
    return (part) => {
      const made = checked(key(part, params), false)
      return () => made
    }
  return ({ filename, field }, at) =>
    (sha256, input) => {
      const file = { sha256, name: filename, field }
      // Files of the same content may share a key that is made of it.
      return checked(fillKey(key, { input, file, place: [listed, at] }), key.isByContent)
    }
}

function fileTwice(key: string): HttpProblem {
  return new HttpProblem({
    status: 400,
    code: 'FILE_TWICE',
    title: 'Two files of the form have the same key',
    detail: key,
  })
}
