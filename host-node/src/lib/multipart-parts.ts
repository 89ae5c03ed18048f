/** The parts of a multipart form as the bridge reads them, over `@fastify/multipart`. */
import type { HttpPart, PartLimits } from '@flowport/flow/http'
import { truncated } from '@flowport/flow/http'
import { HttpProblem } from '@flowport/flow'
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
        if (part.valueTruncated) throw fieldTooLong(part.fieldname, maxFieldBytes)
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
  if (code.endsWith('_LIMIT')) return tooMany(code)
  if (code.startsWith('FST_') || /multipart|boundary|Malformed|part header/i.test(message)) {
    return new HttpProblem({
      status: 400,
      code: 'MALFORMED_MULTIPART',
      title: 'The multipart form is malformed',
    })
  }
  return error
}

function tooMany(code: string): HttpProblem {
  const what = code === 'FST_FILES_LIMIT' ? 'files' : code === 'FST_FIELDS_LIMIT' ? 'fields' : 'parts'
  return new HttpProblem({ status: 413, code: 'TOO_MANY_PARTS', title: `The form has too many ${what}` })
}

function fieldTooLong(name: string, maxBytes: number): HttpProblem {
  const detail = `"${name.slice(0, 100)}" may have ${maxBytes} bytes`
  return new HttpProblem({
    status: 413,
    code: 'FIELD_TOO_LONG',
    title: 'A field of the form is too long',
    detail,
  })
}
