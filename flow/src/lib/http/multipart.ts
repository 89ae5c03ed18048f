/** Stores the files of a multipart form, all of them or none: staged first, put in place when the form is whole. */
import { type BlobObject, type BlobStore, checkBlobKey, type ResourceBag } from '@flowport/capabilities'
import { type BlobRef, blobRef } from '../blob-ref.ts'
import type { MultipartBody } from '../body.ts'
import { validateFields, withContent } from '../message.ts'
import type { RunView } from '../runtime/run-view.ts'
import type { HttpTrigger } from '../trigger.ts'
import type { HttpCall } from './call.ts'
import { checkContentType } from './content-type.ts'
import { addField, fieldsOf } from './fields.ts'
import { boundaryOf } from './forms/boundary.ts'
import type { FormPart } from './forms/form-part.ts'
import { readForm } from './forms/read-form.ts'
import { HttpProblem } from './problem.ts'
import type { BodyTap } from './recorded/body-tap.ts'
import { stagingPrefix, uploadKey } from './staging.ts'

interface Staged {
  readonly at: string
  readonly key: string
}

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
  const { view } = bag.control(body.store)
  const store = view('write', { signal }) as BlobStore
  const staged: Staged[] = []
  try {
    const fields = fieldsOf(call)
    const upload = `${stagingPrefix}${rng.uuid()}`
    const parts = readForm(call.body.stream(), boundary, body)
    for await (const part of tap === undefined ? parts : tap.parts(parts)) {
      if (part.kind === 'field') addField(fields, part.name, part.value)
      else staged.push(await stage(part, `${upload}/${staged.length}`, staged, body, call, store))
    }
    const valid = await validateFields(trigger, fields)
    signal.throwIfAborted()
    // From here on all or none: a client that leaves between two copies must not leave half of the form.
    const placing = view('write', undefined) as BlobStore
    const refs: BlobRef[] = []
    for (const { at, key } of staged) refs.push(blobRef(await placing.copy(at, key), body.store))
    return withContent(valid, body.field, refs)
  } finally {
    // Without the caller's signal: an upload that was given up must not leave its files behind.
    await discard(view('write', undefined) as BlobStore, staged, call)
  }
}

async function stage(
  part: Extract<FormPart, { kind: 'file' }>,
  at: string,
  staged: readonly Staged[],
  body: MultipartBody,
  call: HttpCall,
  store: BlobStore,
): Promise<Staged> {
  const { field, filename, contentType } = part
  const key = uploadKey(body.key({ field, filename, contentType }, call.params))
  checkBlobKey(key, store.info.limits.maxKeyBytes, body.store, 'put')
  if (staged.some((other) => other.key === key)) {
    throw new HttpProblem({
      status: 400,
      code: 'FILE_TWICE',
      title: 'Two files of the form have the same name',
      detail: key,
    })
  }
  const stored: BlobObject = await store.put(at, part.stream, {
    maxBytes: body.maxFileBytes,
    contentType,
  })
  return { at: stored.key, key }
}

async function discard(store: BlobStore, staged: readonly Staged[], call: HttpCall): Promise<void> {
  if (staged.length === 0) return
  try {
    await store.deleteMany(staged.map(({ at }) => at))
  } catch (error) {
    call.log?.warn({ err: error, staged: staged.map(({ at }) => at) }, 'staged uploads could not be removed')
  }
}
