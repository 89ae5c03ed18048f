/** The parts of a multipart form as the bridge reads them, over `@fastify/multipart`. */
import type { HttpPart, PartLimits } from '@flowport/flow/http'
import { fieldTooLong, malformedForm, tooManyParts, truncated } from '@flowport/flow/http'
import type { FastifyRequest } from 'fastify'
import { toWebStream } from './web-stream.ts'

/** Parts in order. A form that is cut off, or goes over a limit, is an `HttpProblem`. */
export async function* multipartParts(
  request: FastifyRequest,
  limits: PartLimits,
): AsyncGenerator<HttpPart, void, void> {
  const { maxFiles, maxFileBytes, maxFields, maxFieldBytes } = limits
  const parts = request.parts({
    preservePath: true,
    // One byte over the limit lets the blob store see that the file is too long, and refuse it.
    limits: {
      files: maxFiles,
      fileSize: maxFileBytes + 1,
      fields: maxFields,
      fieldSize: maxFieldBytes,
      headerPairs: 100,
    },
    throwFileSizeLimit: false,
  } as Parameters<typeof request.parts>[0])
  try {
    for await (const part of parts) {
      if (part.type === 'file') {
        yield {
          kind: 'file',
          field: part.fieldname,
          filename: part.filename,
          contentType: part.mimetype,
          stream: toWebStream(part.file, translate),
        }
      } else {
        if (part.valueTruncated) throw fieldTooLong(maxFieldBytes)
        yield { kind: 'field', name: part.fieldname, value: String(part.value) }
      }
    }
  } catch (error) {
    throw translate(error)
  }
}

function translate(error: unknown): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  const message = error instanceof Error ? error.message : ''
  if (code === 'FST_MP_PREMATURE_CLOSE' || message.includes('nexpected end of')) return truncated()
  if (code === 'FST_FILES_LIMIT') return tooManyParts('files')
  if (code === 'FST_FIELDS_LIMIT') return tooManyParts('fields')
  if (code.endsWith('_LIMIT')) return tooManyParts('parts')
  if (code.startsWith('FST_') || /multipart|boundary|Malformed|part header/i.test(message))
    return malformedForm()
  return error
}
